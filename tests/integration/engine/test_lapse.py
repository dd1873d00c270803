"""The lapse script: what a dead worker process held is reclaimed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine.heartbeat import GAP_MS
from tests.support.seed import ids

if TYPE_CHECKING:
    from tests.support.seed import Seed


def test_lapse_ends_the_leases_of_one_worker(seed: Seed) -> None:
    """They are handed out again; those of others, also with a name that begins alike, are left alone."""
    seed.active("a", token="w1:1")
    seed.active("b", token="w1:2")
    seed.active("other", token="w10:1")
    seed.active("others", token="w2:1")

    assert seed.twice(lambda: seed.scripts.lapse("w1")) == 2

    assert seed.woken
    assert seed.take("w3", 1).lost
    assert seed.reclaim(60_000) == 2
    assert ids(seed.take("w3", 2)) == ["a", "b"]
    assert set(seed.ids("active")) == {"a", "b", "other", "others"}


def test_lapse_of_a_send_in_progress_is_a_doubt(seed: Seed) -> None:
    """As where a lease runs out: nobody can say whether it went."""
    seed.scripts.begin("a", seed.active("a", token="w1:1"), "sendgrid")
    seed.scripts.lapse("w1")

    seed.reclaim(60_000)

    assert (seed.job("a")["state"], seed.job("a")["look"]) == ("delayed", "1")


def test_lapse_of_a_worker_that_held_nothing_changes_nothing(seed: Seed) -> None:
    """Nobody is woken for it."""
    seed.active("a", token="w2:1")

    assert seed.changes_nothing(lambda: seed.scripts.lapse("w1")) == 0


def test_lapse_knows_no_grace(seed: Seed) -> None:
    """Nobody ran a script for long, as where the only worker is busy and dies: others' leases are given time, not its."""
    seed.active("a", token="w1:1", lease_ms=1_000)
    seed.active("other", token="w2:1", lease_ms=1_000)
    seed.live(0)
    seed.clock.advance(GAP_MS + 1)
    seed.scripts.lapse("w1")

    assert seed.take("w3", 1).lost
    assert seed.reclaim(60_000) == 1
    assert ids(seed.take("w3", 2)) == ["a"]
    assert not seed.take("w3", 3).lost
    assert set(seed.ids("active")) == {"a", "other"}
