"""The sweep script: forgets what its retention is over for."""

from __future__ import annotations

from notifyctl.engine.scripts import Retention
from notifyctl.engine.states import State
from tests.support.seed import RETENTION, Seed


def test_sweep_forgets_what_is_over(seed: Seed) -> None:
    """What is a day old goes; the record of failures stays for its week, and the dead for good."""
    seed.ended("c")
    seed.ended("x", state=State.CANCELLED)
    seed.dead("d")
    seed.clock.advance(RETENTION.completed_ms)
    seed.ended("new")

    gone = seed.scripts.sweep(RETENTION)

    assert gone == 2
    assert (seed.ids("completed"), seed.ids("cancelled")) == (["new"], [])
    assert (seed.ids("failed"), seed.ids("dead")) == (["d"], ["d"])


def test_sweep_again_finds_nothing(seed: Seed) -> None:
    """A second sweep has nothing to do, and changes nothing."""
    seed.ended("c")
    seed.clock.advance(RETENTION.completed_ms)
    seed.scripts.sweep(RETENTION)

    assert seed.changes_nothing(lambda: seed.scripts.sweep(RETENTION)) == 0


def test_sweep_does_not_change_the_counts(seed: Seed) -> None:
    """Stats are exact before and after."""
    seed.ended("old")
    seed.clock.advance(RETENTION.completed_ms)
    seed.ended("new")
    before = seed.scripts.stats(RETENTION)

    seed.scripts.sweep(RETENTION)

    assert seed.scripts.stats(RETENTION) == before


def test_sweep_is_bounded(seed: Seed) -> None:
    """Some hundred entries a call, and the answer says that there may be more."""
    seed.client.zadd(seed.keys.failed, {f"job-{number}": seed.now for number in range(700)})
    seed.clock.advance(RETENTION.failed_ms)

    assert [seed.scripts.sweep(RETENTION) for _ in range(4)] == [300, 300, 100, 0]


def test_sweep_keeps_what_a_longer_retention_asks_for(seed: Seed) -> None:
    """The retention is the caller's."""
    seed.ended("c")
    seed.clock.advance(RETENTION.completed_ms)

    assert seed.scripts.sweep(Retention(completed_ms=2 * RETENTION.completed_ms)) == 0
