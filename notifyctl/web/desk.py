"""Group commit for requests: those that come while others are being queued share the next round trip.

A thread of its own takes all that has gathered, and each request waits for its own answer without holding up a thread.
Knows nothing of what it hands over.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notifyctl.reception import Handover

    Waiting = tuple[Handover, asyncio.Future[Any]]

__all__ = ["Desk"]

#: So many requests go together at most.
_MOST = 100


class Desk:
    """Hands requests over. Use it from an event loop.

    Args:
        take: Takes requests, returns as many answers in the same order; an exception is that request's own.
    """

    def __init__(self, take: Callable[[Sequence[Handover]], Sequence[Any]]) -> None:
        self._take = take
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []
        self._busy = False
        self._thread = ThreadPoolExecutor(1, "desk")

    async def hand_over(self, request: Handover) -> Any:
        """Return a request's answer.

        Raises:
            Exception: What came of it instead.
        """
        future = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((request, future))
            begins = not self._busy
            self._busy = True
        if begins:
            self._thread.submit(self._work)
        return await future

    def _work(self) -> None:
        while True:
            with self._lock:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                self._busy = bool(batch)
            if not batch:
                return
            try:
                answers = self._take([request for request, _ in batch])
            except Exception as error:  # noqa: BLE001 - a bug, which each of them is to hear of
                answers = [error] * len(batch)
            _tell(batch, answers)


def _tell(batch: Sequence[Waiting], answers: Sequence[Any]) -> None:
    """Give each request of a batch its answer, in its event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for (_, future), answer in zip(batch, answers, strict=True):
        loops.setdefault(future.get_loop(), []).append((future, answer))
    for loop, told in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in told:
        if future.done():  # its caller has hung up
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
