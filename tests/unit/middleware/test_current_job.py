"""The bridge from the engine's message to delivery's job."""

from __future__ import annotations

from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import CurrentMessage

from notifyctl.delivery.job import ProviderTry
from notifyctl.errors import StaleLease
from notifyctl.middleware.current_job import DeliveryJob, current_job
from notifyctl.notification import Sent
from tests.support.builders import a_notify_message


class _Scripts:
    """Answers `begin` as told."""

    def __init__(self, wait_us: int) -> None:
        self.wait_us = wait_us
        self.begun: list[Any] = []

    def begin(self, *args: Any) -> int:
        self.begun.append(args)
        return self.wait_us


def test_current_job_is_the_one_that_this_thread_runs() -> None:
    """During a run, and neither before nor after it."""
    middleware, broker, message = CurrentMessage(), StubBroker(middleware=[]), a_notify_message(attempt=3)
    with pytest.raises(RuntimeError, match="no job"):
        current_job()

    middleware.before_process_message(broker, message)
    job = current_job()
    middleware.after_process_message(broker, message)

    assert (job.job_id, job.attempt, job.payload, job.possible_duplicate) == ("job-1", 3, b"", False)
    with pytest.raises(RuntimeError, match="no job"):
        current_job()


def test_delivery_job_keeps_evidence_and_history_on_the_message() -> None:
    """What delivery tells is there when the run's outcome is carried out."""
    message = a_notify_message()
    job = DeliveryJob(message)

    job.tried(ProviderTry("sendgrid", "transient", "503", "down", 12))
    job.accepted(Sent("smtp", "m-1"))

    assert (message.provider, message.provider_id) == ("smtp", "m-1")
    assert message.tries == [
        {"provider": "sendgrid", "outcome": "transient", "provider_code": "503", "error": "down", "duration_ms": 12}
    ]


def test_delivery_job_begins_under_its_lease() -> None:
    """The token goes with the call."""
    scripts = _Scripts(0)
    message = a_notify_message(scripts)

    DeliveryJob(message).begin("sendgrid")

    assert scripts.begun == [("job-1", "w1:1", "sendgrid", "0/1")]
    assert message.began


@pytest.mark.parametrize(("lost", "calls"), [(False, 1), (True, 0)])
def test_delivery_job_is_not_begun_after_its_lease_was_lost(lost: bool, calls: int) -> None:
    """The server says so, or the heartbeat said so before."""
    scripts = _Scripts(-1)
    message = a_notify_message(scripts)
    message.lost = lost

    with pytest.raises(StaleLease):
        DeliveryJob(message).begin("sendgrid")

    assert len(scripts.begun) == calls
    assert not message.began


def test_delivery_job_is_not_sent_where_its_lease_is_lost_during_the_wait_for_its_turn() -> None:
    """The wait may be long: what the heartbeat found meanwhile counts."""
    message = a_notify_message()

    class _LosesIt(_Scripts):
        def begin(self, *args: Any) -> int:
            message.lost = True
            return super().begin(*args)

    message._scripts = _LosesIt(1)  # type: ignore[assignment]

    with pytest.raises(StaleLease):
        DeliveryJob(message).begin("sendgrid")
