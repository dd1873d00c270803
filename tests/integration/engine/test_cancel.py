"""The cancel script: waiting | delayed -> cancelled; by its worker, active -> cancelled."""

from __future__ import annotations

import pytest

from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS
from notifyctl.engine.states import State
from tests.support.seed import RETENTION, Seed


def _cancel(seed: Seed, job_id: str, token: str = "", call: str = "call") -> str:
    return seed.scripts.cancel(job_id, "operator", RETENTION.cancelled_ms, token=token, call=call)


@pytest.mark.parametrize("state", [State.WAITING, State.DELAYED])
def test_cancel_stops_what_has_not_gone(seed: Seed, state: State) -> None:
    """The reason is kept, and the job for its retention."""
    seed.client.set(seed.keys.idempotency("key"), "a d1")
    (seed.waiting if state is State.WAITING else seed.delayed)("a", idem="key")

    assert _cancel(seed, "a") == "done"

    assert (seed.ids(state), seed.ids("cancelled")) == ([], ["a"])
    job = seed.job("a")
    assert (job["state"], job["reason"], job["finished_at"]) == ("cancelled", "operator", str(seed.now))
    assert 0 <= RETENTION.cancelled_ms - seed.ttl_ms(seed.keys.job("a")) < 5_000
    key_ttl_ms = seed.ttl_ms(seed.keys.idempotency("key"))
    assert 0 <= RETENTION.cancelled_ms + IDEMPOTENCY_TAIL_MS - key_ttl_ms < 5_000


def test_cancel_after_a_lost_reply_answers_the_same(seed: Seed) -> None:
    """Whoever asked learns that it will not go."""
    seed.waiting("a")

    assert seed.twice(lambda: _cancel(seed, "a")) == "done"


def test_cancel_by_a_second_call_says_that_it_is_cancelled(seed: Seed) -> None:
    """Two clicks."""
    seed.waiting("a")
    _cancel(seed, "a")

    assert seed.changes_nothing(lambda: _cancel(seed, "a", call="another")) == "cancelled"


def test_cancel_by_its_worker(seed: Seed) -> None:
    """A run that finds that its message is not wanted ends it, under its lease."""
    token = seed.active("a")

    assert seed.twice(lambda: _cancel(seed, "a", token)) == "done"

    assert (seed.ids("active"), seed.ids("cancelled")) == ([], ["a"])
    assert seed.job("a")["lease"] == ""


def test_cancel_by_a_worker_that_lost_the_job_changes_nothing(seed: Seed) -> None:
    """A stale token has no say, wherever the job is now."""
    seed.active("theirs", token="w2:1")
    seed.waiting("waiting", lease="")
    seed.ended("ended", settled="w2:1")

    for job_id in ("theirs", "waiting", "ended"):
        assert seed.changes_nothing(lambda job_id=job_id: _cancel(seed, job_id, "w1:1")) == "stale"  # type: ignore[misc]
    assert seed.changes_nothing(lambda: _cancel(seed, "nobody", "w1:1")) == "missing"


def test_cancel_by_an_operator_leaves_what_is_being_sent(seed: Seed) -> None:
    """What is in progress, dead or done cannot be cancelled; the answer says where it is."""
    seed.active("active")
    seed.dead("dead")
    seed.ended("completed")

    for state in ("active", "dead", "completed"):
        assert seed.changes_nothing(lambda state=state: _cancel(seed, state)) == state  # type: ignore[misc]
    assert seed.changes_nothing(lambda: _cancel(seed, "nobody")) == "missing"


def test_cancel_by_a_person_is_in_its_history(seed: Seed) -> None:
    """Who, and why."""
    seed.waiting("a")

    seed.scripts.cancel("a", "operator", RETENTION.cancelled_ms, call="call", act='{"verb": "cancelled", "by": "ada"}')

    assert seed.job("a")["act:1"] == f'{seed.now} {{"verb": "cancelled", "by": "ada"}}'


@pytest.mark.parametrize("state", [State.DEAD, State.ACTIVE])
def test_cancel_of_what_is_superseded_too_late_marks_it(seed: Seed, state: State) -> None:
    """A later event made it wrong: it stays where it is, and must not be sent again. The first such event counts."""
    (seed.dead if state is State.DEAD else seed.active)("a")
    first = seed.now

    def supersede(call: str) -> str:
        return seed.scripts.cancel("a", "superseded", RETENTION.cancelled_ms, call=call)

    assert seed.twice(lambda: supersede("call")) == state
    seed.clock.advance(1_000)
    assert supersede("another") == state

    assert seed.job("a")["superseded"] == str(first)
    assert seed.ids(state) == ["a"]


def test_cancel_by_a_person_marks_no_dead_letter(seed: Seed) -> None:
    """Only what the order system says makes it wrong for good."""
    seed.dead("a")

    assert seed.changes_nothing(lambda: _cancel(seed, "a")) == State.DEAD
