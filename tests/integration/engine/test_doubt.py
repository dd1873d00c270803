"""The doubt script: active -> delayed, until somebody looks up what became of it."""

from __future__ import annotations

from typing import Any

from notifyctl.engine.heartbeat import LEASE_MS
from notifyctl.engine.jobs import Completion
from notifyctl.engine.states import Lane
from tests.support.seed import RETENTION, Seed, ids

RECORD = '{"outcome": "in_doubt"}'


def _in_doubt(seed: Seed, job_id: str = "a", look_ms: int = 60_000, **fields: Any) -> None:
    token = seed.active(job_id, **fields)
    seed.scripts.begin(job_id, token, "twilio")
    seed.scripts.doubt(job_id, token, look_ms, RECORD)


def test_doubt_delays_the_job_until_its_look_up(seed: Seed) -> None:
    """No attempt is used, and nothing is repeated yet: it is no possible duplicate."""
    token = seed.active("a", attempt=1, runs=1)
    seed.scripts.begin("a", token, "sendgrid")

    word = seed.twice(lambda: seed.scripts.doubt("a", token, 60_000, RECORD))

    assert word == "done"
    assert seed.score("delayed", "a") == seed.now + 60_000
    job = seed.job("a")
    assert (job["state"], job["lease"], job["attempt"], job["doubts"]) == ("delayed", "", "1", "1")
    assert (job["look"], job["began"], job["attempt:2"]) == ("1", "", RECORD)
    assert "possible_duplicate" not in job
    assert seed.woken


def test_doubt_after_a_look_up_counts_as_the_same_one(seed: Seed) -> None:
    """Another look-up follows; there is one send in doubt, not two."""
    _in_doubt(seed)
    seed.clock.advance(60_000)
    (job,) = seed.take("w2", 1).jobs

    seed.twice(lambda: seed.scripts.doubt("a", job.token, 60_000, RECORD, 2))

    assert (seed.job("a")["doubts"], seed.job("a")["look"]) == ("1", "2")
    assert seed.score("delayed", "a") == seed.now + 60_000


def test_doubt_under_another_lease_changes_nothing(seed: Seed) -> None:
    """A worker that lost the job has no say in it."""
    seed.active("a", token="w2:1")

    assert seed.changes_nothing(lambda: seed.scripts.doubt("a", "w1:1", 0, RECORD)) == "stale"
    assert seed.changes_nothing(lambda: seed.scripts.doubt("nobody", "w1:1", 0, RECORD)) == "stale"


def test_doubt_is_settled_by_evidence(seed: Seed) -> None:
    """The same run's acceptance, found late, completes the job before it is looked up."""
    _in_doubt(seed)

    # told by the token of whoever has the evidence, which here is not the one that doubted
    words = seed.scripts.complete([Completion("a", "receipt", "twilio", "SM1")], RETENTION.completed_ms)

    assert words == ["late"]
    assert (seed.ids("delayed"), seed.ids("completed"), seed.job("a")["look"]) == ([], ["a"], "")


def test_doubt_that_is_settled_while_it_is_looked_up_stays_settled(seed: Seed) -> None:
    """The look-up finds the same acceptance as its own worker told: no duplicate is recorded."""
    _in_doubt(seed)
    seed.clock.advance(60_000)
    (look,) = seed.take("w2", 1).jobs
    late = seed.scripts.complete([Completion("a", "w1:1", "twilio", "SM1")], RETENTION.completed_ms)

    same = seed.scripts.complete([Completion("a", look.token, "twilio", "SM1")], RETENTION.completed_ms)
    other = seed.scripts.complete([Completion("a", "w3:1", "twilio", "SM2")], RETENTION.completed_ms)

    assert (late, same, other) == (["late"], ["done"], ["duplicate"])
    assert [name for name in seed.job("a") if name.startswith("duplicate:")] == ["duplicate:w3:1"]


def test_doubt_is_handed_out_with_whom_to_ask(seed: Seed) -> None:
    """Which look-up it is, which provider was asked, and when; the job's attempt is the same."""
    _in_doubt(seed)
    began = seed.now
    seed.clock.advance(60_000)

    (job,) = seed.take("w2", 1).jobs

    assert (job.look, job.asked, job.asked_at_ms, job.attempt) == (1, "twilio", began, 1)
    assert seed.changes_nothing(lambda: seed.take("w2", 1)).jobs == [job]


def test_doubt_is_looked_up_without_a_grant_and_before_all_others(seed: Seed) -> None:
    """Nothing is sent: neither the limit nor a full line holds it up."""
    _in_doubt(seed, "doubtful", look_ms=10)
    seed.waiting("a", "b", lane=Lane.HIGH)
    assert ids(seed.take("w1", 2, 1, "1/1000")) == ["a"]
    seed.clock.advance(10)

    batch = seed.take("w1", 3, 2, "1/1000")

    assert ids(batch) == ["doubtful"]
    assert batch.again_ms > 900
    seed.clock.advance(1_040)
    assert ids(seed.take("w1", 4, 2, "1/1000")) == ["b"]


def test_doubt_outlives_its_jobs_expiry(seed: Seed) -> None:
    """What may have been sent is looked up, however old it is; only its resend would be too late."""
    _in_doubt(seed, look_ms=10, expires_at=seed.now + 5)
    seed.clock.advance(10)

    (job,) = seed.take("w2", 1).jobs
    seed.scripts.resend("a", job.token, RECORD)

    assert ids(seed.take("w2", 2)) == []
    assert (seed.job("a")["state"], seed.job("a")["reason"]) == ("cancelled", "expired")


def test_doubt_whose_look_up_is_released_keeps_its_place(seed: Seed) -> None:
    """A shutdown in the middle of a look-up: the next worker looks it up, and does not send it."""
    _in_doubt(seed, look_ms=10)
    seed.waiting("b")
    seed.clock.advance(10)
    (job,) = seed.take("w2", 1, 1).jobs

    seed.twice(lambda: seed.scripts.release([("a", job.token)]))

    assert seed.ids("waiting") == ["a", "b"]
    assert seed.take("w3", 1, 1).jobs[0].look == 1


def test_doubt_whose_look_up_loses_its_worker_is_looked_up_again(seed: Seed) -> None:
    """A look-up sends nothing: it may be repeated, three times at most."""
    _in_doubt(seed, look_ms=10)
    seed.live(10)

    for sequence in range(1, 4):
        (job,) = seed.take("w2", sequence).jobs
        assert (job.look, job.possible_duplicate) == (1, False)
        seed.live(LEASE_MS)
        seed.reclaim(60_000)

    assert (seed.job("a")["state"], seed.job("a")["reason"]) == ("dead", "unknown_outcome")
    assert seed.job("a")["doubts"] == "1"
