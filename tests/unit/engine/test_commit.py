"""Group commit: threads that finish while a call is under way share the next one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.commit import GroupCommit
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Call:
    """A call that may be held up, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None

    def __call__(self, items: Sequence[int]) -> list[str]:
        """Answer each item."""
        self.batches.append(list(items))
        assert self.open.wait(10)
        if self.error is not None:
            raise self.error
        return [f"ten times {item}" for item in items]


class Threads:
    """Threads that submit, and what each got."""

    def __init__(self, commit: GroupCommit[int, str]) -> None:
        self.commit = commit
        self.got: dict[int, str | BaseException] = {}
        self.running: list[threading.Thread] = []

    def submit(self, item: int) -> None:
        """One more thread."""
        thread = threading.Thread(target=self._submit, args=(item,), daemon=True)
        self.running.append(thread)
        thread.start()

    def _submit(self, item: int) -> None:
        try:
            self.got[item] = self.commit.submit(item)
        except Exception as error:  # noqa: BLE001 - what a thread got, to be looked at
            self.got[item] = error

    def join(self) -> None:
        """All of them have an answer."""
        for thread in self.running:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def call() -> Call:
    """The call that is shared."""
    return Call()


@pytest.fixture
def gather(call: Call) -> Iterator[Callable[..., Threads]]:
    """Threads 1 (in a call that is under way) and others (gathered behind it)."""

    def gather(*items: int, limit: int = 100) -> Threads:
        threads = Threads(GroupCommit(call, limit))
        call.open.clear()
        threads.submit(1)
        wait_until(lambda: call.batches == [[1]], what="the first call")
        for count, item in enumerate(items, 1):
            threads.submit(item)
            wait_until(lambda count=count: len(threads.commit._gathered) == count)  # type: ignore[misc]
        return threads

    yield gather
    call.open.set()


def test_commit_of_a_single_thread_is_a_call_of_its_own(call: Call) -> None:
    """Nothing to wait for."""
    assert GroupCommit(call).submit(1) == "ten times 1"
    assert call.batches == [[1]]


def test_commit_gives_each_follower_its_own_result(call: Call, gather: Callable[..., Threads]) -> None:
    """Those that came while a call was under way share the next."""
    threads = gather(2, 3, 4)

    call.open.set()
    threads.join()

    assert call.batches == [[1], [2, 3, 4]]
    assert threads.got == {item: f"ten times {item}" for item in (1, 2, 3, 4)}


def test_commit_gives_the_leaders_error_to_every_follower(call: Call, gather: Callable[..., Threads]) -> None:
    """Nobody goes on as if it were confirmed, and the next call is made."""
    threads = gather(2, 3)
    call.error = ConnectionError("away")

    call.open.set()
    threads.join()
    call.error = None

    assert sorted(threads.got) == [1, 2, 3]
    assert all(isinstance(got, ConnectionError) for got in threads.got.values())
    assert threads.commit.submit(5) == "ten times 5"


def test_commit_leaves_what_is_over_the_limit_to_an_heir(call: Call, gather: Callable[..., Threads]) -> None:
    """The first of those that are left leads the next call."""
    threads = gather(2, 3, 4, 5, 6, limit=2)

    call.open.set()
    threads.join()

    assert call.batches == [[1], [2, 3], [4, 5], [6]]
    assert threads.got == {item: f"ten times {item}" for item in range(1, 7)}


def test_commit_led_by_somebody_else_is_told_by_him(call: Call) -> None:
    """The consumer gathers, and tells each thread its result or its error."""
    commit: GroupCommit[int, str] = GroupCommit(call)
    threads = Threads(commit)
    told = threading.Event()

    def lead() -> None:
        with commit.lead(2, 10, 10) as finished:
            assert finished is not None
            for entry in finished:
                if entry.item == 1:
                    entry.tell("one")
                else:
                    entry.tell(error=ValueError("no"))
        told.set()

    leader = threading.Thread(target=lead, daemon=True)
    leader.start()
    wait_until(lambda: commit._led, what="the lead to be taken")
    threads.submit(1)
    threads.submit(2)
    threads.join()
    leader.join(10)

    assert told.is_set()
    assert threads.got[1] == "one"
    assert isinstance(threads.got[2], ValueError)
    assert call.batches == []


def test_commit_led_by_another_thread_is_not_led_twice(call: Call, gather: Callable[..., Threads]) -> None:
    """Who comes too late to lead is told so at once."""
    threads = gather()

    with threads.commit.lead(1, 10, 10) as finished:
        assert finished is None

    call.open.set()
    threads.join()


def test_commit_hands_on_what_came_while_somebody_else_led(call: Call) -> None:
    """Who came after the gathering leads itself when the lead is given back."""
    commit: GroupCommit[int, str] = GroupCommit(call)
    threads = Threads(commit)

    with commit.lead(1, 0, 0) as finished:
        assert finished == []
        threads.submit(7)
        wait_until(lambda: len(commit._gathered) == 1)
    threads.join()

    assert threads.got == {7: "ten times 7"}


def test_commit_that_waits_for_a_patient_leader_goes_on_without_him(call: Call) -> None:
    """He said he would come, and did not."""
    commit: GroupCommit[int, str] = GroupCommit(call)
    commit.patient = True

    assert commit.submit(1) == "ten times 1"


def test_commit_lead_ends_its_wait_when_woken(call: Call) -> None:
    """A shutdown does not wait for threads to finish; after it, waits are waits again."""
    commit: GroupCommit[int, str] = GroupCommit(call)
    commit.wake()

    with commit.lead(1, 3_600, 3_600) as finished:
        assert finished == []

    commit.rearm()
    with commit.lead(1, 0.001, 0.001) as finished:
        assert finished == []


def test_commit_of_many_threads_loses_and_mixes_up_nothing(call: Call) -> None:
    """Each of some thousand items is called for once, whoever leads."""
    commit: GroupCommit[int, str] = GroupCommit(call, limit=5)
    commit.patient = True
    wrong: list[int] = []
    over = threading.Event()

    def work(first: int) -> None:
        wrong.extend(item for item in range(first, first + 300) if commit.submit(item) != f"ten times {item}")

    def lead() -> None:
        while not over.is_set():
            with commit.lead(3, 0.001, 0.001) as finished:
                for entry, result in zip(finished or (), call([e.item for e in finished or ()]), strict=True):
                    entry.tell(result)

    workers = [threading.Thread(target=work, args=(number * 300,), daemon=True) for number in range(8)]
    leader = threading.Thread(target=lead, daemon=True)
    for thread in (*workers, leader):
        thread.start()
    for thread in workers:
        thread.join(30)
        assert not thread.is_alive()
    over.set()
    leader.join(10)

    assert wrong == []
    assert sorted(item for batch in call.batches for item in batch) == list(range(2_400))
