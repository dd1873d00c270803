"""What happens in `notifyctl demo`, told as it happens: sent, retried, dead, sent again by hand."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from notifyctl.cli._output import write
from notifyctl.engine.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from notifyctl.cli._drain import Drain
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import QueueStats
    from notifyctl.orders import Order

__all__ = ["REHEARSALS", "Story", "rehearsing"]

#: Which orders have a mail address that the sandbox answers with a failure, by their place; the last one is refused
#: in all its four attempts, and taken in the fifth.
REHEARSALS = {2: "retry1", 5: "bounce", 8: "bounce", 11: "retry4"}
_TICK_S = 1.0
_QUIET_S = 5.0


def rehearsing(orders: Iterable[Order]) -> Iterator[Order]:
    """Yield the orders, some of them with an address that fails on purpose."""
    for place, order in enumerate(orders, 1):
        mailbox, _, domain = order.email.partition("@")
        tag = REHEARSALS.get(place)
        yield replace(order, email=f"{mailbox}+{tag}@{domain}") if tag else order


class Story:
    """Asked again and again while the worker runs, tells what it sees, and retries a dead letter when all is quiet.

    Args:
        inspector: Looks at the queues.
        drain: Says when nothing is left to do.

    Attributes:
        over: All of it was told.
    """

    def __init__(self, inspector: Inspector, drain: Drain) -> None:
        self.over = False
        self._inspector = inspector
        self._drain = drain
        self._began = self._told_at = time.monotonic()
        self._told = ""
        self._retried = ""

    def __call__(self) -> bool:
        """Whether the story is over."""
        now = time.monotonic()
        if now - self._told_at >= _TICK_S:
            self._tell()
        if not self._drain():
            return False
        if not self._retried:
            self._retry()
            return False
        self._tell()
        job = self._inspector.job(self._retried)
        write(f"\n{job.job_id} is {job.state}, in attempt {len(job.attempts)} of both its lives.\n")
        self.over = True
        return True

    def _tell(self) -> None:
        """Print the numbers, where they changed; now and then also where they did not."""
        now = time.monotonic()
        line = "   ".join(_line(self._inspector.stats(name)) for name in self._inspector.queues())
        if line != self._told or now - self._told_at >= _QUIET_S:
            write(f"{now - self._began:4.0f} s   {line}\n")
            self._told, self._told_at = line, now

    def _retry(self) -> None:
        """Send the job that used up its attempts on its way again, as an operator would."""
        dead = self._inspector.jobs("email", State.DEAD)
        write(f"\n{len(dead)} dead letters:\n")
        for job in dead:
            write(f"  {job.job_id}  {job.reason}, after {_attempts(len(job.attempts))}: {job.attempts[-1]['error']}\n")
        self._retried = next(job.job_id for job in dead if job.reason == "retries_exhausted")
        write(f"\n$ notifyctl dlq retry {self._retried}\n")
        self._inspector.replay(self._retried, by="demo")


def _attempts(number: int) -> str:
    return f"{number} attempt" + ("s" if number > 1 else "")


def _line(stats: QueueStats) -> str:
    """One queue in a few words; what is 0 is left out."""
    counts = {
        "sent": stats.completed,
        "waiting": stats.waiting,
        "active": stats.active,
        "between attempts": stats.delayed,
        "dead": stats.dlq,
    }
    return f"{stats.queue}: " + ", ".join(f"{count} {word}" for word, count in counts.items() if count)
