"""What this worker process says of itself, with every beat of its heartbeat."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

from notifyctl.clock import now_ms
from notifyctl.engine.fleet import Fleet, Report

if TYPE_CHECKING:
    from dramatiq import Worker

    from notifyctl.engine.broker import NotifyBroker

__all__ = ["Presence"]


class Presence:
    """One process's place among the worker processes.

    Args:
        broker: Holds the jobs in progress.
        worker: Its threads take them.
    """

    def __init__(self, broker: NotifyBroker, worker: Worker) -> None:
        self._broker = broker
        self._worker = worker
        self._fleet = Fleet(broker.client, broker.namespace)
        self._host, self._pid = socket.gethostname(), os.getpid()
        self._started = time.monotonic()

    def tell(self) -> list[str]:
        """Say what this process does now; the bulk replays to be carried out."""
        return self._fleet.tell(self._broker.worker_id, self.report())

    def leave(self) -> None:
        """Say that it ends."""
        self._fleet.leave(self._broker.worker_id)

    def report(self) -> Report:
        """What this process does now."""
        held = [message for held in self._broker.held.values() for message in held.messages()]
        oldest = min(held, key=lambda message: message.taken_at_ms, default=None)
        return Report(
            host=self._host,
            pid=self._pid,
            version=self._broker.version,
            up_ms=round((time.monotonic() - self._started) * 1000),
            queues=tuple(sorted(self._worker.consumer_whitelist or self._broker.queues)),
            threads=self._worker.worker_threads,
            active=len(held),
            oldest_job=oldest.job.job_id if oldest else "",
            oldest_ms=max(0, now_ms() - oldest.taken_at_ms) if oldest else 0,
            draining=self._broker.draining,
        )
