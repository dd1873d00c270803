"""Group commit: threads that finish while a call is under way share the next one.

The first thread to come leads: it makes the call for all that have gathered, wakes its followers, each with its own
result, and hands the lead to the first of those that came meanwhile. A leader's error is every follower's error. No
thread goes on before its own outcome is confirmed.

Somebody else may take the lead for a while (`lead`): the consumer does, when it has nothing to do but wait for threads
to finish, so that their commit and its next take share one round trip. Knows nothing of what it commits.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Entry", "GroupCommit"]

#: How long a thread waits for somebody who said that he comes to lead.
_PATIENCE_S = 0.0005

T = TypeVar("T")
R = TypeVar("R")


class Entry(Generic[T, R]):
    """One thread's item; its lock is held until there is news for that thread."""

    __slots__ = ("error", "item", "leads", "news", "result")

    def __init__(self, item: T) -> None:
        self.item = item
        self.news = threading.Lock()
        self.news.acquire()
        self.leads = False
        self.result: R | None = None
        self.error: BaseException | None = None

    def tell(self, result: R | None = None, error: BaseException | None = None) -> None:
        """Wake the thread with its result or its error."""
        self.result, self.error = result, error
        if not self.leads:
            self.news.release()


class GroupCommit(Generic[T, R]):
    """Turns calls for one item, from many threads, into calls for many items.

    Args:
        call: Takes items, returns as many results in the same order.
        limit: The most items of one call.

    Attributes:
        patient: Set while somebody calls `lead` again and again: threads then give him a moment before one leads.
    """

    def __init__(self, call: Callable[[Sequence[T]], Sequence[R]], limit: int = 100) -> None:
        self._call = call
        self._limit = limit
        self._arrival = threading.Condition(threading.Lock())
        self._gathered: list[Entry[T, R]] = []
        self._led = False
        self.patient = False
        self._woken = False

    def submit(self, item: T) -> R:
        """Return the call's result for this item.

        Raises:
            Exception: Whatever the call raised, in the leader and in each of its followers.
        """
        entry: Entry[T, R] = Entry(item)
        with self._arrival:
            self._gathered.append(entry)
            if self._led:
                self._arrival.notify()
            elif not self.patient:
                self._let_lead(entry)
        if not entry.leads and not self._has_news(entry):
            entry.news.acquire()  # released by a leader, maybe later and by another thread: no `with`
        if entry.leads:
            self._lead()
        if entry.error is not None:
            raise entry.error
        return entry.result  # type: ignore[return-value]  # set wherever error is not

    def _has_news(self, entry: Entry[T, R]) -> bool:
        """Give somebody else a moment to take the lead; after it, this thread does."""
        if not self.patient:
            return False
        if entry.news.acquire(timeout=_PATIENCE_S):
            return True
        with self._arrival:
            if not self._led and entry in self._gathered:
                self._let_lead(entry)
        return entry.leads

    def _let_lead(self, entry: Entry[T, R]) -> None:
        """Make this thread the leader, its own entry the first of its batch; called with the lock held."""
        self._led = entry.leads = True
        self._gathered.remove(entry)
        self._gathered.insert(0, entry)

    def _lead(self) -> None:
        batch = self._collect()
        results: Sequence[R] = ()
        failure: BaseException | None = None
        try:
            results = self._call([entry.item for entry in batch])
        except BaseException as error:  # noqa: BLE001 - handed to every thread that waits for it
            failure = error
        self._hand_on()
        for place, entry in enumerate(batch):
            if failure is not None:
                entry.tell(error=failure)
            else:
                entry.tell(results[place])

    def _collect(self) -> list[Entry[T, R]]:
        with self._arrival:
            batch, self._gathered = self._gathered[: self._limit], self._gathered[self._limit :]
        return batch

    def _hand_on(self) -> None:
        with self._arrival:
            heir = self._gathered[0] if self._gathered else None
            self._led = heir is not None
        if heir is not None:
            heir.leads = True
            heir.news.release()

    @contextmanager
    def lead(self, enough: int, wait_s: float, gather_s: float) -> Iterator[list[Entry[T, R]] | None]:
        """Take the lead, and gather: whoever calls this tells each entry its result or error.

        Args:
            enough: With so many entries the wait is over.
            wait_s: How long to wait for the first one.
            gather_s: How long to wait for more after it.

        Yields:
            The entries, maybe none; `None`: another thread leads at present.
        """
        with self._arrival:
            mine = not self._led
            if mine:
                self._led = True
                if self._arrival.wait_for(lambda: self._gathered or self._woken, wait_s) and not self._woken:
                    self._arrival.wait_for(lambda: len(self._gathered) >= enough or self._woken, gather_s)
        if not mine:
            yield None
            return
        try:
            yield self._collect()
        finally:
            self._hand_on()

    def wake(self) -> None:
        """End the waits of `lead`, now and from now on: a shutdown begins."""
        with self._arrival:
            self._woken = True
            self._arrival.notify_all()

    def rearm(self) -> None:
        """Let `lead` wait again."""
        with self._arrival:
            self._woken = False
