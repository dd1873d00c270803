"""The stats script: counted from the sets, in one look."""

from __future__ import annotations

from notifyctl.engine.states import Lane, State
from tests.support.seed import RETENTION, Seed


def test_stats_count_each_state(seed: Seed) -> None:
    """Every job in exactly one count."""
    seed.waiting("w1", "w2", "w3")
    seed.active("a1", "a2")
    seed.delayed("d1")
    seed.ended("c1", "c2")
    seed.ended("x1", state=State.CANCELLED)
    seed.dead("dead")
    seed.scripts.configure({"paused": "1"})

    reply = seed.changes_nothing(lambda: seed.scripts.stats(RETENTION))

    assert reply[0] == seed.now
    assert reply[1:8] == [3, 2, 1, 2, 1, 1, 1]
    assert reply[10] == [b"paused", b"1"]


def test_stats_of_an_empty_queue_are_zeros(seed: Seed) -> None:
    """No key, no error."""
    assert seed.scripts.stats(RETENTION)[1:] == [0] * 9 + [[], 0]


def test_stats_count_ended_jobs_by_time(seed: Seed) -> None:
    """A day and a week, exact to the millisecond, whether or not anything swept."""
    seed.ended("c")
    seed.ended("x", state=State.CANCELLED)
    seed.dead("d")
    seed.client.zadd(seed.keys.resent, {"r:1:0": seed.now})

    def counts() -> list[int]:
        reply = seed.scripts.stats(RETENTION)
        return [*reply[4:8], reply[11]]

    seed.clock.advance(RETENTION.completed_ms - 1)
    before = counts()
    seed.clock.advance(1)
    after = counts()
    seed.clock.advance(RETENTION.failed_ms)

    assert before == [1, 1, 1, 1, 1]
    assert after == [0, 0, 1, 1, 1]
    assert counts() == [0, 0, 0, 1, 0]


def test_stats_tell_the_age_of_the_oldest_in_any_lane(seed: Seed) -> None:
    """A campaign in the low lane may wait longer than what overtakes it."""
    seed.waiting("low", lane=Lane.LOW, created_at=seed.now - 60_000)
    seed.waiting("high", lane=Lane.HIGH, created_at=seed.now - 5)

    assert seed.scripts.stats(RETENTION)[8] == seed.now - 60_000


def test_stats_tell_the_next_due_time(seed: Seed) -> None:
    """The earliest of the delayed ones."""
    seed.delayed("late", due_in_ms=9_000)
    seed.delayed("soon", due_in_ms=1_000)

    assert seed.scripts.stats(RETENTION)[9] == seed.now + 1_000
