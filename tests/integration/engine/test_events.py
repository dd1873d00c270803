"""The stream of events: told in order, and never worth a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.clock import now_ms
from notifyctl.connection import connect
from notifyctl.engine.events import Events
from notifyctl.engine.keys import FleetKeys
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
