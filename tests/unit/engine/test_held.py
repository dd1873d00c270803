"""What a process holds of a queue."""

from __future__ import annotations

import pytest

from notifyctl.engine.held import Held
from notifyctl.engine.message import NotifyMessage
from notifyctl.engine.states import Bury, Complete, Disposition, Doubt, Release, Resend, RetryAt
from tests.support.builders import a_message, a_taken_job


def _message(token: str = "w1:1") -> NotifyMessage:  # noqa: S107 - a lease token
    return NotifyMessage(a_message(), a_taken_job(token=token), None)  # type: ignore[arg-type]


def test_held_jobs_are_held_until_let_go() -> None:
    """From the take's reply until the outcome is confirmed."""
    held, message = Held(), _message()

    held.add([message])
    leases = held.leases()
    held.let_go(message)

    assert leases == [("job-1", "w1:1")]
    assert held.leases() == []


def test_held_job_taken_again_stays_held_when_its_lost_run_ends() -> None:
    """The first run lost its lease and ends late: the second one's lease is still to be extended."""
    held, lost, again = Held(), _message("w1:1"), _message("w1:2")
    held.add([lost])
    lost.lost = True
    held.add([again])

    held.let_go(lost)

    assert held.leases() == [("job-1", "w1:2")]


def test_held_jobs_whose_lease_is_lost_are_not_named() -> None:
    """There is nothing left to extend; the thread is still busy with it."""
    held, message = Held(), _message()
    held.add([message])

    message.lost = True

    assert held.leases() == []
    assert list(held.jobs) == ["job-1"]


@pytest.mark.parametrize("disposition", [Resend(), RetryAt(0), Release()])
def test_held_job_that_was_given_back_is_lined_up_when_it_comes_again(disposition: Disposition) -> None:
    """The server has been told, and hands it out before the thread that told it has let go."""
    held, told, again = Held(), _message("w1:1"), _message("w1:2")
    held.add([told])
    told.began, told.disposition = True, disposition

    under_way = held.add([again])
    held.let_go(told)

    assert (under_way, list(held.undelivered)[1:], held.leases()) == ([], [again], [("job-1", "w1:2")])


@pytest.mark.parametrize("disposition", [None, Complete("smtp", "1"), Doubt(0), Bury("unknown_outcome")])
def test_held_job_that_may_have_been_sent_is_not_lined_up_again(disposition: Disposition | None) -> None:
    """The server has forgotten it: its thread goes on under the new lease; of a send under way the server is told."""
    held, sending, again = Held(), _message("w1:1"), _message("w1:2")
    held.add([sending])
    sending.began, sending.disposition = True, disposition

    under_way = held.add([again])

    assert under_way == ([sending] if disposition is None else [])
    assert (list(held.undelivered), held.leases()) == ([sending], [("job-1", "w1:2")])
