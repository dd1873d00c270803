"""Lets a worker process move what producers of the same machine and user have spooled, while it works.

Under any host of Dramatiq's Worker; one process of a machine does it at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dramatiq.middleware import Middleware

if TYPE_CHECKING:
    from dramatiq import Broker, Worker

__all__ = ["SpoolFerry"]


class _Ferry(Protocol):
    def wake(self) -> None: ...

    def stop(self) -> None: ...


class SpoolFerry(Middleware):
    """Lets a ferry run as long as the worker runs.

    Args:
        ferry: Looks for something to move until it is stopped.
    """

    def __init__(self, ferry: _Ferry) -> None:
        self._ferry = ferry

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Begin."""
        self._ferry.wake()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """End; what is left stays in the spool."""
        self._ferry.stop()
