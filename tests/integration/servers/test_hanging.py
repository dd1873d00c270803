"""Servers that hang: a shop's threads are held up for a moment together, not each for a timeout of every server."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect, pipelined, translated
from notifyctl.connection.looks import Looks
from notifyctl.errors import BrokerUnavailable
from tests.support.sockets import RawServer, wait_for_hangup
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cluster import Nodes

#: What a producer is promised, 0.5 s, is for its call: the client must leave some of it.
_SOON_S = 0.45


@pytest.fixture
def hanging() -> Iterator[str]:
    """Six servers that take connections, and say nothing."""
    with ExitStack() as stack:
        ports = [stack.enter_context(RawServer(wait_for_hangup)).port for _ in range(6)]
        yield ",".join(f"127.0.0.1:{port}" for port in ports)


def held_up(threads: int, call: Callable[[], object]) -> float:
    """For how long the last of so many threads is held up by a call that ends in BrokerUnavailable, in seconds."""
    took: list[float] = []

    def one() -> None:
        began = time.monotonic()
        with pytest.raises(BrokerUnavailable), translated():
            call()
        took.append(time.monotonic() - began)

    crowd = [threading.Thread(target=one) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(took) == threads
    return max(took)


@pytest.mark.parametrize("way", ["redis+cluster://{}", "redis+sentinel://{}/main"])
def test_producers_wait_for_hanging_servers_together(hanging: str, way: str) -> None:
    """One thread asks all of them; none waits longer than a producer may, and the next calls fail at once."""
    mine = connect(way.format(hanging), role="producer")

    assert held_up(10, mine.ping) < _SOON_S
    assert held_up(3, mine.ping) < 0.1


def test_producers_wait_once_for_a_cluster_that_froze(cluster: Nodes) -> None:
    """A timeout is told at once; who looks for the servers meanwhile holds up nobody, and all goes on with the thaw."""
    with connect(cluster.url, role="producer") as mine:
        assert pipelined(mine, [("SET", "key", "before")]) == [True]
        for node in cluster.data:
            node.signal(signal.SIGSTOP)
        try:
            assert held_up(5, lambda: pipelined(mine, [("GET", "key")])) < _SOON_S
            assert held_up(5, lambda: mine.get("key")) < _SOON_S
        finally:
            for node in cluster.data:
                node.signal(signal.SIGCONT)

        def answers() -> bool:
            try:
                with translated():
                    return pipelined(mine, [("GET", "key")]) == [b"before"]
            except BrokerUnavailable:
                return False

        wait_until(answers, what="the cluster to answer")


def test_failure_of_a_look_answers_whoever_asks_soon() -> None:
    """What took long and failed is not done again within a second; what was found, or refused at once, is."""
    calls: list[str] = []
    slow = threading.Event()

    def fail() -> None:
        calls.append("slow" if not slow.is_set() else "quick")
        slow.wait(0.2)
        raise LookupError("nowhere")

    looks = Looks[None](1)
    for _ in range(2):
        with pytest.raises(LookupError):
            looks.look(fail)
    assert calls == ["slow"]

    slow.set()
    looks = Looks[None](1)
    for _ in range(2):
        with pytest.raises(LookupError):
            looks.look(fail)
    assert calls == ["slow", "quick", "quick"]
    assert (looks.look(lambda: calls.append("fine")), looks.look(lambda: calls.append("fine"))) == (None, None)
    assert calls[3:] == ["fine", "fine"]
