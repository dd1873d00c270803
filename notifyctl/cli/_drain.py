"""Tells when a worker has nothing left to do, for `notifyctl worker --drain`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from notifyctl.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import QueueStats

__all__ = ["Drain"]

_LOOK_EVERY_S = 0.25
#: A look may take this part of the time at most: among many scheduled jobs, those between two attempts are looked for.
_SHARE = 0.1
#: A queue that its provider has told to rest is waited for, unless it is for so long, or nothing went for so long.
_LONGEST_BLOCK_S = 60
_LONGEST_STANDSTILL_S = 45


class Drain:
    """Asked again and again, says whether all that can be done on some queues is done.

    A job moves between two looks, and could hide in the gap: so "nothing left" counts when it was seen twice in a row.

    Args:
        inspector: Looks at the queues.
        queues: Which ones.
        clock: Seconds that only go forward.

    Attributes:
        done: Nothing is left but what callers scheduled for later; no bulk replay either.
        stuck: Why a queue that has work will not do it by itself; by queue.
        scheduled: How many jobs are left for later, by queue.
    """

    def __init__(
        self,
        inspector: Inspector,
        queues: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = False
        self.stuck: dict[str, str] = {}
        self.scheduled: dict[str, int] = {}
        self._inspector = inspector
        self._queues = tuple(queues)
        self._clock = clock
        self._standstill: dict[str, tuple[float, tuple[int, int]]] = {}
        self._look_at = 0.0
        self._seen_empty = False

    def __call__(self) -> bool:
        """Whether the worker can end now. Asks the server a few times a second at most."""
        if self._clock() < self._look_at:
            return False
        started = self._clock()
        self._look_at = started + _LOOK_EVERY_S
        try:
            busy = [self._inspector.replaying(), *(self._is_busy(name) for name in self._queues)]
        except BrokerUnavailable:
            # the workers wait for it to come back, and so does this
            self._seen_empty = False
            return False
        self._look_at = max(self._look_at, started + (self._clock() - started) / _SHARE)
        seen_before, self._seen_empty = self._seen_empty, not any(busy)
        ending = seen_before and self._seen_empty
        self.done = ending and not self.stuck
        return ending

    def _is_busy(self, queue: str) -> bool:
        """Whether a worker will still do something on this queue."""
        stats = self._inspector.stats(queue)
        self.scheduled[queue] = stats.delayed
        self.stuck.pop(queue, None)
        if stats.active:
            return True
        if not (stats.waiting or (stats.delayed and self._inspector.between_attempts(queue))):
            return False
        held_up = self._held_up(stats)
        if held_up:
            self.stuck[queue] = held_up
        return not held_up

    def _held_up(self, stats: QueueStats) -> str:
        """Say what keeps a queue from handing out its work for longer than is worth waiting; empty if nothing does."""
        if stats.paused:
            return "is paused" + (f" ({stats.pause_reason})" if stats.pause_reason else "")
        if not (stats.blocked_ms and stats.waiting):
            return ""
        ended = stats.completed, stats.failed
        since, ended_then = self._standstill.get(stats.queue, (self._clock(), ended))
        if ended_then != ended:
            since = self._clock()
        self._standstill[stats.queue] = since, ended
        block_s = stats.blocked_ms / 1000
        if block_s <= _LONGEST_BLOCK_S and self._clock() - since <= _LONGEST_STANDSTILL_S:
            return ""
        return f"is blocked for another {block_s:.0f} s ({stats.blocked_reason or 'no reason given'})"
