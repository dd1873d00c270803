"""Many dead letters at once, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.states import State
from notifyctl.notification import Channel

if TYPE_CHECKING:
    import httpx

    from tests.support.fates import Fates
    from tests.support.serving import Serving

DLQ = "/api/admin/dlq"


def test_dead_letters_are_counted_by_what_they_died_of(serving: Serving, operator: httpx.Client) -> None:
    """The most frequent first."""
    serving.bury(3)

    assert [(one["code"], one["count"]) for one in operator.get(f"{DLQ}/stats").json()["items"]] == [("550", 3)]
    assert operator.get(f"{DLQ}/stats", params={"by": "template"}).json()["items"][0]["template"] == "test_message"


def test_a_dry_run_says_what_would_go_and_changes_nothing(serving: Serving, operator: httpx.Client) -> None:
    """With a sample."""
    serving.bury(3)

    answer = operator.post(f"{DLQ}/retry?code=550", json={"dry_run": True, "limit": 2})

    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["will_go"], len(plan["sample"])) == (2, 2)
    assert len(operator.get(DLQ).json()["items"]) == 3
    assert operator.get("/api/admin/replays").json()["items"] == []


def test_a_replay_is_started_watched_and_cancelled(serving: Serving, operator: httpx.Client) -> None:
    """Its place is told; whoever cancels it is kept, with the reason."""
    serving.bury(3)

    started = operator.post(
        f"{DLQ}/retry?code=550", json={"rate": "1/min", "max_age": "2d", "priority": "own", "reason": "key was renewed"}
    )
    shown = operator.get(started.headers["location"]).json()
    cancelled = operator.post(f"{started.headers['location']}/cancel", json={"reason": "wrong code"})

    assert started.status_code == 202
    assert (shown["id"], shown["state"], shown["total"], shown["rate"]) == (started.json()["id"], "running", 3, "1/min")
    assert (shown["priority"], shown["max_age_ms"]) == (None, 2 * 86_400_000)
    assert (cancelled.json()["state"], cancelled.json()["left"]) == ("cancelled", 3)
    assert cancelled.json()["cancelled_reason"] == "wrong code"
    assert operator.post(f"{started.headers['location']}/cancel").status_code == 409
    assert [one["id"] for one in operator.get("/api/admin/replays").json()["items"]] == [shown["id"]]


@pytest.mark.parametrize("verb", ["retry", "purge"])
def test_nothing_is_done_with_all_unless_that_is_said(verb: str, serving: Serving, operator: httpx.Client) -> None:
    """A forgotten filter is no wish."""
    serving.bury(2)

    assert operator.post(f"{DLQ}/{verb}", json={}).status_code == 422
    assert operator.post(f"{DLQ}/{verb}", json={"all": True, "dry_run": True}).status_code == 200
    assert len(operator.get(DLQ).json()["items"]) == 2


def test_a_purge_takes_the_number_of_those_that_go(serving: Serving, operator: httpx.Client) -> None:
    """If there is another one meanwhile, none goes."""
    serving.bury(2)
    serving.bury(1, order_id="10482")
    dry = operator.post(f"{DLQ}/purge?queue=email", json={"dry_run": True}).json()

    assert dry["count"] == 3
    assert operator.post(f"{DLQ}/purge?queue=email", json={}).status_code == 422
    assert operator.post(f"{DLQ}/purge?queue=email", json={"count": 2}).status_code == 409
    assert operator.post(f"{DLQ}/purge?order=10482", json={"count": 1, "reason": "a test"}).json()["count"] == 1
    assert operator.post(f"{DLQ}/purge?queue=email", json={"dry_run": True, "limit": 1}).json()["count"] == 1
    assert operator.post(f"{DLQ}/purge?queue=email", json={"count": 1, "limit": 1}).json()["count"] == 1
    assert operator.post(f"{DLQ}/purge?queue=email", json={"count": 1}).json()["count"] == 1
    assert operator.post(f"{DLQ}/purge?queue=email", json={"count": 0}).json()["count"] == 0
    assert operator.get(DLQ).json()["items"] == []


@pytest.mark.parametrize("body", [{"rate": "fast"}, {"rate": "1/9999999999d"}, {"max_age": "old"}, {"limit": -1}, {"priority": "first"}, {"x": 1},
                                  {"dry_run": "yes"}, []])  # fmt: skip
def test_what_a_replay_cannot_be_is_refused(body: Any, serving: Serving, operator: httpx.Client) -> None:
    """And none is started."""
    serving.bury()

    assert operator.post(f"{DLQ}/retry?queue=email", json=body).status_code == 422
    assert operator.get("/api/admin/replays").json()["items"] == []


def test_dead_letters_are_exported_as_lines(serving: Serving, operator: httpx.Client) -> None:
    """Masked; with addresses for those who may, which is kept."""
    ids = serving.bury(3)

    masked = operator.get(f"{DLQ}/export")
    revealed = operator.post(f"{DLQ}/export?queue=email", json={"reason": "for the lawyers"})

    assert masked.headers["content-type"] == "application/x-ndjson"
    assert sorted(json.loads(line)["id"] for line in masked.text.splitlines()) == sorted(ids)
    assert "ada@example.com" not in masked.text
    assert all(json.loads(line)["to"] == "ada@example.com" for line in revealed.text.splitlines())
    assert operator.get("/api/admin/audit?verb=revealed").json()["items"][0]["why"] == "for the lawyers"


def test_a_dead_letter_is_edited_and_sent(serving: Serving, operator: httpx.Client) -> None:
    """Checked as a new message is; the names of what was changed are told, not what it is."""
    (dead,) = serving.bury()
    edit = {"to": "grace@example.com", "reason": "she called"}

    dry = operator.patch(f"{DLQ}/{dead}", json={**edit, "dry_run": True}).json()
    wrong = operator.patch(f"{DLQ}/{dead}", json={"to": "nobody"})
    edited = operator.patch(f"{DLQ}/{dead}", json=edit).json()

    assert (dry["result"], dry["changed"]) == ("would be edited", ["to"])
    assert wrong.status_code == 422
    assert (edited["result"], edited["changed"]) == ("edited", ["to"])
    assert operator.post(f"/api/admin/jobs/{dead}/reveal").json()["to"] == "grace@example.com"
    assert operator.post(f"{DLQ}/{dead}/retry").status_code == 200
    assert operator.patch(f"{DLQ}/{dead}", json=edit).status_code == 409


@pytest.mark.parametrize("path", ["{}/retry", "retry?queue=whatsapp"])
def test_what_may_arrive_twice_goes_only_where_that_is_said(
    path: str, serving: Serving, operator: httpx.Client, fates: Fates
) -> None:
    """One dead letter, or many: nobody sends one twice without knowing."""
    job_id = fates.held(fates.chat("10482"))
    path = f"{DLQ}/{path.format(job_id)}"

    refused = operator.post(path)
    before = serving.app.inspector.job(job_id).state
    sent = operator.post(path, json={"twice": True})

    assert (refused.status_code, refused.json()["code"], before) == (409, "wrong_state", State.DEAD)
    assert "twice" in refused.json()["hint"]
    assert sent.status_code in (200, 202)


def test_what_is_not_wanted_any_more_goes_only_where_that_is_said(serving: Serving, operator: httpx.Client) -> None:
    """Its order was cancelled after it died."""
    (dead,) = serving.bury(idempotency_key="placed 10482")
    serving.app.notifier.supersede([(Channel.EMAIL, "placed 10482")])

    refused = operator.post(f"{DLQ}/{dead}/retry")

    assert (refused.status_code, "not wanted" in refused.json()["detail"]) == (409, True)
    assert operator.post(f"{DLQ}/{dead}/retry", json={"twice": True}).status_code == 200


@pytest.mark.parametrize("value", ['"\\ud800"', "1e999", "[" * 900 + "]" * 900])
@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_an_edit_to_what_no_message_could_hold_is_refused(
    value: str, dry_run: str, serving: Serving, operator: httpx.Client
) -> None:
    """Half a letter, a number without an end, too deep a nesting; a dry run says so as well."""
    (dead,) = serving.bury()
    body = f'{{"dry_run": {dry_run}, "data": {{"note": {value}}}}}'

    answer = operator.patch(f"{DLQ}/{dead}", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422, answer.text
