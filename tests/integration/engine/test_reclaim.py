"""The reclaim script: active -> waiting, delayed or dead, where a lease ran out."""

from __future__ import annotations

import json

import pytest

from notifyctl.engine.heartbeat import GAP_MS, LEASE_MS
from tests.support.seed import Seed, ids


def test_reclaim_gives_back_what_was_not_begun(seed: Seed) -> None:
    """To its old place in line, no attempt used, its lost run on record."""
    seed.active("a")
    seed.waiting("b")
    seed.live(LEASE_MS - 1)
    early = seed.changes_nothing(lambda: seed.reclaim(60_000))
    seed.live(1)

    assert (early, seed.reclaim(60_000)) == (0, 1)

    assert seed.woken
    (job,) = seed.take("w2", 1, 1).jobs
    assert (job.job_id, job.attempt, job.look, job.possible_duplicate) == ("a", 1, 0, False)
    stored = seed.job("a")
    assert stored["lost"] == "1"
    assert json.loads(stored["attempt:1"]) == {
        "attempt": 1, "started_at_ms": seed.now - LEASE_MS, "outcome": "lost_worker", "provider": "",
        "error": "its worker was lost",
    }  # fmt: skip


def test_reclaim_puts_a_send_that_had_begun_aside_to_be_looked_up(seed: Seed) -> None:
    """Nobody knows whether it was sent: it does not go again before somebody has looked."""
    seed.scripts.begin("a", seed.active("a"), "sendgrid")
    seed.live(LEASE_MS)

    assert seed.reclaim(60_000) == 1

    job = seed.job("a")
    assert (job["state"], job["look"], job["doubts"], job["began"], job["lease"]) == ("delayed", "1", "1", "", "")
    assert seed.score("delayed", "a") == seed.now + 60_000
    attempt = json.loads(job["attempt:1"])
    assert (attempt["outcome"], attempt["provider"]) == ("in_doubt", "sendgrid")
    assert ids(seed.take("w2", 1)) == []


def test_reclaim_buries_a_job_that_lost_three_workers(seed: Seed) -> None:
    """A job that kills its worker before it sends anything is not handed out for ever."""
    seed.waiting("a")

    for sequence in range(1, 4):
        seed.live(2_000)
        assert ids(seed.take("w1", sequence)) == ["a"]
        seed.live(LEASE_MS)
        seed.reclaim(60_000)

    job = seed.job("a")
    assert (job["state"], job["reason"], job["lost"], job["finished_at"]) == ("dead", "lost_worker", "3", str(seed.now))
    assert (seed.ids("dead"), seed.ids("failed"), seed.ids("waiting")) == (["a"], ["a"], [])


def test_reclaim_sets_jobs_apart_that_lost_their_second_worker_together(seed: Seed) -> None:
    """One of them may have killed it, and is not to take the others with it the third time."""
    seed.waiting("a", "b", "c")

    for sequence in (1, 2):
        assert ids(seed.take("w1", sequence)) == ["a", "b", "c"]
        seed.live(LEASE_MS)
        seed.reclaim(60_000)

    due = [seed.score("delayed", name) for name in "abc"]
    assert due == [seed.now + 2_000, seed.now + 4_000, seed.now + 6_000]
    assert {seed.job(name)["state"] for name in "abc"} == {"delayed"}


def test_reclaim_after_a_replay_counts_lost_workers_anew(seed: Seed) -> None:
    """A person who sends a poisonous job again gives it three more."""
    seed.dead("a", reason="lost_worker", lost=3)
    seed.scripts.replay("a", "call")

    seed.take("w1", 1)
    seed.live(LEASE_MS)
    seed.reclaim(60_000)

    assert ids(seed.take("w1", 2)) == ["a"]


def test_reclaim_is_bounded(seed: Seed) -> None:
    """A lost fleet's jobs come back in some calls, not in one long one."""
    seed.active(*[f"job-{number:03}" for number in range(250)])
    seed.live(LEASE_MS)

    assert [seed.reclaim(60_000) for _ in range(4)] == [100, 100, 50, 0]
    assert len(seed.ids("waiting")) == 250


def test_reclaim_heeds_the_grace_after_a_gap(seed: Seed) -> None:
    """The server was away: a lease is given to all before any is reclaimed."""
    seed.take("w2", 1)
    seed.active("a")
    seed.clock.advance(LEASE_MS + GAP_MS)
    seed.take("w2", 2)

    at_once = seed.reclaim(60_000)
    seed.live(LEASE_MS)

    assert (at_once, seed.reclaim(60_000)) == (0, 1)


@pytest.mark.parametrize("begun", [True, False])
def test_reclaim_again_after_a_lost_reply_changes_nothing(seed: Seed, begun: bool) -> None:
    """What is reclaimed is under no lease any more."""
    token = seed.active("a")
    if begun:
        seed.scripts.begin("a", token, "smtp")
    seed.live(LEASE_MS)
    seed.reclaim(60_000)

    assert seed.changes_nothing(lambda: seed.reclaim(60_000)) == 0
