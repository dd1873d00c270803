"""Real worker processes, a real server, SendGrid played on loopback: what a kill and a freeze cost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import build
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import WrongState
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.settings import Settings
from tests.support.receivers import Receiver
from tests.support.server import Server
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from notifyctl.app import App

KEYS = "{notifyctl:email}:"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def sendgrid() -> Iterator[Receiver]:
    """SendGrid, taking a fifth of a second for each mail."""
    receiver = Receiver(202, {}, 0.2)
    yield receiver
    receiver.close()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may freeze."""
    server = Server()
    yield server
    server.thaw()
    server.close()


class Fleet:
    """Worker processes, each leading a process group of its own."""

    def __init__(self, url: str, sendgrid: Receiver) -> None:
        self.environment = {
            **os.environ,
            "REDIS_URL": url,
            "SENDGRID_API_KEY": "SG.test",
            "SENDGRID_HOST": sendgrid.url,
            "EMAIL_FROM": "shop@example.com",
            "NOTIFYCTL_EMAIL_RATE": "off",
            "NOTIFYCTL_EMAIL_LOOK_UPS": "100ms",
            "NOTIFYCTL_LOG_LEVEL": "ERROR",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more process."""
        process = subprocess.Popen(
            [sys.executable, "-m", "notifyctl.worker.process", "actors.worker", "--threads", "5", "--queues", "email"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=ROOT,
        )
        self.processes.append(process)
        return process

    def end(self) -> None:
        """End all that are left, in order."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=20)


def _queue(app: App, count: int) -> None:
    for start in range(0, count, 100):
        app.notifier.queue_many(
            [
                (
                    Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {"note": f"n{number}."}),
                    Options(),
                )
                for number in range(start, min(start + 100, count))
            ]
        )


def _received(sendgrid: Receiver) -> Counter[str]:
    """How often each numbered mail arrived."""
    return Counter(re.findall(r"\b(n\d+)\.", body)[0] for body in sendgrid.bodies)


def _count(client: redis.Redis, *states: str) -> int:
    return sum(client.zcard(KEYS + state) for state in states)


def _sending(client: redis.Redis) -> int:
    return int(client.zcard(FleetKeys("notifyctl").sends("sendgrid")))


def _ids(client: redis.Redis, state: str) -> set[object]:
    return set(client.zrange(KEYS + state, 0, -1))


@pytest.mark.timeout(90)
def test_killed_process_group_loses_nothing_and_repeats_only_what_was_in_progress(
    server: Server, client: redis.Redis, sendgrid: Receiver
) -> None:
    """A kill -9 with 500 mails waiting, and as many in flight as a circuit bears: all complete, recovered within 15 s."""
    app = build(Settings.load(redis={"url": server.url}))
    fleet = Fleet(server.url, sendgrid)
    try:
        _queue(app, 500)
        victim = fleet.start()
        wait_until(lambda: _count(client, "completed") > 20, what="the first mails to go")
        wait_until(lambda: _sending(client) == 5, what="all threads to be sending")

        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        killed_at = time.monotonic()
        in_progress = _ids(client, "active")
        fleet.start()
        wait_until(
            lambda: in_progress <= _ids(client, "completed"),
            timeout_s=30,
            what="the killed worker's jobs to be recovered",
        )
        recovered_s = time.monotonic() - killed_at
        wait_until(lambda: _count(client, "completed") == 500, timeout_s=60, what="all to complete")
    finally:
        fleet.end()

    received = _received(sendgrid)
    assert len(received) == 500
    assert sum(received.values()) - 500 <= len(in_progress) <= 5
    assert recovered_s < 15
    assert _count(client, "waiting", "active", "delayed", "dead") == 0


@pytest.mark.timeout(90)
def test_frozen_server_has_nothing_sent_twice(own_server: Server, sendgrid: Receiver) -> None:
    """The server stops in its tracks for 15 s while sends are in progress, and goes on."""
    app = build(Settings.load(redis={"url": own_server.url}))
    fleet = Fleet(own_server.url, sendgrid)
    try:
        _queue(app, 100)
        fleet.start()
        fleet.start()
        with own_server.client() as client:
            wait_until(lambda: _count(client, "completed") > 10, what="the first mails to go")

            own_server.freeze()
            thaw_at = time.monotonic() + 15
            wait_until(lambda: time.monotonic() > thaw_at, what="the freeze to last")
            own_server.thaw()
            wait_until(lambda: _count(client, "completed") == 100, timeout_s=45, what="all to complete")
    finally:
        fleet.end()

    received = _received(sendgrid)
    assert set(received.values()) == {1}
    assert len(received) == 100


@pytest.mark.timeout(90)
def test_refusing_provider_is_asked_again_after_2_4_and_8_seconds(server: Server, client: redis.Redis) -> None:
    """Four runs, then the dead letters; two replays at once send it once."""
    sendgrid = Receiver(503, {"errors": "down"}, 0.0)
    sendgrid.close()  # its port refuses connections now
    app = build(Settings.load(redis={"url": server.url}))
    fleet = Fleet(server.url, sendgrid)
    try:
        fleet.start()
        wait_until(lambda: client.scard("notifyctl:queues") or client.exists(KEYS + "meta"), what="the worker to start")
        job_id = app.notifier.queue_email("test_message", {"note": "n1."}, to="ada@example.com").id
        wait_until(lambda: _count(client, "dead") == 1, timeout_s=30, what="the mail to die")

        dead = app.inspector.job(job_id)
        starts = [attempt["started_at_ms"] for attempt in dead.attempts]
        gaps = [later - earlier for earlier, later in pairwise(starts)]
        revived = Receiver(202, {}, 0.2, port=int(sendgrid.url.rpartition(":")[2]))
        with ThreadPoolExecutor(2) as pool:
            replays = [future.exception() for future in [pool.submit(app.inspector.replay, job_id) for _ in range(2)]]
        wait_until(lambda: _count(client, "completed") == 1, what="the replay to be sent")
    finally:
        fleet.end()

    assert [attempt["outcome"] for attempt in dead.attempts] == ["transient"] * 4
    assert all(0 <= gap - wanted < 250 for gap, wanted in zip(gaps, (2000, 4000, 8000), strict=True)), gaps
    assert len(revived.bodies) == 1
    assert sum(error is None for error in replays) == 1
    assert any(isinstance(error, WrongState) for error in replays)
    revived.close()
