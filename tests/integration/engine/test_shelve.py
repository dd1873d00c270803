"""The shelve script: (nothing) -> dead | cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine import shelf
from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.engine.keys import order_index
from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS
from notifyctl.engine.states import State
from tests.support.builders import a_job
from tests.support.seed import RETENTION

if TYPE_CHECKING:
    from notifyctl.engine.jobs import NewJob
    from tests.support.seed import Seed

KEPT_MS = RETENTION.cancelled_ms


def shelve(seed: Seed, job: NewJob, state: State, reason: str = "conflict", why: str = "") -> str:
    """Shelve it on the test's clock."""
    return shelf.shelve(seed.scripts, job, state, reason, why, KEPT_MS)


def test_shelve_makes_a_dead_letter_of_a_conflict(seed: Seed) -> None:
    """It was never in line; a person decides, and sees why."""
    seed.scripts.enqueue(a_job("first", idempotency="key", digest="d1"))
    job = a_job("a", idempotency="key", digest="d2", indexes=(order_index("1"),), fields={"template": "t"})

    assert shelve(seed, job, State.DEAD, "conflict", "the key is taken") == "done"

    kept = seed.job("a")
    assert (kept["state"], kept["reason"], kept["release_reason"]) == ("dead", "conflict", "the key is taken")
    assert (kept["template"], kept["payload"], kept["attempt"]) == ("t", "Dear Ada", "0")
    assert seed.ids("dead") == seed.ids("failed") == ["a"]
    assert seed.ids("waiting") == ["first"]
    assert seed.client.zrange(seed.keys.index(order_index("1")), 0, -1) == [b"a"]
    assert seed.scripts.enqueue(a_job("b", idempotency="key", digest="d1")) == Enqueued(Enqueuing.KNOWN, "first")


def test_shelved_dead_letter_can_be_sent_after_all(seed: Seed) -> None:
    """A person replays it, and it goes like any other."""
    shelve(seed, a_job("a"), State.DEAD)

    assert seed.scripts.replay("a", "call") == "done"
    assert [job.payload for job in seed.take().jobs] == [b"Dear Ada"]


def test_shelve_keeps_what_is_not_wanted_among_the_cancelled(seed: Seed) -> None:
    """As long as other cancelled jobs, and so that who tells of it again is told of this one."""
    job = a_job("a", idempotency="key", digest="d1", indexes=(order_index("1"),))

    assert shelve(seed, job, State.CANCELLED, "superseded") == "done"

    assert (seed.job("a")["state"], seed.job("a")["reason"]) == ("cancelled", "superseded")
    assert seed.ids("cancelled") == ["a"]
    assert seed.ids("failed") == []
    assert seed.scripts.enqueue(a_job("b", idempotency="key", digest="d1")) == Enqueued(Enqueuing.KNOWN, "a")
    assert 0 <= KEPT_MS - seed.ttl_ms(seed.keys.job("a")) < 5_000
    assert 0 <= KEPT_MS + IDEMPOTENCY_TAIL_MS - seed.ttl_ms(seed.keys.idempotency("key")) < 5_000
    assert 0 <= KEPT_MS - seed.ttl_ms(seed.keys.index(order_index("1"))) < 5_000


def test_shelve_again_changes_nothing(seed: Seed) -> None:
    """After a lost reply, or where the job was queued after all."""
    seed.scripts.enqueue(a_job("queued"))
    shelve(seed, a_job("a"), State.DEAD)

    answers = seed.changes_nothing(
        lambda: [shelve(seed, a_job("a"), State.DEAD), shelve(seed, a_job("queued"), State.CANCELLED)]
    )

    assert answers == ["exists", "exists"]


def test_shelve_does_not_bring_back_what_was_discarded(seed: Seed) -> None:
    """A person gave it up in the meantime."""
    shelve(seed, a_job("a"), State.DEAD)
    seed.scripts.discard("a", "call")

    assert seed.changes_nothing(lambda: shelve(seed, a_job("a"), State.DEAD)) == "exists"
