"""The job that this thread is running, in the shape delivery needs it.

The only bridge between the engine's message and delivery's port: neither room knows the other.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from dramatiq.middleware import CurrentMessage

from notifyctl.delivery.job import Asked
from notifyctl.engine.message import NotifyMessage

if TYPE_CHECKING:
    from notifyctl.delivery.job import ProviderTry
    from notifyctl.notification import Sent

__all__ = ["DeliveryJob", "current_job"]


class DeliveryJob:
    """Delivery's `Job`, kept by the engine's message."""

    def __init__(self, message: NotifyMessage) -> None:
        self._message = message
        self.job_id = message.job.job_id
        self.attempt = message.job.attempt
        self.payload = message.job.payload
        self.created_at_ms = message.job.created_at_ms
        self.possible_duplicate = message.job.possible_duplicate
        self.asked = Asked(message.job.asked, message.job.asked_at_ms) if message.job.look else None

    def begin(self, provider: str) -> None:
        """Mark that the send starts now.

        Raises:
            StaleLease: The job is no longer ours.
            BrokerUnavailable: Nobody can say whether it is.
        """
        self._message.begin(provider)

    def accepted(self, sent: Sent) -> None:
        """Keep the evidence; it goes to the server with the job's completion."""
        self._message.provider, self._message.provider_id = sent.provider, sent.provider_id

    def tried(self, attempt: ProviderTry) -> None:
        """Keep one line of history."""
        self._message.tries.append({key: value for key, value in asdict(attempt).items() if value != ""})


def current_job() -> DeliveryJob:
    """Return the job that this thread is running.

    Raises:
        RuntimeError: This thread runs none, or the broker lacks Dramatiq's `CurrentMessage` middleware.
    """
    message = CurrentMessage.get_current_message()
    if not isinstance(message, NotifyMessage):
        raise RuntimeError("no job of notifyctl is running in this thread")  # noqa: TRY004 - not about a type
    return DeliveryJob(message)
