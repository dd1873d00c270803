"""Group commit: threads that finish while a call is under way share the next one.

The first thread to come becomes the leader and makes the call for all that have gathered; when it is done it wakes its
followers, each with its own result, and hands the lead to the first of those that came meanwhile. A leader's error is
every follower's error. No thread goes on before its own outcome is confirmed. Knows nothing of what it commits.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["GroupCommit"]

T = TypeVar("T")
R = TypeVar("R")


class _Entry(Generic[T, R]):
    """One thread's item; its lock is held until there is news for that thread."""

    __slots__ = ("error", "item", "leads", "news", "result")

    def __init__(self, item: T) -> None:
        self.item = item
        self.news = threading.Lock()
        self.news.acquire()
        self.leads = False
        self.result: R | None = None
        self.error: BaseException | None = None


class GroupCommit(Generic[T, R]):
    """Turns calls for one item, from many threads, into calls for many items.

    Args:
        call: Takes items, returns as many results in the same order.
        limit: The most items of one call.
    """

    def __init__(self, call: Callable[[Sequence[T]], Sequence[R]], limit: int = 100) -> None:
        self._call = call
        self._limit = limit
        self._lock = threading.Lock()
        self._gathered: list[_Entry[T, R]] = []
        self._led = False

    def submit(self, item: T) -> R:
        """Return the call's result for this item.

        Raises:
            Exception: Whatever the call raised, in the leader and in each of its followers.
        """
        entry: _Entry[T, R] = _Entry(item)
        with self._lock:
            self._gathered.append(entry)
            if not self._led:
                self._led = entry.leads = True
        if not entry.leads:
            entry.news.acquire()  # released by a leader, maybe later and by another thread: no `with`
        if entry.leads:
            self._lead()
        if entry.error is not None:
            raise entry.error
        return entry.result  # type: ignore[return-value]  # set wherever error is not

    def _lead(self) -> None:
        with self._lock:
            batch, self._gathered = self._gathered[: self._limit], self._gathered[self._limit :]
        error: BaseException | None = None
        results: Sequence[R] = ()
        try:
            results = self._call([entry.item for entry in batch])
        except BaseException as raised:  # noqa: BLE001 - handed to every thread that waits for it
            error = raised
        for place, entry in enumerate(batch):
            if error is None:
                entry.result = results[place]
            else:
                entry.error = error
        with self._lock:
            heir = self._gathered[0] if self._gathered else None
            self._led = heir is not None
        if heir is not None:
            heir.leads = True
            heir.news.release()
        for entry in batch:
            if not entry.leads:
                entry.news.release()
