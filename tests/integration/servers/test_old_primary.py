"""A primary that is none any more, and does not know: it hung, another one took over, and it comes back."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
import redis

from notifyctl.connection import connect, pipelined, sentinel
from tests.support.node import Node
from tests.support.sentinel import SERVICE
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


class Switched:
    """Two primaries, and a Sentinel that names one of them."""

    def __init__(self) -> None:
        self.old, self.new = Node(""), Node("")
        self.sentinel = Node(f"sentinel monitor {SERVICE} 127.0.0.1 {self.old.port} 1", "--sentinel")
        self.url = f"redis+sentinel://{self.sentinel.address}/{SERVICE}"
        self.nodes = (self.sentinel, self.old, self.new)
        for node in self.nodes:
            wait_until(lambda node=node: _answers(node), what="a server to answer")  # type: ignore[misc]

    def switch(self) -> None:
        """The Sentinel names the other one."""
        self.sentinel.ask("SENTINEL", "REMOVE", SERVICE)
        self.sentinel.ask("SENTINEL", "MONITOR", SERVICE, "127.0.0.1", self.new.port, 1)


def _answers(node: Node) -> bool:
    try:
        return bool(node.ask("PING"))
    except redis.RedisError:
        return False


@pytest.fixture
def switched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Switched]:
    """Ready to be switched; who looks every second looks each time here."""
    monkeypatch.setattr(sentinel, "_EVERY_S", 0)
    found = Switched()
    yield found
    for node in found.nodes:
        node.close()


def test_connection_that_was_idle_is_not_used_for_an_old_primary(switched: Switched) -> None:
    """It is open still, and the old primary would take what it is told."""
    with connect(switched.url, role="producer") as mine:
        mine.set("key", "before")
        switched.switch()
        mine.set("key", "after")

    assert (switched.old.ask("GET", "key"), switched.new.ask("GET", "key")) == (b"before", b"after")


@pytest.mark.parametrize("many", [False, True], ids=["one command", "a pipeline"])
def test_late_answer_of_an_old_primary_is_not_believed(
    switched: Switched, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    """What it was asked while it hung is asked again, of the new one."""
    monkeypatch.setattr(sentinel, "_LATE_S", 0.05)
    with connect(switched.url, role="worker") as mine:
        mine.set("key", "before")
        switched.old.signal(signal.SIGSTOP)
        said: list[object] = []
        thread = threading.Thread(
            target=lambda: said.extend(pipelined(mine, [("INCR", "n"), ("INCR", "n")]) if many else [mine.incr("n")])
        )
        thread.start()
        began = time.monotonic()
        wait_until(lambda: time.monotonic() > began + 0.2, what="the command to hang")
        switched.switch()
        switched.old.signal(signal.SIGCONT)
        thread.join()

    assert (said, switched.new.ask("GET", "n")) == (([1, 2], b"2") if many else ([1], b"1"))


def test_late_answer_of_the_primary_counts(switched: Switched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait for work is long, and the server is the primary still."""
    monkeypatch.setattr(sentinel, "_LATE_S", 0.05)
    with connect(switched.url, role="blocking") as mine:
        assert mine.bzpopmin(["wake"], timeout=0.2) is None


def test_sentinels_that_hang_hold_up_nobody(switched: Switched) -> None:
    """As long as the primary answers, it is used: a tenth of a second is lost each time."""
    with connect(switched.url, role="producer") as mine:
        mine.set("key", "before")
        switched.sentinel.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            mine.set("key", "after")
            took_s = time.monotonic() - began
        finally:
            switched.sentinel.signal(signal.SIGCONT)

    assert switched.old.ask("GET", "key") == b"after"
    assert took_s < 0.3
