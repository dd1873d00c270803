"""What operators do over HTTP, at the paths that its users know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from notifyctl.engine.fleet import Report

if TYPE_CHECKING:
    import httpx

    from tests.support.serving import Serving

RECORDS = json.loads((Path(__file__).parents[3] / "docs/reference/output.schema.json").read_text())["$defs"]


def audited(serving: Serving) -> list[tuple[str, ...]]:
    """What the audit log holds: who did what to what, and why."""
    client = serving.app.inspector.client
    entries: Any = client.xrange(f"{serving.app.settings.namespace}:audit")
    names = (b"verb", b"what", b"by", b"why")
    return [tuple(fields[name].decode() for name in names) for _, fields in entries]


def valid(kind: str, record: Any) -> None:
    """Fail where a record is not as documented."""
    jsonschema.validate(record, {"$ref": f"#/$defs/{kind}", "$defs": RECORDS})


def test_dead_letters_are_listed_retried_and_purged(serving: Serving, operator: httpx.Client) -> None:
    """The three calls that operators' own programs make."""
    first, second = serving.bury(2)

    listed = operator.get("/api/admin/dlq", params={"queue": "email"}).json()
    retried = operator.post(f"/api/admin/dlq/{first}/retry")
    purged = operator.delete(f"/api/admin/dlq/{second}", params={"reason": "order was refunded"})

    assert [job["id"] for job in listed["items"]] == [second, first]
    assert listed["cursor"] is None
    assert (retried.status_code, retried.json()["state"]) == (200, "waiting")
    assert (purged.status_code, purged.content) == (204, b"")
    assert operator.get("/api/admin/dlq").json()["items"] == []
    who = f"tests (token {operator.get('/api/whoami').json()['id']})"
    assert audited(serving) == [("retried", first, who, ""), ("purged", second, who, "order was refunded")]


def test_a_dead_letter_goes_in_the_lane_that_was_asked_for(serving: Serving, operator: httpx.Client) -> None:
    """With a reason, which the audit log keeps."""
    (dead,) = serving.bury()

    answer = operator.post(f"/api/admin/dlq/{dead}/retry", json={"priority": "low", "reason": "mended"})

    assert answer.json()["priority"] == "low"
    assert audited(serving)[0][3] == "mended"


def test_a_job_that_is_not_dead_cannot_be_retried(serving: Serving, operator: httpx.Client) -> None:
    """A conflict, in problem details."""
    job = serving.app.notifier.queue_email("test_message", {}, to="ada@example.com").id

    answer = operator.post(f"/api/admin/dlq/{job}/retry")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["title"], problem["code"]) == (409, "Conflict", "wrong_state")
    assert problem["instance"] == f"/api/admin/dlq/{job}/retry"
    assert operator.get(f"/api/admin/dlq/{job}").status_code == 409


def test_lists_are_filtered_and_go_on_page_by_page(serving: Serving, operator: httpx.Client) -> None:
    """In the words of the command line."""
    ids = serving.bury(3, order_id="10482")
    serving.bury(1)

    seen, cursor = [], ""
    while cursor is not None:
        page = operator.get("/api/admin/dlq", params={"order": "10482", "limit": 1, "cursor": cursor}).json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["cursor"]

    assert seen == ids[::-1]
    assert len(operator.get("/api/admin/dlq?code=550&since=2h&to=ada@Example.com").json()["items"]) == 4
    assert operator.get("/api/admin/jobs?state=dead&code=551").json()["items"] == []
    assert operator.get("/api/admin/jobs?state=waiting&state=completed").json()["items"] == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("state=gone", "/query/state/0"),
        ("since=soon", "/query/since"),
        ("attempts=-1", "/query/attempts"),
    ],
)
def test_a_filter_that_means_nothing_is_told(query: str, pointer: str, operator: httpx.Client) -> None:
    """Where and why."""
    answer = operator.get(f"/api/admin/jobs?{query}")

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("jobs?queue=nope", "unknown_queue"),
        ("jobs/nope", "not_found"),
        ("dlq/nope", "not_found"),
        ("orders/1", "not_found"),
    ],
)
def test_what_is_not_there_is_not_found(path: str, code: str, operator: httpx.Client) -> None:
    """With what to do about it."""
    answer = operator.get(f"/api/admin/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert answer.json()["hint"]


def test_addresses_are_masked_until_they_are_revealed(serving: Serving, operator: httpx.Client) -> None:
    """Which takes the role, and is audited."""
    (dead,) = serving.bury(order_id="10482", name="Ada Lovelace")
    shown = [operator.get(f"/api/admin/{path}").text for path in ("jobs", f"jobs/{dead}", "dlq", "orders/10482")]

    revealed = operator.post(f"/api/admin/jobs/{dead}/reveal", json={"reason": "she called"})
    story = operator.post("/api/admin/orders/10482/reveal")

    assert not [text for text in shown if "ada@example.com" in text or "Lovelace" in text]
    assert (revealed.json()["to"], revealed.json()["name"]) == ("ada@example.com", "Ada Lovelace")
    assert story.json()["items"][0]["to"] == "ada@example.com"
    assert [entry[:2] for entry in audited(serving)] == [("revealed", dead), ("revealed", "order 10482")]


def test_a_waiting_job_is_cancelled(serving: Serving, operator: httpx.Client) -> None:
    """Once."""
    job = serving.app.notifier.queue_email("test_message", {}, to="ada@example.com").id

    assert operator.post(f"/api/admin/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert operator.post(f"/api/admin/jobs/{job}/cancel").status_code == 409


def test_queues_are_paused_limited_and_go_on(operator: httpx.Client) -> None:
    """Each answer shows the queue as it is then."""
    paused = operator.post("/api/admin/queues/email/pause", json={"reason": "template is wrong"}).json()
    limited = operator.put("/api/admin/queues/email/limit", json={"rate": "5/s", "max_active": 2}).json()
    cleared = operator.delete("/api/admin/queues/email/limit").json()
    resumed = operator.post("/api/admin/queues/email/resume").json()

    assert (paused["state"], paused["pause_reason"]) == ("paused", "template is wrong")
    assert (limited["rate"], limited["rate_origin"], limited["max_active"]) == ("5/s", "redis", 2)
    assert (cleared["rate_origin"], cleared["max_active"]) == ("settings", 0)
    assert resumed["state"] == "running"


@pytest.mark.parametrize("body", [{}, {"rate": "fast"}, {"max_active": -1}, {"rate": "5/s", "more": 1}, []])
def test_a_limit_that_is_none_is_refused(body: Any, operator: httpx.Client) -> None:
    """And the queue stays as it is."""
    assert operator.put("/api/admin/queues/email/limit", json=body).status_code == 422
    assert operator.get("/api/admin/queues/email").json()["rate_origin"] == "settings"


def test_a_provider_is_taken_out_and_asked_again(operator: httpx.Client) -> None:
    """For both of its channels at once."""
    tripped = operator.post("/api/admin/providers/outbox/trip", json={"for": "10m", "reason": "mails are late"}).json()
    reset = operator.post("/api/admin/providers/outbox/reset").json()

    assert [(one["channel"], one["state"]) for one in tripped["items"]] == [("email", "open"), ("whatsapp", "open")]
    assert {one["state"] for one in reset["items"]} == {"closed"}
    assert operator.post("/api/admin/providers/nope/reset").status_code == 404


@pytest.mark.parametrize("template", ["test_message", "order_confirmation"])
@pytest.mark.parametrize("value", ['"\\ud800"', "[" * 900 + "]" * 900, "1e999"])
def test_a_preview_of_what_no_message_could_hold_is_refused(operator: httpx.Client, template: str, value: str) -> None:
    """Half a letter, too deep a nesting, a number without an end."""
    answer = operator.post(
        f"/api/admin/templates/{template}/preview",
        content='{"data": {"note": ' + value + "}}",
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 422, answer.text


def test_a_template_is_previewed_with_data_of_ones_own(operator: httpx.Client) -> None:
    """In the customer's language."""
    answer = operator.post(
        "/api/admin/templates/order_confirmation/preview", json={"locale": "de", "data": {"customer_name": "Grace"}}
    )

    assert answer.json()["language"] == "de"
    assert "Grace" in answer.json()["text"]
    wrong = operator.post("/api/admin/templates/order_confirmation/preview", json={"data": {"items": 3}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "render")


def test_records_are_those_of_the_command_line(serving: Serving, operator: httpx.Client) -> None:
    """Each as output.schema.json describes it."""
    (dead,) = serving.bury(order_id="10482")
    serving.app.fleet.tell("w1", Report(host="a.example.com", pid=7, queues=("email",), active=1))
    lists = {
        "jobs": "job", "dlq": "job", "orders/10482": "story", "stats": "queue", "queues": "queue", "workers": "worker",
        "providers": "provider", "templates": "template", "outbox": "entry", "spool": "spooled", "doctor": "finding",
    }  # fmt: skip
    for path, kind in lists.items():
        for record in operator.get(f"/api/admin/{path}").raise_for_status().json()["items"]:
            valid(kind, record)
    for path, kind in {
        f"jobs/{dead}": "job_page",
        f"dlq/{dead}": "job_page",
        "queues/email": "queue_page",
        "templates/order_shipped": "template_page",
    }.items():
        valid(kind, operator.get(f"/api/admin/{path}").raise_for_status().json())
    valid("token", operator.get("/api/whoami").json())
