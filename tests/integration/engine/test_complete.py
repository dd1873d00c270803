"""The complete script: active -> completed, and late evidence."""

from __future__ import annotations

import pytest

from notifyctl.engine.jobs import Completion
from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS
from notifyctl.engine.states import State
from tests.support.seed import RETENTION, Seed

RECORD = '{"outcome": "sent"}'


def _complete(seed: Seed, *completions: Completion) -> list[str]:
    return seed.scripts.complete(completions, RETENTION.completed_ms)


def _sent(job_id: str, token: str) -> Completion:
    return Completion(job_id, token, "sendgrid", "sg-1", RECORD)


def test_complete_settles_a_job(seed: Seed) -> None:
    """The evidence and the record are kept, the lease and the message are gone."""
    token = seed.active("a", runs=1)

    words = seed.twice(lambda: _complete(seed, _sent("a", token)))

    assert words == ["done"]
    assert (seed.ids("active"), seed.ids("completed")) == ([], ["a"])
    job = seed.job("a")
    assert (job["state"], job["lease"], job["message"], job["finished_at"]) == ("completed", "", "", str(seed.now))
    assert (job["provider"], job["provider_id"], job["attempt:2"]) == ("sendgrid", "sg-1", RECORD)


def test_complete_lets_the_job_and_its_key_end(seed: Seed) -> None:
    """The job lives on for its retention, its idempotency key for thirty days more."""
    key = seed.keys.idempotency("key")
    seed.client.set(key, "a d1")

    _complete(seed, _sent("a", seed.active("a", idem="key")))

    assert 0 <= RETENTION.completed_ms - seed.ttl_ms(seed.keys.job("a")) < 5_000
    assert 0 <= RETENTION.completed_ms + IDEMPOTENCY_TAIL_MS - seed.ttl_ms(key) < 5_000


def test_complete_answers_each_of_many(seed: Seed) -> None:
    """One stale id does not fail the others of a group."""
    token = seed.active("a", "b")
    seed.active("theirs", token="w2:1")

    words = _complete(seed, *[Completion(job_id, token) for job_id in ("a", "theirs", "nobody", "b")])

    assert words == ["done", "stale", "stale", "done"]
    assert seed.ids("active") == ["theirs"]


def test_complete_of_many_at_once(seed: Seed) -> None:
    """A whole group of a hundred fits into a call."""
    names = [f"job-{number}" for number in range(100)]
    token = seed.active(*names)

    assert _complete(seed, *[_sent(name, token) for name in names]) == ["done"] * 100
    assert len(seed.ids("completed")) == 100


def test_complete_under_another_lease_without_evidence_changes_nothing(seed: Seed) -> None:
    """A worker that lost the job and sent nothing has no say in it."""
    for job_id, state in zip("abcd", (State.WAITING, State.DELAYED, State.DEAD, State.ACTIVE), strict=True):
        lane_and_seq = 10**15 + seed._seq + 1
        score = lane_and_seq if state is State.WAITING else seed.now
        seed.put(job_id, state, score, lease="w2:1" if state is State.ACTIVE else "")

    words = seed.changes_nothing(lambda: _complete(seed, *[Completion(job_id, "w1:1") for job_id in "abcd"]))

    assert words == ["stale"] * 4


@pytest.mark.parametrize("state", [State.WAITING, State.DELAYED])
def test_complete_with_late_evidence_settles_a_job_that_is_not_being_sent(seed: Seed, state: State) -> None:
    """The lease was lost, and then the provider's acceptance came in: the job does not go again."""
    if state is State.WAITING:
        seed.waiting("a", possible_duplicate=1, doubts=1, lease="")
    else:
        seed.delayed("a", possible_duplicate=1, doubts=1, lease="", settled="w1:9")

    first = _complete(seed, _sent("a", "w1:1"))
    again = seed.changes_nothing(lambda: _complete(seed, _sent("a", "w1:1")))

    assert (first, again) == (["late"], ["done"])
    assert (seed.ids(state), seed.ids("completed")) == ([], ["a"])
    assert seed.job("a")["provider_id"] == "sg-1"


def test_complete_with_late_evidence_settles_a_job_that_was_taken_again_and_not_begun(seed: Seed) -> None:
    """While no second send has started, none has to: the new holder is told not to send."""
    seed.active("a", token="w2:1", possible_duplicate=1)

    words = _complete(seed, _sent("a", "w1:1"))

    assert words == ["late"]
    assert (seed.ids("active"), seed.ids("completed")) == ([], ["a"])
    assert seed.scripts.begin("a", "w2:1", "smtp") == -1
    assert seed.changes_nothing(lambda: _complete(seed, Completion("a", "w2:1"))) == ["stale"]


def test_complete_with_late_evidence_of_a_job_being_sent_again_is_recorded(seed: Seed) -> None:
    """Too late to stop the second send: the first is on record as a duplicate, and the job is the other worker's."""
    token = seed.active("a", token="w2:1")
    seed.scripts.begin("a", token, "smtp")

    words = seed.twice(lambda: _complete(seed, _sent("a", "w1:1")))

    assert words == ["duplicate"]
    assert seed.ids("active") == ["a"]
    assert seed.job("a")["duplicate:w1:1"] == "sendgrid sg-1"
    assert _complete(seed, Completion("a", token, "smtp", "m-1")) == ["done"]


@pytest.mark.parametrize("reason", ["unknown_outcome", "lost_worker", "retries_exhausted"])
def test_complete_with_late_evidence_settles_a_dead_job(seed: Seed, reason: str) -> None:
    """It did arrive: nobody sends it once more by hand. That it was buried still counts."""
    seed.client.set(seed.keys.idempotency("key"), "a d1")
    seed.dead("a", reason=reason, settled="w2:1", idem="key")

    first = _complete(seed, _sent("a", "w1:1"))
    again = seed.changes_nothing(lambda: _complete(seed, _sent("a", "w1:1")))

    assert (first, again) == (["late"], ["done"])
    assert (seed.ids("dead"), seed.ids("completed"), seed.ids("failed")) == ([], ["a"], ["a"])
    job = seed.job("a")
    assert (job["state"], job["provider_id"], "reason" in job) == ("completed", "sg-1", False)
    assert seed.scripts.replay("a", "call") == "completed"


@pytest.mark.parametrize("state", [State.COMPLETED, State.CANCELLED])
def test_complete_with_late_evidence_of_an_ended_job_is_recorded(seed: Seed, state: State) -> None:
    """Evidence is never thrown away, and never moves a job that has ended."""
    seed.ended("a", state=state)

    words = seed.twice(lambda: _complete(seed, _sent("a", "w1:1")))

    assert words == ["duplicate"]
    assert seed.ids(state) == ["a"]
    assert seed.job("a")["duplicate:w1:1"] == "sendgrid sg-1"


def test_complete_of_a_forgotten_job_leaves_nothing_behind(seed: Seed) -> None:
    """No hash comes back to life without a TTL."""
    assert seed.changes_nothing(lambda: _complete(seed, _sent("a", "w1:1"))) == ["stale"]


def test_complete_by_an_earlier_send_while_another_is_under_way_is_kept_as_evidence(seed: Seed) -> None:
    """Whatever becomes of the one under way, nothing is sent any more: each outcome answers with the evidence."""
    token = seed.active("a", token="w2:1", possible_duplicate=1)
    seed.scripts.begin("a", token, "smtp")

    words = seed.scripts.complete([Completion("a", "w1:1", "sendgrid", "SG1")], RETENTION.completed_ms)

    assert words == ["duplicate"]
    for act in (
        lambda: seed.scripts.retry("a", token, 0, ""),
        lambda: seed.scripts.bury("a", token, "permanent", ""),
        lambda: seed.scripts.doubt("a", token, 0, ""),
        lambda: seed.scripts.release([("a", token)], 5_000, "throttled")[0],
    ):
        assert seed.changes_nothing(act) == "accepted sendgrid SG1"
    done = seed.scripts.complete([Completion("a", token, "sendgrid", "SG1")], RETENTION.completed_ms)
    assert (done, seed.ids("completed")) == (["done"], ["a"])


def test_complete_notes_when_the_accepted_send_began(seed: Seed) -> None:
    """By that a message that alone is refused for the account's sake is told from an account that is refused."""
    token = seed.active("a", "b", "late")
    for job_id in ("a", "b"):
        seed.scripts.begin(job_id, token, "sendgrid")
    began = seed.now
    seed.clock.advance(100)

    seed.scripts.complete([Completion("a", token, "sendgrid", "x")], RETENTION.completed_ms)
    seed.scripts.complete([Completion("late", "w9:1", "sendgrid", "y")], RETENTION.completed_ms)

    assert seed.read_all()["meta"]["sent_at"] == str(began)
