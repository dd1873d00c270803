"""Lost connections, a killed server, a killed worker: nothing lost, nothing run twice. See `test_away_*`, too."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from notifyctl.errors import Transient
from tests.support.builders import a_message
from tests.support.seed import Seed, ids
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host
    from tests.support.proxy import Proxy
    from tests.support.server import Server

pytestmark = pytest.mark.usefixtures("quick_reconnects")

ROOT = Path(__file__).parents[3]


def _names(count: int) -> list[str]:
    return [f"job-{number}" for number in range(count)]


def test_crash_outage_during_runs_keeps_their_outcomes(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, gate: Gate
) -> None:
    """Completions, retries and dead letters are told when the server is back; delayed jobs are where they were."""
    host = make_host(proxy.url, delays_ms=[20])

    def work(message: NotifyMessage) -> None:
        if message.job.attempt == 1:
            gate(message)
        if message.message_id.startswith("bad"):
            raise Transient("down", provider="sendgrid")

    host.actor(work)
    host.start(threads=4)
    host.send("good-1", "good-2", "bad-1", "bad-2")
    gate.await_inside(4)
    for name in _names(5):
        host.broker.enqueue(a_message(name), delay=100)
    with proxy.outage():
        gate.open()
        wait_until(lambda: gate.inside == 0)
        pause = time.monotonic() + 1.0
        wait_until(lambda: time.monotonic() > pause)
    host.join()

    assert sorted(seed.ids("completed")) == sorted(["good-1", "good-2", *_names(5)])
    assert sorted(seed.ids("dead")) == ["bad-1", "bad-2"]
    runs = Counter(host.runs)
    assert runs == {"good-1": 1, "good-2": 1, "bad-1": 2, "bad-2": 2, **dict.fromkeys(_names(5), 1)}
    assert host.listens


def test_crash_worker_stops_while_the_server_is_away(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, gate: Gate
) -> None:
    """What it holds is left to the leases; nothing keeps its threads from ending."""
    host = make_host(proxy.url)
    host.actor(gate)
    host.start(threads=2)
    host.send("a")
    gate.await_inside(1)
    with proxy.outage():
        started = time.monotonic()
        host.broker.stop_taking()
        assert host.worker is not None
        host.worker.stop(500)
        stopped_s = time.monotonic() - started

    assert stopped_s < 5
    gate.open()
    wait_until(lambda: seed.ids("completed") == ["a"], what="the outcome to be told when the server is back")
    host.worker = None


def test_crash_server_that_forgot_its_scripts_is_taught(host: Host, seed: Seed) -> None:
    """SCRIPT FLUSH, as after a failover, before each of some jobs."""
    host.actor(lambda message: message.begin("sendgrid"))
    host.start()
    for name in _names(20):
        seed.client.script_flush()
        host.send(name)
        host.join()

    assert host.runs == _names(20)


def test_crash_killed_server_comes_back_with_everything(make_host: Callable[..., Host], durable_server: Server) -> None:
    """Kill -9 of the server in mid-work, twice: every job is done, none is run twice."""
    host = make_host(durable_server.url)
    done = threading.Event()

    def work(message: NotifyMessage) -> None:
        done.wait(0.01)

    host.actor(work)
    host.send(*_names(400))
    for name in _names(20):
        host.broker.enqueue(a_message(f"delayed-{name}"), delay=500)
    with durable_server.client() as client:
        seed = Seed(client)
    host.start()
    for count in (60, 150):
        wait_until(lambda count=count: len(host.runs) > count)  # type: ignore[misc]
        durable_server.kill()
        durable_server.start()
    host.join(timeout_ms=30_000)

    assert host.listens
    assert Counter(host.runs) == dict.fromkeys([*_names(400), *(f"delayed-{name}" for name in _names(20))], 1)
    assert len(seed.ids("completed")) == 420
    seed.check()
    host.close()


@pytest.mark.usefixtures("short_leases")
def test_crash_worker_cut_off_for_longer_than_its_lease_does_not_send(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, gate: Gate
) -> None:
    """Another worker has the job by then: the first is told so when it wants to begin, and changes nothing."""
    sent: list[str] = []

    def cut_off(message: NotifyMessage) -> None:
        gate(message)
        message.begin("sendgrid")
        sent.append("cut off")

    def sends(message: NotifyMessage) -> None:
        message.begin("sendgrid")
        sent.append("other")
        message.provider, message.provider_id = "sendgrid", "sg-2"

    lonely, other = make_host(proxy.url), make_host()
    lonely.actor(cut_off)
    other.actor(sends)
    lonely.send("a")
    lonely.start(threads=1)
    gate.await_inside(1)
    with proxy.outage():
        other.start(threads=1)
        wait_until(lambda: seed.ids("completed") == ["a"], what="the other worker to send it")
    gate.open()
    wait_until(lambda: not lonely.broker.held["email"].jobs)

    assert sent == ["other"]
    assert (lonely.job("a").provider_id, lonely.job("a").duplicates) == ("sg-2", [])


@pytest.mark.usefixtures("short_leases")
def test_crash_late_acceptance_settles_the_job(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, gate: Gate
) -> None:
    """Cut off after the send had begun: the job is reclaimed as in doubt, and the evidence comes before a look-up."""
    sent: list[str] = []

    def sends(message: NotifyMessage) -> None:
        message.begin("sendgrid")
        sent.append(message.message_id)
        gate(message)
        message.provider, message.provider_id = "sendgrid", "sg-1"

    lonely = make_host(proxy.url)
    lonely.actor(sends)
    lonely.send("a")
    lonely.start(threads=1)
    gate.await_inside(1)
    with proxy.outage():
        seed.scripts.clock = None
        sequence = iter(range(1, 10_000))
        wait_until(lambda: seed.take("other", next(sequence), 0).lost and seed.reclaim(60_000) == 1)
    state = seed.job("a")["state"]
    gate.open()
    wait_until(lambda: not lonely.broker.held["email"].jobs)

    job = lonely.job("a")
    assert state == "delayed"
    assert (job.state, job.provider_id, sent) == (State.COMPLETED, "sg-1", ["a"])


@pytest.mark.usefixtures("short_leases")
def test_crash_long_run_keeps_its_lease(host: Host, seed: Seed, gate: Gate) -> None:
    """A run of several leases' length is this worker's all the time, and no outage to the others."""
    host.actor(gate)
    host.send("slow")
    host.start(threads=1)
    gate.await_inside(1)
    seed.scripts.clock = None
    taken: list[str] = []
    until = time.monotonic() + 3
    sequence = iter(range(1, 10_000))

    def the_time_is_over() -> bool:
        taken.extend(ids(seed.take("other", next(sequence))))
        return time.monotonic() > until

    wait_until(the_time_is_over)
    gate.open()
    host.join()

    assert (taken, host.runs) == ([], ["slow"])


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("seed")
def test_crash_killed_worker_process_loses_nothing(make_host: Callable[..., Host], server: Server) -> None:
    """Kill -9 with two sends in progress: those are run again, flagged; everything else is run once."""
    host = make_host()
    host.actor()
    host.send(*_names(10))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.engine.victim", server.url, "sends"], stdout=subprocess.PIPE, cwd=ROOT
    ) as victim:
        assert victim.stdout is not None
        begun = {victim.stdout.readline().decode().strip() for _ in range(2)}
        victim.kill()
    host.start()
    host.join(timeout_ms=40_000)

    assert Counter(host.runs) == dict.fromkeys(_names(10), 1)
    assert {name for name in _names(10) if host.job(name).possible_duplicate} == begun
