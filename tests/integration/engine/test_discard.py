"""The discard script: dead -> (nothing)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS

if TYPE_CHECKING:
    from tests.support.seed import Seed


def test_discard_forgets_a_dead_job(seed: Seed) -> None:
    """The job and its payload are gone; that it failed still counts."""
    seed.dead("a")

    assert seed.scripts.discard("a") == "done"

    assert (seed.ids("dead"), seed.ids("failed"), seed.job("a")) == ([], ["a"], {})


def test_discard_again_finds_nothing(seed: Seed) -> None:
    """Two clicks, or a lost reply."""
    seed.dead("a")
    seed.scripts.discard("a")

    assert seed.changes_nothing(lambda: seed.scripts.discard("a")) == "missing"


def test_discard_lets_the_idempotency_key_end(seed: Seed) -> None:
    """A caller that repeats itself within thirty days does not bring back what a person gave up."""
    key = seed.keys.idempotency("key")
    seed.dead("a", idem="key")
    seed.client.set(key, "a d1")

    seed.scripts.discard("a")

    assert 0 <= IDEMPOTENCY_TAIL_MS - seed.ttl_ms(key) < 5_000


def test_discard_of_a_job_that_is_not_dead_changes_nothing(seed: Seed) -> None:
    """What still has a life ahead, or has ended well, is not thrown away."""
    seed.waiting("waiting")
    seed.delayed("delayed")
    seed.active("active")
    seed.ended("completed")

    for state in ("waiting", "delayed", "active", "completed"):
        assert seed.changes_nothing(lambda state=state: seed.scripts.discard(state)) == state  # type: ignore[misc]
