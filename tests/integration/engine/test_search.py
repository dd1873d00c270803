"""Finding jobs: every filter, in order, page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine import search, sieve
from notifyctl.engine.inspector import Inspector
from notifyctl.engine.keys import recipient_index
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput, UnknownQueue
from notifyctl.units import Rate
from tests.support.seed import NAMESPACE, RETENTION, Seed

if TYPE_CHECKING:
    import redis

QUEUES = ("email", "whatsapp")


@pytest.fixture
def seeds(client: redis.Redis) -> dict[str, Seed]:
    """Both queues."""
    return {name: Seed(client, name) for name in QUEUES}


@pytest.fixture
def inspector(client: redis.Redis, seeds: dict[str, Seed]) -> Inspector:
    """Of both queues, on their clock."""
    return Inspector(
        client, NAMESPACE, rates=dict.fromkeys(seeds, Rate(0)), retention=RETENTION, secret="s" * 32
    )  # fmt: skip


def _found(inspector: Inspector, *queues: str, limit: int = 50, **where: Any) -> list[str]:
    return [job.job_id for job in inspector.find(JobFilter(**where), queues, limit=limit).jobs]


def _attempt(**fields: Any) -> dict[str, str]:
    return {"attempt:1": json.dumps({"attempt": 1, **fields})}


def test_search_finds_all_that_live_and_then_all_that_have_ended(inspector: Inspector, seeds: dict[str, Seed]) -> None:
    """Those that live as they will go, queue by queue; the others newest first, over both queues."""
    email, whatsapp = seeds["email"], seeds["whatsapp"]
    email.delayed("late", due_in_ms=9_000)
    email.delayed("soon", due_in_ms=1_000)
    email.waiting("first", "second")
    whatsapp.waiting("other")
    email.active("busy")
    for moment, (seed, job_id) in enumerate([(email, "dead-1"), (whatsapp, "dead-2"), (email, "dead-3")]):
        seed.clock.now = 1_793_534_400_000 + moment
        seed.dead(job_id)
    email.ended("done")

    assert _found(inspector) == [
        "busy", "first", "second", "other", "soon", "late", "dead-3", "dead-2", "dead-1", "done",
    ]  # fmt: skip
    assert _found(inspector, "whatsapp") == ["other", "dead-2"]
    assert _found(inspector, states=(State.DEAD, State.ACTIVE)) == ["dead-3", "dead-2", "dead-1", "busy"]


@pytest.mark.parametrize(
    "where",
    [
        {"code": "550"},
        {"code": "PERMANENT"},
        {"code": "no_mailbox"},
        {"error": "mailbox UNAVAILABLE"},
        {"provider": "smtp"},
        {"provider": "sendgrid"},
        {"template": "order_shipped"},
        {"attempts": 2},
        {"since_ms": 1_793_534_400_000 - 5},
        {"until_ms": 1_793_534_400_000, "template": "order_shipped"},
    ],
)
def test_search_by_what_a_job_is(inspector: Inspector, seeds: dict[str, Seed], where: dict[str, Any]) -> None:
    """Each filter finds the one job that fits, and leaves the other."""
    seed = seeds["email"]
    tries = [
        {"provider": "sendgrid", "outcome": "transient", "provider_code": "429"},
        {"provider": "smtp", "outcome": "permanent", "provider_code": "550", "error": "550 mailbox unavailable"},
    ]
    fields = {**_attempt(outcome="permanent", code="no_mailbox", tries=tries), "attempt:2": "{}"}
    fields["attempt:2"], fields["attempt:1"] = fields["attempt:1"], "{}"
    seed.dead("fits", template="order_shipped", runs=2, **fields)
    seed.clock.advance(-60_000)
    seed.dead("other", reason="retries_exhausted", template="test_message", **_attempt(outcome="transient"))

    assert _found(inspector, **where) == ["fits"]


def test_search_by_order_and_recipient(inspector: Inspector, seeds: dict[str, Seed], client: redis.Redis) -> None:
    """Over both queues, newest first; both together find what is about the one and goes to the other."""
    ada = recipient_index(Pseudonyms(client, NAMESPACE, "s" * 32).of(b"ada@example.com"))
    email, whatsapp = seeds["email"], seeds["whatsapp"]
    email.ended("confirmed", order="10 482", indexes=f"order:10%20482 {ada}", created_at=1)
    email.waiting("shipped", order="10 482", indexes=f"order:10%20482 {ada}", created_at=3)
    whatsapp.dead("chat", order="10 482", indexes="order:10%20482", created_at=2)
    email.waiting("other", order="7", indexes=f"order:7 {ada}", created_at=4)

    assert _found(inspector, order_id="10 482") == ["shipped", "chat", "confirmed"]
    assert _found(inspector, recipient="ada@example.com") == ["other", "shipped", "confirmed"]
    assert _found(inspector, order_id="10 482", recipient="ada@example.com") == ["shipped", "confirmed"]
    assert _found(inspector, order_id="10 482", states=(State.DEAD,)) == ["chat"]
    assert _found(inspector, order_id="10") == []
    assert _pages(inspector, JobFilter(order_id="10 482"), limit=2) == [["shipped", "chat"], ["confirmed"]]


def _pages(inspector: Inspector, where: JobFilter, limit: int) -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        page = inspector.find(where, limit=limit, cursor=cursor)
        pages.append([job.job_id for job in page.jobs])
        cursor = page.cursor
        if not cursor:
            return pages


def test_search_goes_on_from_a_cursor(
    inspector: Inspector, seeds: dict[str, Seed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every job is on one page, though many share a moment, and pages are read in small parts."""
    monkeypatch.setattr(sieve, "PAGE", 3)
    monkeypatch.setattr(search, "_JOB_PAGE", 2)
    for number in range(8):
        seeds["email" if number % 2 else "whatsapp"].dead(f"dead-{number}")
    seeds["email"].waiting(*(f"wait-{number}" for number in range(7)))

    pages = _pages(inspector, JobFilter(), limit=4)

    assert [len(page) for page in pages] == [4, 4, 4, 3]
    found = [job_id for page in pages for job_id in page]
    assert found[:7] == [f"wait-{number}" for number in range(7)]
    assert sorted(found[7:]) == [f"dead-{number}" for number in range(8)]
    assert [job.job_id for job in inspector.search(JobFilter())] == found


def test_search_goes_on_where_the_cursors_job_is_gone(inspector: Inspector, seeds: dict[str, Seed]) -> None:
    """A list stays a list while somebody works on it: nothing is shown twice."""
    seed = seeds["email"]
    for number in range(4):
        seed.clock.advance(1)
        seed.dead(f"dead-{number}")
    first = inspector.find(JobFilter(), limit=2)
    seed.scripts.replay("dead-2", "call")
    seed.clock.advance(1)
    seed.dead("newer")

    second = inspector.find(JobFilter(states=(State.DEAD,)), limit=5, cursor=first.cursor)

    assert [job.job_id for job in first.jobs] == ["dead-3", "dead-2"]
    assert [job.job_id for job in second.jobs] == ["dead-1", "dead-0"]


@pytest.mark.parametrize("cursor", ["nonsense", "e30", "WzFd"])
def test_search_refuses_a_cursor_that_is_none(inspector: Inspector, cursor: str) -> None:
    """The error says where to get one."""
    with pytest.raises(InvalidInput, match="this cursor is not one of ours"):
        inspector.find(JobFilter(), cursor=cursor)


def test_search_refuses_a_cursor_of_another_search(inspector: Inspector, seeds: dict[str, Seed]) -> None:
    """It cannot be gone on from."""
    seeds["email"].dead("a", "b")
    cursor = inspector.find(JobFilter(), limit=1).cursor

    with pytest.raises(InvalidInput, match="another search"):
        inspector.find(JobFilter(states=(State.WAITING,)), cursor=cursor)


def test_search_in_an_unknown_queue_is_refused(inspector: Inspector) -> None:
    """The error names those that there are."""
    with pytest.raises(UnknownQueue, match="no queue named 'mail'"):
        inspector.find(JobFilter(), ["mail"])
