"""The begin script: a send starts, under a lease that holds, at the distance that the rate asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State

if TYPE_CHECKING:
    from tests.support.seed import Seed


def test_begin_writes_down_who_sends_and_since_when(seed: Seed) -> None:
    """Before the first byte leaves, the job says that it is being sent."""
    token = seed.active("a")

    wait_us = seed.twice(lambda: seed.scripts.begin("a", token, "sendgrid"))

    assert wait_us == 0
    job = seed.job("a")
    assert (job["began"], job["provider"], job["began_at"]) == (token, "sendgrid", str(seed.now))
    assert job["state"] == "active"


def test_begin_under_another_lease_is_refused(seed: Seed) -> None:
    """A stale token means: do not send."""
    seed.active("a", token="w2:7")

    assert seed.changes_nothing(lambda: seed.scripts.begin("a", "w1:1", "sendgrid")) == -1


@pytest.mark.parametrize("state", [State.WAITING, State.DELAYED, State.DEAD, State.COMPLETED, State.CANCELLED])
def test_begin_of_a_job_that_is_not_in_progress_is_refused(seed: Seed, state: State) -> None:
    """Whatever became of the job meanwhile, this worker must not send it."""
    seed.put("a", state, seed.now, lease="", settled="w1:1")
    if state in (State.COMPLETED, State.CANCELLED):
        seed.client.pexpire(seed.keys.job("a"), 60_000)

    answer = seed.changes_nothing(lambda: seed.scripts.begin("a", "w1:1", "sendgrid"))

    assert answer == -1
    seed.client.delete(seed.keys.waiting)
    seed.client.delete(seed.keys.job("a"), getattr(seed.keys, state.value))


def test_begin_of_an_unknown_job_is_refused(seed: Seed) -> None:
    """No job, no send, and no hash comes into being."""
    assert seed.changes_nothing(lambda: seed.scripts.begin("nobody", "w1:1", "sendgrid")) == -1


def test_begin_keeps_the_distance_between_sends(seed: Seed) -> None:
    """Three jobs that begin at once go one interval apart."""
    token = seed.active("a", "b", "c")

    waits_us = [seed.scripts.begin(job_id, token, "sendgrid", "10/1000") for job_id in "abc"]

    assert waits_us == [0, 103_000, 206_000]


def test_begin_does_not_wait_where_the_distance_is_there(seed: Seed) -> None:
    """A send that comes later than its turn goes at once."""
    token = seed.active("a", "b")
    seed.scripts.begin("a", token, "sendgrid", "10/1000")
    seed.clock.advance(103)

    assert seed.scripts.begin("b", token, "sendgrid", "10/1000") == 0


def test_begin_at_a_second_provider_does_not_wait_again(seed: Seed) -> None:
    """Failing over inside a run is the same send."""
    token = seed.active("a")
    seed.scripts.begin("a", token, "sendgrid", "10/1000")
    seed.clock.advance(1)

    assert seed.scripts.begin("a", token, "smtp", "10/1000") == 0
    assert seed.job("a")["provider"] == "smtp"


def test_begin_called_again_after_a_lost_reply_asks_for_the_same_wait(seed: Seed) -> None:
    """The distance is kept, though the first answer never arrived."""
    token = seed.active("a", "b")
    seed.scripts.begin("a", token, "sendgrid", "10/1000")

    assert seed.twice(lambda: seed.scripts.begin("b", token, "sendgrid", "10/1000")) == 103_000
    seed.clock.advance(100)
    assert seed.scripts.begin("b", token, "sendgrid", "10/1000") == 3_000


def test_begin_heeds_the_operators_rate(seed: Seed) -> None:
    """A live limit wins over the one of the settings."""
    token = seed.active("a", "b")
    seed.scripts.configure({"rate": "1/1000"})
    seed.scripts.begin("a", token, "sendgrid", "10/1000")

    assert seed.scripts.begin("b", token, "sendgrid", "10/1000") == 1_030_000


def test_begin_does_not_wait_for_the_turn_of_a_rate_that_was_lifted(seed: Seed) -> None:
    """After an hourly limit was raised, a send does not sleep for the rest of the hour."""
    token = seed.active("a", "b")
    seed.scripts.begin("a", token, "sendgrid", "1/3600000")

    assert seed.scripts.begin("b", token, "sendgrid", "10/1000") <= 206_000


def test_begin_does_not_wait_for_a_clock_that_was_set_back(seed: Seed) -> None:
    """A server whose clock was an hour ahead for a moment does not hold up sends for an hour."""
    seed.clock.advance(3_600_000)
    token = seed.active("a")
    seed.scripts.begin("a", token, "sendgrid", "10/1000")
    seed.clock.advance(-3_600_000)
    seed.active("b")

    assert seed.scripts.begin("b", token, "sendgrid", "10/1000") <= 206_000
