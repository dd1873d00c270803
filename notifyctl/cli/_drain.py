"""Tells when a worker has nothing left to do, for `notifyctl worker --drain`."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from notifyctl.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import QueueStats
    from notifyctl.settings import QueueSettings

__all__ = ["Drain"]

_LOOK_EVERY_S = 0.25
#: A job seen waiting for its retry may be a little late; nobody schedules a job of their own for this soon in vain.
_LATE = timedelta(seconds=60)


class Drain:
    """Asked again and again, says whether all that can be done on some queues is done.

    A job moves between two looks, and could hide in the gap: so "nothing left" counts when it was seen twice in a row.

    Args:
        inspector: Looks at the queues.
        queues: Which ones, with how long their retries may take.
        clock: Seconds that only go forward.

    Attributes:
        done: Nothing is left but what callers scheduled for later.
        stuck: Why a queue that has work will not do it by itself; by queue.
        scheduled: How many jobs are left for later, by queue.
    """

    def __init__(
        self,
        inspector: Inspector,
        queues: Mapping[str, QueueSettings],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = False
        self.stuck: dict[str, str] = {}
        self.scheduled: dict[str, int] = {}
        self._inspector = inspector
        self._within_ms = {
            name: round((max(queue.retry_delays, default=timedelta()) + _LATE).total_seconds() * 1000)
            for name, queue in queues.items()
        }
        self._clock = clock
        self._look_at = 0.0
        self._seen_empty = False

    def __call__(self) -> bool:
        """Whether the worker can end now. Asks the server a few times a second at most."""
        if self._clock() < self._look_at:
            return False
        self._look_at = self._clock() + _LOOK_EVERY_S
        try:
            busy = [self._is_busy(name) for name in self._within_ms]
        except BrokerUnavailable:
            # the workers wait for it to come back, and so does this
            self._seen_empty = False
            return False
        seen_before, self._seen_empty = self._seen_empty, not any(busy)
        ending = seen_before and self._seen_empty
        self.done = ending and not self.stuck
        return ending

    def _is_busy(self, queue: str) -> bool:
        """Whether a worker will still do something on this queue."""
        between_attempts = self._inspector.between_attempts(queue, self._within_ms[queue])
        stats = self._inspector.stats(queue)
        self.scheduled[queue] = stats.delayed
        self.stuck.pop(queue, None)
        if stats.active:
            return True
        if not (stats.waiting or between_attempts):
            return False
        held_up = _held_up(stats)
        if held_up:
            self.stuck[queue] = held_up
        return not held_up


def _held_up(stats: QueueStats) -> str:
    """Say what keeps a queue from handing out its work; empty if nothing does."""
    if stats.paused:
        return "is paused" + (f" ({stats.pause_reason})" if stats.pause_reason else "")
    if stats.blocked_ms and stats.blocked_reason and stats.waiting:
        return f"is blocked for {stats.blocked_ms / 1000:.0f} s ({stats.blocked_reason})"
    return ""
