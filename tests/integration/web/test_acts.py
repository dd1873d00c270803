"""The audit log, the events and the minutes, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.support.serving import Serving


def test_the_audit_log_is_filtered_and_goes_on_page_by_page(operator: httpx.Client) -> None:
    """The newest first."""
    for verb in ("pause", "resume"):
        operator.post(f"/api/admin/queues/email/{verb}", json={"reason": f"to {verb}"}).raise_for_status()

    first = operator.get("/api/admin/audit?limit=1").json()
    second = operator.get("/api/admin/audit", params={"limit": 1, "cursor": first["cursor"]}).json()

    assert [page["items"][0]["verb"] for page in (first, second)] == ["resumed", "paused"]
    assert second["cursor"] is None
    assert operator.get("/api/admin/audit?verb=paused&by=tests&since=1h").json()["items"][0]["why"] == "to pause"
    assert operator.get("/api/admin/audit?until=1h").json()["items"] == []
    assert operator.get("/api/admin/audit?until=1900-01-01T00:00Z").json()["items"] == []
    assert len(operator.get("/api/admin/audit?since=1900-01-01T00:00Z&until=9999-12-31T00:00Z").json()["items"]) == 2
    assert operator.get("/api/admin/audit?cursor=nonsense").status_code == 422


def test_events_go_on_from_a_cursor(serving: Serving, operator: httpx.Client) -> None:
    """What comes after it, and nothing twice."""
    serving.app.events.add("circuit_opened", provider="sendgrid")
    first = operator.get("/api/admin/events").json()
    serving.app.events.add("circuit_closed", provider="sendgrid")
    second = operator.get("/api/admin/events", params={"cursor": first["cursor"]}).json()
    third = operator.get("/api/admin/events", params={"cursor": second["cursor"]}).json()

    assert [event["kind"] for event in first["items"]] == ["circuit_opened"]
    assert [event["kind"] for event in second["items"]] == ["circuit_closed"]
    assert (third["items"], third["cursor"]) == ([], second["cursor"])


def test_events_are_told_as_they_come(serving: Serving, operator: httpx.Client) -> None:
    """As server-sent events, from the one that the caller saw last."""
    serving.app.events.add("seen", provider="a")
    seen = serving.app.events.newest_id()
    serving.app.events.add("missed", provider="b")
    kinds = []
    with operator.stream("GET", "/api/admin/events/stream", headers={"Last-Event-ID": seen}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                kinds.append(json.loads(line.removeprefix("data: "))["kind"])
                if kinds == ["missed"]:
                    serving.app.events.add("new", provider="c")
            if len(kinds) == 2:
                break

    assert kinds == ["missed", "new"]


def test_a_stream_of_events_ends_with_its_token(serving: Serving) -> None:
    """Whoever is shut out hears nothing more, however long ago they began to listen."""
    with serving.client("viewer") as viewer, viewer.stream("GET", "/api/admin/events/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 3000"
        serving.app.tokens.revoke(viewer.headers["authorization"].split("_")[1])
        assert [line for line in lines if line] == []


@pytest.mark.parametrize("query", ["since=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00"])
def test_the_audit_log_is_read_from_and_to_any_moment(query: str, operator: httpx.Client) -> None:
    """Also from before there was a clock in computers."""
    operator.post("/api/admin/queues/email/pause").raise_for_status()

    assert len(operator.get(f"/api/admin/audit?{query}").json()["items"]) == 1
    assert operator.get("/api/admin/audit?until=1900-01-01").json()["items"] == []


@pytest.mark.parametrize("path", ["events?cursor=1", "events?limit=0", "queues/email/minutes?count=100000"])
def test_what_means_nothing_is_told(path: str, operator: httpx.Client) -> None:
    """Where, too."""
    assert operator.get(f"/api/admin/{path}").status_code == 422


def test_minutes_show_what_happened(serving: Serving, operator: httpx.Client) -> None:
    """As many as are asked for, the last one still going on."""
    serving.bury(2)

    minutes = operator.get("/api/admin/queues/email/minutes", params={"count": 3}).json()["items"]

    assert len(minutes) == 3
    assert sum(minute["buried"] for minute in minutes) == 2
    assert operator.get("/api/admin/queues/nope/minutes").status_code == 404
