"""The doubt script: active -> delayed, the second time -> dead."""

from __future__ import annotations

from notifyctl.engine.scripts import Completion
from tests.support.seed import RETENTION, Seed

RECORD = '{"outcome": "in_doubt"}'


def test_doubt_delays_the_job_and_flags_it(seed: Seed) -> None:
    """No attempt is used; whoever sends it again knows that it may be a duplicate."""
    token = seed.active("a", attempt=1, runs=1)
    seed.scripts.begin("a", token, "sendgrid")

    word = seed.twice(lambda: seed.scripts.doubt("a", token, 2_000, RECORD))

    assert word == "done"
    assert seed.score("delayed", "a") == seed.now + 2_000
    job = seed.job("a")
    assert (job["state"], job["lease"], job["attempt"], job["doubts"]) == ("delayed", "", "1", "1")
    assert (job["possible_duplicate"], job["began"], job["attempt:2"]) == ("1", "", RECORD)
    assert seed.woken


def test_doubt_a_second_time_buries_the_job(seed: Seed) -> None:
    """One possible duplicate is the most: then a person decides."""
    token = seed.active("a", doubts=1, possible_duplicate=1)

    word = seed.twice(lambda: seed.scripts.doubt("a", token, 2_000, RECORD))

    assert word == "done"
    assert (seed.ids("delayed"), seed.ids("dead"), seed.ids("failed")) == ([], ["a"], ["a"])
    job = seed.job("a")
    assert (job["state"], job["reason"], job["finished_at"]) == ("dead", "unknown_outcome", str(seed.now))


def test_doubt_under_another_lease_changes_nothing(seed: Seed) -> None:
    """A worker that lost the job has no say in it."""
    seed.active("a", token="w2:1")

    assert seed.changes_nothing(lambda: seed.scripts.doubt("a", "w1:1", 0, RECORD)) == "stale"
    assert seed.changes_nothing(lambda: seed.scripts.doubt("nobody", "w1:1", 0, RECORD)) == "stale"


def test_doubt_is_settled_by_evidence(seed: Seed) -> None:
    """The same run's acceptance, found late, completes the job before it goes again."""
    token = seed.active("a")
    seed.scripts.begin("a", token, "sendgrid")
    seed.scripts.doubt("a", token, 2_000, RECORD)

    # told by the token of whoever has the evidence, which here is not the one that doubted
    words = seed.scripts.complete([Completion("a", "look-up", "sendgrid", "sg-1")], RETENTION.completed_ms)

    assert words == ["late"]
    assert (seed.ids("delayed"), seed.ids("completed")) == ([], ["a"])


def test_doubt_goes_again_flagged(seed: Seed) -> None:
    """The next run is told that it may be a duplicate."""
    token = seed.active("a")
    seed.scripts.doubt("a", token, 2_000, RECORD)
    seed.clock.advance(2_000)

    (job,) = seed.take("w2", 1).jobs

    assert (job.possible_duplicate, job.attempt) == (True, 1)
