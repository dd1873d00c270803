"""What a worker process is sending is counted as long as it lives, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import build
from notifyctl.app.breakers import breakers
from notifyctl.delivery.circuits import Admission
from notifyctl.engine.keys import FleetKeys
from notifyctl.notification import Channel
from notifyctl.settings import Settings

if TYPE_CHECKING:
    import redis

    from notifyctl.app import App
    from tests.support.server import Server

SENDS = FleetKeys("notifyctl").sends("outbox")


@pytest.fixture
def app(server: Server) -> App:
    """An application whose messages go to the outbox."""
    return build(Settings.load(redis={"url": server.url}))


def test_sends_of_a_process_that_is_seen_dead_are_forgotten(app: App, client: redis.Redis) -> None:
    """Its supervisor lets the others go on at once; those of another process are left alone."""
    breakers(app.settings, client, lambda: "dead-1").admit("outbox")
    breakers(app.settings, client, lambda: "alive-2").admit("outbox")

    app.end_leases("dead-1")

    left: Any = client.zrange(SENDS, 0, -1)
    assert [call.partition(b"/")[0] for call in left] == [b"alive-2"]


def test_worker_gives_a_sign_of_life_for_its_sends_with_each_beat(
    app: App, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that go on for long stay counted, under the name that leases have."""
    monkeypatch.setattr("notifyctl.delivery.circuits._YOUNG_S", 0.0)
    broker = app.broker()
    route = app.route(Channel.EMAIL)
    admission = route._circuits.admit("outbox")
    assert isinstance(admission, Admission)
    call = admission.call
    client.zadd(SENDS, {call: 1})

    for act in broker.with_each_beat:
        act()

    assert call.startswith(f"{broker.worker_id}/")
    assert (client.zscore(SENDS, call) or 0) > 1_700_000_000_000
