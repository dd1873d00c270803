"""What a process holds of a queue."""

from __future__ import annotations

from notifyctl.engine.held import Held
from notifyctl.engine.message import NotifyMessage
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
