"""The audit log: one entry for each thing that somebody did, read page by page."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from notifyctl.clock import now_ms
from notifyctl.engine.audit import Audit
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import InvalidInput
from tests.support.seed import NAMESPACE

if TYPE_CHECKING:
    import redis

KEY = FleetKeys(NAMESPACE).audit


@pytest.fixture
def audit(client: redis.Redis) -> Audit:
    """An empty log."""
    return Audit(client, KEY)


def test_audit_keeps_all_that_was_said(audit: Audit) -> None:
    """Who, what, filters, counts and the reason; when, by the server's clock."""
    before = now_ms()
    filters = {"queue": ["email"], "code": "401"}
    audit.note("retried", "jobs", by="ada@shop", why="new key", filters=filters, counts={"retried": 3, "skipped": 1})

    (entry,) = audit.entries().entries
    assert (entry.verb, entry.what, entry.by, entry.why) == ("retried", "jobs", "ada@shop", "new key")
    assert (entry.filters, entry.counts) == (filters, {"retried": 3, "skipped": 1})
    assert before - 5 <= entry.at_ms <= now_ms() + 5


def test_audit_pages_from_the_newest_to_the_oldest(audit: Audit) -> None:
    """Nothing is left out or told twice, also where more is added meanwhile; the last page has no cursor."""
    for number in range(7):
        audit.note("paused", f"q{number}", by="ada")
    seen: list[str] = []
    cursor = ""
    while True:
        page = audit.entries(3, cursor=cursor)
        seen += [entry.what for entry in page.entries]
        cursor = page.cursor
        if not cursor:
            break
        audit.note("resumed", "later", by="ada")

    assert seen == [f"q{number}" for number in range(6, -1, -1)]


def test_audit_finds_by_who_verb_what_and_time(audit: Audit, client: redis.Redis) -> None:
    """What fits all of it; who, by a part of the name."""
    for at_ms, verb, what, by in ((1_000, "paused", "email", "Ada@a"), (2_000, "resumed", "email", "bob@b")):
        client.xadd(KEY, {"verb": verb, "what": what, "by": by, "why": ""}, id=f"{at_ms}-0")

    def found(**asked: str | int) -> list[str]:
        return [entry.verb for entry in audit.entries(**asked).entries]  # type: ignore[arg-type]  # any of them

    assert found(by="ada") == found(verb="paused") == found(until_ms=1_999) == ["paused"]
    assert found(since_ms=2_000) == ["resumed"]
    assert found(what="email") == ["resumed", "paused"]
    assert found(what="email", by="ada", verb="resumed") == []


def test_audit_refuses_a_cursor_that_is_none(audit: Audit) -> None:
    """Somebody's typo is no server error."""
    with pytest.raises(InvalidInput, match="cursor"):
        audit.entries(cursor="yesterday")


def test_audit_is_bounded(audit: Audit, client: redis.Redis) -> None:
    """Some ten thousand entries are kept, the newest."""
    with client.pipeline(transaction=False) as pipe:
        for number in range(12_000):
            pipe.xadd(KEY, {"verb": "paused", "what": str(number), "by": "ada", "why": ""})
        pipe.execute()
    audit.note("resumed", "email", by="ada")

    assert 10_000 <= client.xlen(KEY) < 10_200
    assert audit.entries(1).entries[0].verb == "resumed"


def test_audit_keeps_what_is_done_together_as_one_entry(audit: Audit) -> None:
    """With how often each thing was done, also where it ends early; nothing done is no entry."""
    with audit.together("cancelled", "jobs", by="ada", why="flood", filters={"queue": ["email"]}) as counts:
        for number in range(3):
            audit.note("cancelled", f"job{number}", by="ada")
        counts["skipped"] += 1
    with suppress(KeyboardInterrupt), audit.together("purged", "jobs", by="ada"):
        audit.note("purged", "job", by="ada")
        raise KeyboardInterrupt
    with audit.together("retried", "jobs", by="ada"):
        pass
    audit.note("paused", "email", by="ada")

    paused, purged, cancelled = audit.entries().entries
    assert (cancelled.what, cancelled.why, cancelled.filters) == ("jobs", "flood", {"queue": ["email"]})
    assert cancelled.counts == {"cancelled": 3, "skipped": 1}
    assert (purged.counts, paused.verb) == ({"purged": 1}, "paused")


def test_audit_keeps_others_apart_meanwhile(audit: Audit) -> None:
    """What another thread does in that time is its own entry."""
    with audit.together("cancelled", "jobs", by="ada"):
        other = threading.Thread(target=audit.note, args=("paused", "email"), kwargs={"by": "bob"})
        other.start()
        other.join()
        audit.note("cancelled", "job", by="ada")

    assert [entry.by for entry in audit.entries().entries] == ["ada", "bob"]
