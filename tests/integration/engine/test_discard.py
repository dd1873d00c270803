"""The discard script: dead -> (nothing)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.engine.scripts import DISCARDED_TAIL_MS, IDEMPOTENCY_TAIL_MS
from tests.support.builders import a_job

if TYPE_CHECKING:
    from tests.support.seed import Seed


def test_discard_forgets_a_dead_job(seed: Seed) -> None:
    """The job and its payload are gone; that it failed still counts."""
    seed.dead("a")

    assert seed.scripts.discard("a", "call") == "done"

    assert (seed.ids("dead"), seed.ids("failed"), seed.job("a")) == ([], ["a"], {})


def test_discard_after_a_lost_reply_answers_the_same(seed: Seed) -> None:
    """Whoever asked learns that it is gone."""
    seed.dead("a")

    assert seed.twice(lambda: seed.scripts.discard("a", "call")) == "done"


def test_discard_by_a_second_call_finds_nothing(seed: Seed) -> None:
    """Two clicks."""
    seed.dead("a")
    seed.scripts.discard("a", "call")

    assert seed.changes_nothing(lambda: seed.scripts.discard("a", "another")) == "missing"


def test_discard_keeps_the_id_from_a_second_life(seed: Seed) -> None:
    """A producer that repeats itself does not bring back what a person gave up, for a day."""
    seed.dead("a")
    seed.scripts.discard("a", "call")

    assert seed.changes_nothing(lambda: seed.scripts.enqueue(a_job("a"))) == Enqueued(Enqueuing.EXISTS, "a")
    assert 0 <= DISCARDED_TAIL_MS - seed.ttl_ms(seed.keys.gone("a")) < 5_000


def test_discard_lets_the_idempotency_key_end(seed: Seed) -> None:
    """A caller that repeats itself within thirty days does not bring back what a person gave up."""
    key = seed.keys.idempotency("key")
    seed.dead("a", idem="key")
    seed.client.set(key, "a d1")

    seed.scripts.discard("a", "call")

    assert 0 <= IDEMPOTENCY_TAIL_MS - seed.ttl_ms(key) < 5_000


def test_discard_of_a_job_that_is_not_dead_changes_nothing(seed: Seed) -> None:
    """What still has a life ahead, or has ended well, is not thrown away."""
    seed.waiting("waiting")
    seed.delayed("delayed")
    seed.active("active")
    seed.ended("completed")

    for state in ("waiting", "delayed", "active", "completed"):
        assert seed.changes_nothing(lambda state=state: seed.scripts.discard(state, "call")) == state  # type: ignore[misc]
