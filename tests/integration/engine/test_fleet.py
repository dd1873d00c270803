"""The worker processes that live: how each tells what it does, and is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.events import Events
from notifyctl.engine.fleet import PRESENCE_MS, Fleet, Report
from notifyctl.engine.keys import FleetKeys
from tests.support.builders import QUEUE
from tests.support.seed import NAMESPACE, FakeClock
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import redis

    from tests.integration.engine.conftest import Gate, Host

KEYS = FleetKeys(NAMESPACE)
REPORT = Report(host="a.example.com", pid=7, version="1.2.3", up_ms=60_000, queues=("email",), threads=5)


@pytest.fixture
def clock() -> FakeClock:
    """The server's time."""
    return FakeClock()


@pytest.fixture
def fleet(client: redis.Redis, clock: FakeClock) -> Fleet:
    """No worker lives."""
    return Fleet(client, NAMESPACE, clock)


def test_fleet_without_workers_is_empty(fleet: Fleet) -> None:
    """Before the first one, and after the last."""
    assert fleet.workers() == []
    fleet.tell("w1", REPORT)
    fleet.leave("w1")

    assert fleet.workers() == []


def test_worker_is_as_it_said_last_by_the_servers_clock(fleet: Fleet, clock: FakeClock) -> None:
    """It tells for how long; when that was is the server's to say."""
    fleet.tell("w1", REPORT)
    clock.advance(3_000)
    busy = Report(host="a.example.com", up_ms=63_000, active=2, oldest_job="j1", oldest_ms=500)
    fleet.tell("w1", busy)

    (worker,) = fleet.workers()

    assert (worker.worker_id, worker.report, worker.state) == ("w1", busy, "busy")
    assert worker.seen_at_ms == clock.now
    assert worker.started_at_ms == clock.now - 63_000
    assert worker.oldest_since_ms == clock.now - 500


def test_workers_come_by_host_and_age(fleet: Fleet) -> None:
    """A table of them does not jump about."""
    for name, host, up_ms in (("w1", "b", 1), ("w2", "a", 1), ("w3", "a", 2)):
        fleet.tell(name, Report(host=host, up_ms=up_ms))

    assert [worker.worker_id for worker in fleet.workers()] == ["w3", "w2", "w1"]


def test_worker_that_is_idle_or_drains_says_so(fleet: Fleet) -> None:
    """A drain is told even where something is in progress."""
    fleet.tell("w1", REPORT)
    assert (fleet.workers()[0].state, fleet.workers()[0].oldest_since_ms) == ("idle", 0)

    fleet.tell("w1", Report(active=1, oldest_job="j1", draining=True))

    assert fleet.workers()[0].state == "draining"


def test_nothing_of_a_silent_worker_stays(fleet: Fleet, client: redis.Redis, clock: FakeClock) -> None:
    """Its words go by themselves, and its name at the latest with the next worker's sign of life."""
    fleet.tell("lost", REPORT)
    for key in (KEYS.workers, KEYS.worker("lost")):
        assert 0 < client.pttl(key) <= PRESENCE_MS

    clock.advance(PRESENCE_MS)
    fleet.tell("w1", REPORT)
    assert client.zcard(KEYS.workers) == 2
    clock.advance(1)
    fleet.tell("w1", REPORT)

    assert client.zrange(KEYS.workers, 0, -1) == [b"w1"]


def test_worker_whose_words_ran_out_is_not_listed(fleet: Fleet, client: redis.Redis) -> None:
    """Another one's sign of life may still be to come."""
    fleet.tell("lost", REPORT)
    fleet.tell("w1", REPORT)
    client.delete(KEYS.worker("lost"))

    assert [worker.worker_id for worker in fleet.workers()] == ["w1"]


def test_worker_of_another_version_is_listed(fleet: Fleet, client: redis.Redis) -> None:
    """During a deploy, it may say more than we know, or less."""
    fleet.tell("w1", REPORT)
    client.set(KEYS.worker("w1"), '{"host": "a", "queues": ["email"], "colour": "red"}')

    (worker,) = fleet.workers()

    assert worker.report == Report(host="a", queues=("email",))


def test_running_worker_is_listed_from_its_start_to_its_end(host: Host, gate: Gate) -> None:
    """With what it has in progress, that it drains, and no more once it has ended."""
    host.actor(gate)
    host.send("a", "b")
    fleet = Fleet(host.broker.client, NAMESPACE)
    host.start(threads=2)
    wait_until(fleet.workers, timeout_s=1, what="the worker to be listed")
    gate.await_inside(2)

    host.broker.stop_taking()  # tells at once, and not with its next beat
    wait_until(lambda: fleet.workers()[0].report.draining, timeout_s=1, what="the drain to be told")
    (worker,) = fleet.workers()
    gate.open()
    host.stop()

    assert (worker.worker_id, worker.report.threads, worker.report.queues) == (host.broker.worker_id, 2, (QUEUE,))
    assert (worker.report.active, worker.report.oldest_job) == (2, "a")
    assert fleet.workers() == []


def test_fleet_tells_of_workers_that_come_go_and_are_lost(client: redis.Redis) -> None:
    """Each once: also the one that fell silent, which others notice, and which may come back."""
    clock = FakeClock()
    fleet, events = Fleet(client, NAMESPACE, clock), Events(client, FleetKeys(NAMESPACE).events)
    fleet.tell("w1", Report(queues=("email", "whatsapp"), threads=8))
    fleet.tell("w2", Report(threads=4))
    fleet.tell("w1", Report(up_ms=3_000))
    clock.advance(PRESENCE_MS + 1)
    fleet.tell("w1", Report(up_ms=60_000))
    fleet.tell("w2", Report(up_ms=60_000))
    fleet.leave("w1")
    fleet.leave("w1")
    fleet.leave("w2", lost=True)

    told = [(event.kind, event.fields["worker"]) for event in events.last(20)]
    assert told[:3] == [("worker_started", "w1"), ("worker_started", "w2"), ("worker_lost", "w2")]
    assert told[3:] == [("worker_back", "w2"), ("worker_ended", "w1"), ("worker_lost", "w2")]
    assert events.last(20)[0].fields == {"worker": "w1", "queues": "email whatsapp", "threads": "8"}
