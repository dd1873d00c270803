"""The beat script: leases extended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine.heartbeat import BEAT_MS, GAP_MS, LEASE_MS

if TYPE_CHECKING:
    from tests.support.seed import Seed


def _beat(seed: Seed, *leases: tuple[str, str]) -> list[str]:
    return seed.scripts.beat(leases, LEASE_MS, GAP_MS)


def test_beat_extends_the_leases_it_names(seed: Seed) -> None:
    """What is named lives a lease longer; what is not runs out when it would have."""
    token = seed.active("a", "b", "unnamed")
    until = seed.now + LEASE_MS
    seed.clock.advance(3_000)

    lost = seed.twice(lambda: _beat(seed, ("a", token), ("b", token)))

    assert lost == []
    assert [seed.score("active", job_id) for job_id in ("a", "b", "unnamed")] == [until + 3_000, until + 3_000, until]


def test_beat_tells_which_leases_are_lost(seed: Seed) -> None:
    """Jobs that another worker has, that have ended, or that nobody knows."""
    mine = seed.active("mine")
    seed.active("theirs", token="w2:1")
    seed.ended("ended", settled=mine)
    theirs_until = seed.score("active", "theirs")
    seed.clock.advance(1_000)

    lost = _beat(seed, ("mine", mine), ("theirs", mine), ("ended", mine), ("nobody", mine))

    assert lost == ["theirs", "ended", "nobody"]
    assert seed.score("active", "theirs") == theirs_until


def test_beat_keeps_jobs_from_being_reclaimed(seed: Seed) -> None:
    """A worker that beats keeps its job for as long as the job takes."""
    token = seed.active("slow")

    for _ in range(20):
        seed.clock.advance(3_000)
        assert _beat(seed, ("slow", token)) == []
        assert not seed.take("w2", 1).lost


def test_beat_on_time_leaves_no_grace(seed: Seed) -> None:
    """A worker that is busy for long, beating on time, does not keep dead workers' jobs from being reclaimed."""
    mine = seed.active("mine")
    seed.active("theirs", token="w2:1")

    reclaimed = 0
    for sequence in range(2, 8):
        seed.clock.advance(BEAT_MS + 20)  # a beat's pause, and the time that a beat takes
        _beat(seed, ("mine", mine))
        reclaimed += seed.take("w1", sequence, 0).lost and seed.reclaim(0)

    assert (reclaimed, seed.ids("active"), seed.ids("waiting")) == (1, ["mine"], ["theirs"])


def test_beat_after_a_gap_gives_every_lease_time(seed: Seed) -> None:
    """The server was away, so nobody could beat: nothing is reclaimed before all had a chance to."""
    seed.take("w1", 1)
    token = seed.active("mine")
    seed.active("theirs", token="w2:1")
    seed.clock.advance(2 * LEASE_MS)

    early = []
    for sequence in range(1, 5):
        _beat(seed, ("mine", token))
        early.append(seed.take("w3", sequence).lost)
        seed.clock.advance(BEAT_MS)
    seed.clock.advance(LEASE_MS - 4 * BEAT_MS)

    assert early == [False] * 4
    assert seed.take("w3", 5).lost
    assert seed.reclaim(0) == 1
    assert seed.ids("waiting") == ["theirs"]
