"""The stream of events: told in order, and never worth a failure."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.clock import now_ms
from notifyctl.connection import connect
from notifyctl.engine.events import FIRST, Events
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import InvalidInput
from tests.support.seed import NAMESPACE
from tests.support.server import Server

if TYPE_CHECKING:
    import redis

KEY = FleetKeys(NAMESPACE).events


def test_events_are_kept_in_their_order(client: redis.Redis) -> None:
    """Each with its kind, its fields and its time."""
    events, before = Events(client, KEY), now_ms()
    events.add("circuit_opened", provider="sendgrid", reason="")
    events.add("circuit_closed", provider="sendgrid")

    stream: Any = client.xrange(KEY)
    opened, closed = [entry for _, entry in stream]
    assert opened.keys() == {b"kind", b"provider", b"reason", b"at"}
    assert (opened[b"kind"], closed[b"kind"]) == (b"circuit_opened", b"circuit_closed")
    assert before <= int(opened[b"at"]) <= int(closed[b"at"]) <= now_ms()


def test_event_that_cannot_be_told_fails_nothing(client: redis.Redis) -> None:
    """Neither where the server is away, nor where the key holds something else."""
    server = Server()
    away = Events(connect(server.url, role="operator"), KEY)
    server.close()
    client.set(KEY, "in the way")

    away.add("circuit_opened")
    Events(client, KEY).add("circuit_opened")

    assert client.get(KEY) == b"in the way"


def test_events_are_read_on_from_any_of_them(client: redis.Redis) -> None:
    """The newest ones in their order, and then what came after the last one that was seen."""
    events = Events(client, KEY)
    assert (events.last(5), events.newest_id(), events.entries()) == ([], FIRST, [])
    for number in range(4):
        events.add("circuit_opened", provider=str(number))

    assert [event.fields["provider"] for event in events.last(2)] == ["2", "3"]
    first = events.entries(count=1)[0]
    assert (first.kind, first.fields) == ("circuit_opened", {"provider": "0"})
    assert [event.fields["provider"] for event in events.entries(first.event_id)] == ["1", "2", "3"]
    assert events.entries(events.newest_id()) == []


def test_events_are_waited_for(client: redis.Redis) -> None:
    """Whoever follows is told at once, and waits no longer than asked."""
    events, told = Events(client, KEY), threading.Event()

    def tell() -> None:
        told.wait(10)
        events.add("circuit_closed", provider="smtp")

    teller = threading.Thread(target=tell)
    teller.start()
    assert events.entries(block_ms=20) == []
    told.set()
    start = time.monotonic()
    found = [*events.entries(block_ms=1_500), *events.entries(block_ms=1_500)]
    teller.join()

    assert [event.kind for event in found][:1] == ["circuit_closed"]
    assert time.monotonic() - start < 3.2


def test_event_that_can_be_none_is_refused(client: redis.Redis) -> None:
    """An id that a caller made up."""
    with pytest.raises(InvalidInput):
        Events(client, KEY).entries("$")
