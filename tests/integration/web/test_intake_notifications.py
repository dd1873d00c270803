"""Single messages over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.states import Lane, State
from tests.support.intake import posted, waiting

if TYPE_CHECKING:
    import httpx

    from tests.support.serving import Serving

PATH = "/api/notifications"
MESSAGE: dict[str, Any] = {"channel": "email", "to": "ada@example.com", "template": "test_message"}


def test_message_is_queued_with_all_that_was_asked_for(serving: Serving, shop: httpx.Client) -> None:
    """As `notifyctl send` does."""
    wanted = {
        **MESSAGE, "data": {"note": "Hello"}, "name": "Ada", "order": "10482", "locale": "de", "priority": "high",
        "in": "10m", "expires": "2h", "unknown_outcome": "hold",
    }  # fmt: skip
    answer = posted(shop, wanted, PATH)

    job = serving.app.inspector.job(answer.json()["id"])
    assert answer.status_code == 202
    assert answer.json() == {
        "id": job.job_id, "queue": "email", "template": "test_message", "known": False, "spooled": False,
    }  # fmt: skip
    assert (job.state, job.lane, job.order_id) == (State.DELAYED, Lane.HIGH, "10482")
    assert job.due_at_ms - job.created_at_ms == 600_000
    assert 7_790_000 <= job.expires_at_ms - job.created_at_ms <= 7_810_000
    assert b'"note":"Hello"' in job.payload
    assert b"hold" in job.message


def test_message_goes_over_whatsapp_too(serving: Serving, shop: httpx.Client) -> None:
    """To a number in any spelling with its country."""
    answer = posted(shop, {**MESSAGE, "channel": "whatsapp", "to": "+44 7700 900123"}, PATH)

    assert answer.status_code == 202
    assert waiting(serving.app) == {"whatsapp": 1}


def test_message_of_one_key_is_queued_once(serving: Serving, shop: httpx.Client) -> None:
    """Its own, or that of the request; another text under the same key is refused."""
    first = posted(shop, {**MESSAGE, "key": "welcome"}, PATH).json()
    known = posted(shop, {**MESSAGE, "key": "welcome"}, PATH).json()
    other = posted(shop, {**MESSAGE, "key": "welcome", "data": {"note": "x"}}, PATH)
    headed = posted(shop, MESSAGE, PATH, idempotency_key="welcome").json()

    assert known == {**first, "known": True}
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert headed["id"] == first["id"]
    assert waiting(serving.app) == {"email": 1}


@pytest.mark.parametrize(
    ("change", "pointer", "said"),
    [
        ({"channel": "pigeon"}, "/channel", "email"),
        ({"to": 5}, "/to", "string"),
        ({"tempalte": "x"}, "/tempalte", "permitted"),
        ({"in": "ten"}, "/in", "duration"),
        ({"in": 10}, "/in", "duration"),
        ({"at": "2026-01-01T10:00:00"}, "/at", "timezone"),
        ({"priority": "urgent"}, "/priority", "high"),
        ({"data": []}, "/data", "object"),
    ],
)
def test_message_with_a_wrong_field_is_refused_by_its_place(
    shop: httpx.Client, change: dict[str, Any], pointer: str, said: str
) -> None:
    """And repeats no value."""
    answer = posted(shop, MESSAGE | change, PATH)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert said in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "nobody"}, "mail address"),
        ({"to": "ada@example.com\nBcc: eve@example.com"}, "line break"),
        ({"name": "Ada\r\nBcc: eve@example.com"}, "line break"),
        ({"template": "no_such"}, "no email template"),
        ({"template": "../../etc/passwd"}, "no email template"),
        ({"template": "order_confirmation"}, "order_number"),
        ({"in": "1m", "at": "2026-01-01T10:00:00Z"}, "not both"),
        ({"data": {"note": "x" * 300_000}}, "bytes"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "hundred years"),
        ({"in": "40000d"}, "hundred years"),
        ({"in": "1d", "expires": "1000000d"}, "hundred years"),
    ],
)
def test_message_that_cannot_be_sent_is_refused_now(
    serving: Serving, shop: httpx.Client, change: dict[str, Any], said: str
) -> None:
    """While somebody is there to mend it."""
    answer = posted(shop, MESSAGE | change, PATH)

    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert "eve@" not in answer.text
    assert waiting(serving.app) == {}


def test_dry_run_of_a_message_queues_nothing(serving: Serving, shop: httpx.Client) -> None:
    """It says what it would be."""
    answer = posted(shop, MESSAGE, f"{PATH}?dry_run=true")

    assert (answer.status_code, answer.json()) == (
        200, {"queue": "email", "template": "test_message", "dry_run": True},
    )  # fmt: skip
    assert waiting(serving.app) == {}


def test_message_is_looked_up_by_its_id_with_its_address_masked(serving: Serving, shop: httpx.Client) -> None:
    """By whoever handed it over; nobody else learns that it is there."""
    job_id = posted(shop, MESSAGE, PATH).json()["id"]

    found = shop.get(f"{PATH}/{job_id}")
    unknown = shop.get(f"{PATH}/0000000000000000")

    assert (found.status_code, found.json()["id"], found.json()["state"]) == (200, job_id, "waiting")
    assert "ada@example.com" not in found.text
    assert unknown.status_code == 404
    with serving.client(None) as client:
        assert client.get(f"{PATH}/{job_id}").status_code == 401


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_others_look_up_but_do_not_hand_over(serving: Serving, shop: httpx.Client, role: str) -> None:
    """Roles that read may read this, too."""
    job_id = posted(shop, MESSAGE, PATH).json()["id"]

    with serving.client(role) as client:
        assert client.get(f"{PATH}/{job_id}").status_code == 200
        assert posted(client, MESSAGE, PATH).status_code == 403
