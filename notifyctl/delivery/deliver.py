"""The one function that an actor calls: a job's notification is decoded, rendered and handed to a provider.

What it raises is the outcome; the queue's middleware decides what follows from it. Knows no queue, no vendor
and no template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from notifyctl.delivery.doubt import look_up
from notifyctl.notification import Notification

if TYPE_CHECKING:
    from notifyctl.delivery.failover import Route
    from notifyctl.delivery.job import Job

__all__ = ["Render", "deliver"]

P = TypeVar("P")
P_co = TypeVar("P_co", covariant=True)


class Render(Protocol[P_co]):
    """A channel's way from a notification to a finished payload."""

    def __call__(self, notification: Notification, job_id: str, created_at_ms: int, /) -> P_co:
        """Return the payload, the same for each attempt.

        Raises:
            RenderError: If the template or a variable cannot be used.
        """
        ...


def deliver(job: Job, *, render: Render[P], route: Route[P]) -> None:
    """Send a job's notification, or look up what became of it, and leave the provider's acceptance with the job.

    Args:
        job: The job; its payload is a `Notification`.
        render: Makes the payload that the route's providers take.
        route: The channel's providers.

    Raises:
        InvalidInput: If the payload is not a notification, or cannot be rendered; nothing was begun.
        StaleLease: If the job is no longer ours; nothing was sent by this provider.
        DeliveryError: If no provider surely took it, or nobody can say so.
    """
    notification = Notification.decode(job.payload)
    payload = render(notification, job.job_id, job.created_at_ms)
    if job.asked is not None:
        look_up(job, payload, job.asked, route.providers)
    else:
        route.send(job, payload)
