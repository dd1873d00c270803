"""Finding out where the servers are: once at a time, whoever asks, and within the time that a caller has.

Servers that hang cost each a timeout, one after the other. So who looks is a thread of its own: it goes on when its
callers have waited long enough, and what it finds is there for the next ones.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import redis

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Looks"]

Found = TypeVar("Found")

#: For so long, a failure is the answer to whoever asks,
_FAILED_FOR_S: Final = 1.0
#: unless it took no longer than this: then asking again costs little, and may help at once.
_CHEAP_S: Final = 0.05


class Looks(Generic[Found]):
    """Looks for one thing at a time. Safe to use from several threads, and in a process that was forked.

    Args:
        budget_s: How long callers wait for a look, counted from when it began.
    """

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._lock = threading.Lock()
        self._latest: _Look[Found] | None = None

    def begin(self, ask: Callable[[], Found]) -> _Look[Found]:
        """Start to look, unless somebody does, or has just failed; never waits."""
        with self._lock:
            look = self._latest
            if look is None or not look.counts():
                look = self._latest = _Look(ask)
                try:
                    look.start()
                except RuntimeError:  # no thread can be had (any more): the caller has to wait
                    look.run()
        return look

    def look(self, ask: Callable[[], Found]) -> Found:
        """Look, or wait for what the thread that looks finds.

        Raises:
            redis.TimeoutError: It takes longer than the budget.
            Exception: What it failed with, for this caller and all that ask within a second.
        """
        look = self.begin(ask)
        left_s = look.began + self._budget_s - time.monotonic()
        if left_s > 0 and look.is_alive():
            look.join(left_s)
        if look.error is not None:
            raise look.error
        if not look.found:
            raise redis.TimeoutError("nobody said in time where the servers are")
        return look.found[0]


class _Look(threading.Thread, Generic[Found]):
    def __init__(self, ask: Callable[[], Found]) -> None:
        super().__init__(name="notifyctl-look", daemon=True)
        self._ask = ask
        self.began = time.monotonic()
        self.ended = 0.0
        self.found: list[Found] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.found.append(self._ask())
        except Exception as error:  # noqa: BLE001 - its callers raise it
            self.error = error
        self.ended = time.monotonic()

    def counts(self) -> bool:
        """Whether it goes on (it does not in a process that was forked meanwhile), or its failure is the answer."""
        if self.is_alive():
            return True
        dear = self.ended - self.began > _CHEAP_S
        return self.error is not None and dear and time.monotonic() < self.ended + _FAILED_FOR_S
