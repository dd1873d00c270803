"""The port to whatever holds a job: what delivery needs of it, and nothing of how it is kept.

The queue's side implements `Job`; delivery only calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from notifyctl.notification import Sent

__all__ = ["Asked", "Job", "ProviderTry"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A send whose outcome is unknown: the provider that it was begun at, and when, epoch ms."""

    provider: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class ProviderTry:
    """One line of a job's history: a provider was asked.

    Attributes:
        provider: Its name.
        outcome: ``sent``, an outcome word of `notifyctl.errors` such as ``in_doubt``, or ``crashed`` where
            the provider's own code failed; of a look-up ``found``, ``not_found`` or ``look_up_failed``.
        provider_code: The provider's code or status; empty where it gave none.
        error: The reason, redacted; empty where it was sent.
        duration_ms: How long the provider took.
    """

    provider: str
    outcome: str
    provider_code: str
    error: str
    duration_ms: int


class Job(Protocol):
    """One run of one job."""

    @property
    def job_id(self) -> str:
        """The job's id, the same for each of its attempts."""
        ...

    @property
    def attempt(self) -> int:
        """Which run this is; the first is 1."""
        ...

    @property
    def payload(self) -> bytes:
        """The notification, as `Notification.encode` made it."""
        ...

    @property
    def created_at_ms(self) -> int:
        """When it was enqueued."""
        ...

    @property
    def possible_duplicate(self) -> bool:
        """Whether an earlier send of this job may have arrived."""
        ...

    @property
    def asked(self) -> Asked | None:
        """Set where this run is to find out what became of an earlier send: it must send nothing."""
        ...

    def begin(self, provider: str) -> None:
        """Mark, before the first byte leaves, that this attempt is being sent by that provider from now on.

        Raises:
            StaleLease: If the job is no longer ours. It must not be sent.
        """
        ...

    def accepted(self, sent: Sent) -> None:
        """Keep a provider's acceptance. Must not fail: what raises here would have an accepted message retried."""
        ...

    def tried(self, attempt: ProviderTry) -> None:
        """Keep one line of history. Must not fail, for the same reason."""
        ...
