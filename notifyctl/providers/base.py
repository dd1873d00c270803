"""What every provider is: a finished payload goes in, `Sent` comes back or an outcome is raised.

A provider speaks to its vendor through the vendor's own SDK or smtplib, with timeouts everywhere. It retries
nothing and falls back on nothing: that is delivery's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from notifyctl.notification import Sent

__all__ = ["Finder", "Provider"]

P_contra = TypeVar("P_contra", contravariant=True)


class Provider(Protocol[P_contra]):
    """One way to hand a payload to the world. Safe to use from several threads at once."""

    @property
    def name(self) -> str:
        """The provider's name as operators see it, such as ``sendgrid``."""
        ...

    def send(self, payload: P_contra) -> Sent:
        """Hand over one message.

        Returns:
            The provider's acceptance, with its id for the message.

        Raises:
            Transient: Surely not taken; may work later. Its kind Unavailable says that no message would be taken.
            Throttled: Surely not taken; the provider asks for less.
            Permanent: Surely not taken, never will be as it is.
            InDoubt: The request may have arrived, and no readable answer came.
        """
        ...

    def check(self) -> None:
        """See whether messages could be handed over: it can be reached, works, and accepts our credentials.

        Has no side effects, and takes no longer than a send.

        Raises:
            Unavailable: It cannot be reached, or does not work.
            Throttled: It asks for less.
            Permanent: It refuses the account; the scope says so.
        """
        ...

    def close(self) -> None:
        """Close pooled connections. The provider may be used again; it then opens new ones."""
        ...


@runtime_checkable
class Finder(Provider[P_contra], Protocol[P_contra]):
    """A provider that can be asked what became of a message whose answer was lost."""

    def find(self, payload: P_contra, since_ms: int) -> Sent | None:
        """Look for a message.

        Args:
            payload: What was handed over.
            since_ms: When that began, epoch ms, by another clock than the provider's.

        Returns:
            The acceptance, or None: the provider knows of none, which is no proof that it will not yet.

        Raises:
            InDoubt: It cannot be asked now.
            Transient: It was accepted, and surely did not arrive; it may another time.
            Permanent: It was accepted, surely did not arrive, and never will as it is.
        """
        ...
