"""What one process holds of one queue.

It lives on the broker: Dramatiq makes a new consumer after each lost connection.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifyctl.engine.message import NotifyMessage

__all__ = ["Held"]


class Held:
    """The jobs of one queue under this process's leases.

    Attributes:
        jobs: By id, from the take's reply until the outcome is confirmed.
        undelivered: Taken, and not yet handed to Dramatiq.
        sequence: Number of the last take whose reply arrived.
        looks: How often Dramatiq's consumer thread has come for a job: as long as it lives, it does all the time.
        changed: Notified when a job is let go.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.jobs: dict[str, NotifyMessage] = {}
        self.undelivered: deque[NotifyMessage] = deque()
        self.sequence = 0
        self.looks = 0

    def add(self, messages: list[NotifyMessage]) -> list[NotifyMessage]:
        """Hold these, and line them up for Dramatiq.

        One that a thread here is sending, or has sent, was handed out by a server that knows nothing of it: a failover
        has lost what the old one was told. It is not sent again; its thread goes on under the new lease.

        Returns:
            Those whose send is under way: the server is to be told.
        """
        under_way = []
        with self.changed:
            for message in messages:
                earlier = self.jobs.get(message.job.job_id)
                if earlier is not None:
                    earlier.lost = True  # before the look at what it does: one that is about to send looks at this last
                    if earlier.sent_or_sending and not message.job.look:
                        earlier.job, earlier.lost = message.job, False
                        under_way.append(earlier)
                        continue
                self.jobs[message.job.job_id] = message
                self.undelivered.append(message)
        return [message for message in under_way if message.disposition is None]

    def let_go(self, message: NotifyMessage) -> None:
        """The outcome is confirmed, or is no longer ours to tell.

        A job whose lease was lost may have been taken by this very process again: that lease is still held.
        """
        with self.changed:
            if self.jobs.get(message.job.job_id) is message:
                del self.jobs[message.job.job_id]
            self.changed.notify_all()

    def messages(self) -> list[NotifyMessage]:
        """All that are held."""
        with self.changed:
            return list(self.jobs.values())

    def leases(self) -> list[tuple[str, str]]:
        """The (id, token) pairs to extend."""
        with self.changed:
            return [(job_id, message.job.token) for job_id, message in self.jobs.items() if not message.lost]
