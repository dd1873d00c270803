"""The limit on failed sign-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.access import Guesses, guesses
from notifyctl.access.guesses import MOST_OF_ONE, WINDOW_S
from notifyctl.connection import connect
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.errors import TooManyFailures
from tests.support.sockets import unused_port

if TYPE_CHECKING:
    import redis

    from tests.support.server import Server


class Clock:
    """Seconds, moved by hand."""

    s = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.s


@pytest.fixture
def clock() -> Clock:
    """The time of a test."""
    return Clock()


def process(url: str, clock: Clock) -> Guesses:
    """The limit as one process has it."""
    client = connect(url, role="producer")
    return Guesses(client, "ns", Pseudonyms(client, "ns", "a secret of tests"), monotonic=clock)


def fail(limit: Guesses, address: str, times: int) -> None:
    """Fail so often."""
    for _ in range(times):
        limit.count(address)


def test_an_address_may_fail_so_often_and_no_more(server: Server, clock: Clock) -> None:
    """Others go on."""
    limit = process(server.url, clock)
    fail(limit, "192.0.2.1", MOST_OF_ONE)

    with pytest.raises(TooManyFailures) as refused:
        limit.count("192.0.2.1")
    assert 0 < refused.value.retry_after_s <= WINDOW_S
    with pytest.raises(TooManyFailures):
        limit.refuse_above("192.0.2.1")
    limit.refuse_above("192.0.2.2")
    limit.count("192.0.2.2")


def test_all_processes_count_together(server: Server, clock: Clock) -> None:
    """Whoever goes from one to the next gains nothing."""
    fail(process(server.url, clock), "192.0.2.1", MOST_OF_ONE)

    with pytest.raises(TooManyFailures):
        process(server.url, clock).refuse_above("192.0.2.1")
    with pytest.raises(TooManyFailures):
        process(server.url, clock).count("192.0.2.1")


def test_a_process_counts_alone_while_redis_is_away(clock: Clock) -> None:
    """And forgets when the window is over."""
    limit = process(f"redis://127.0.0.1:{unused_port()}", clock)
    fail(limit, "192.0.2.1", MOST_OF_ONE)

    with pytest.raises(TooManyFailures):
        limit.count("192.0.2.1")
    with pytest.raises(TooManyFailures):
        limit.refuse_above("192.0.2.1")
    clock.s += WINDOW_S
    limit.refuse_above("192.0.2.1")
    limit.count("192.0.2.1")


def test_all_addresses_together_may_fail_so_often(
    server: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many hosts are no way around it."""
    monkeypatch.setattr(guesses, "MOST_OF_ALL", 5)
    limit = process(server.url, clock)
    for number in range(5):
        limit.count(f"192.0.2.{number}")

    with pytest.raises(TooManyFailures):
        limit.count("192.0.2.9")


def test_one_host_of_ipv6_is_one_however_many_addresses_it_has(server: Server, clock: Clock) -> None:
    """A /64 counts as one; the next network is another, and a mapped IPv4 address is that address."""
    limit = process(server.url, clock)
    for number in range(MOST_OF_ONE):
        limit.count(f"2001:db8::{number:x}")

    with pytest.raises(TooManyFailures):
        limit.count("2001:db8::ffff")
    limit.count("2001:db8:0:1::1")
    fail(limit, "192.0.2.1", MOST_OF_ONE)
    with pytest.raises(TooManyFailures):
        limit.count("::ffff:192.0.2.1")


def test_no_address_is_stored_and_nothing_stays(server: Server, clock: Clock, client: redis.Redis) -> None:
    """Keys hold a keyed hash, and end with their window."""
    process(server.url, clock).count("192.0.2.1")

    keys = list(client.scan_iter())
    assert len(keys) == 2
    assert not [key for key in keys if b"192" in key]
    assert all(0 < client.ttl(key) <= WINDOW_S for key in keys)


def test_memory_is_bounded(clock: Clock, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses there are."""
    monkeypatch.setattr(guesses, "_MOST_REMEMBERED", 20)
    limit = process(server.url, clock)
    for number in range(60):
        limit.count(f"198.51.100.{number}")

    assert len(limit._counts) == 20
