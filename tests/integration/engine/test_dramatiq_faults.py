"""What stock Dramatiq's Redis broker does wrong, measured, does not happen here.

retries decided while Redis is away are lost          here
its consumer of delayed messages dies in a failover   here; `test_away_refusals`
delayed messages held in memory are stranded          here
a lost fetch reply strands the batch                  `test_away_steps`
a lost enqueue reply runs the actor twice             `test_away_steps`
a killed worker's messages come back by a lottery     here; `test_crash`
far-future messages starve retries                    here
a poison body wedges its batch                        `test_poison`
backoff is jittered, dead letters have no reason      here; `test_outcomes`
one dead process ends the fleet                       `tests/e2e/test_worker.py`
a rate limit uses attempts up                         `test_broker`, `test_limiter`
KEYS blocks the server                                here
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from notifyctl.errors import Transient
from notifyctl.middleware.retries import Retries
from tests.support.builders import a_job, a_message
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host
    from tests.support.proxy import Proxy
    from tests.support.seed import Seed
    from tests.support.server import Server

ROOT = Path(__file__).parents[3]
#: What a retry or a delay may come late: a wake-up, and a busy machine.
LATE_MS = 800


def _names(count: int) -> list[str]:
    return [f"job-{number}" for number in range(count)]


def _fails(message: NotifyMessage) -> None:
    raise Transient("down", provider="sendgrid")


@pytest.fixture
def killed() -> Callable[..., str]:
    """Starts a worker process, kills it when its threads hold so many jobs; the worker id that it had."""

    def kill(url: str, seed: Seed, lease_ms: int, count: int) -> str:
        command = [sys.executable, "-m", "tests.integration.engine.victim", url, "holds", str(lease_ms)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            begun = [process.stdout.readline().decode().strip() for _ in range(count)]
            process.kill()
        return seed.job(begun[0])["lease"].rpartition(":")[0]

    return kill


@pytest.mark.usefixtures("quick_reconnects")
def test_fault_retries_decided_while_the_server_is_down_are_not_lost(
    make_host: Callable[..., Host], durable_server: Server, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    """Three runs fail and two succeed while there is no server: three retries, and nothing else a second time."""

    def work(message: NotifyMessage) -> None:
        if message.job.attempt == 1:
            gate(message)
            if message.message_id.startswith("bad"):
                _fails(message)

    host = make_host(durable_server.url)
    host.actor(work)
    host.start(threads=5)
    bad, good = ["bad-1", "bad-2", "bad-3"], ["good-1", "good-2"]
    host.send(*bad, *good)
    gate.await_inside(5)
    durable_server.kill()
    gate.open()
    wait_until(lambda: caplog.text.count("Failed to post_process_message") >= 5, what="five outcomes not to be told")
    durable_server.start()
    host.join()

    assert Counter(host.runs) == {**dict.fromkeys(bad, 2), **dict.fromkeys(good, 1)}
    assert {host.job(name).state for name in (*bad, *good)} == {State.COMPLETED}
    assert {host.job(name).attempts[0]["outcome"] for name in bad} == {"transient"}
    assert host.listens
    host.close()


@pytest.mark.usefixtures("quick_reconnects")
def test_fault_delayed_jobs_survive_the_workers_lost_connection(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed
) -> None:
    """They are nowhere but in the server, and the threads that will take them live through the outage."""
    host = make_host(proxy.url)
    actor = host.actor()
    host.start(threads=1)
    for _ in range(20):
        actor.send_with_options(delay=600)
    host.send("now")
    wait_until(lambda: host.runs == ["now"])
    assert host.worker is not None
    in_memory = [consumer.delay_queue.qsize() for consumer in host.worker.consumers.values()]
    with proxy.outage():
        wait_until(lambda: proxy.refused > 2, what="the worker to miss the server")
    host.join()
    host.send("afterwards")
    host.join()

    assert in_memory == [0]
    assert sorted(Counter(host.runs).values()) == [1] * 22
    assert host.listens


@pytest.mark.parametrize(("told", "lease_ms"), [(True, 60_000), (False, 2_000)], ids=["told", "by the lease"])
def test_fault_recovery_after_kill_9_is_bounded(
    host: Host, server: Server, seed: Seed, killed: Callable[..., str], told: bool, lease_ms: int
) -> None:
    """At once where a supervisor tells of the death, else when the lease is over and an idle worker wakes up."""
    host.actor()
    host.send(*_names(10))
    worker_id = killed(server.url, seed, lease_ms, count=2)
    killed_at = time.monotonic()
    if told:
        assert seed.scripts.lapse(worker_id) == 2
    host.start(threads=2)
    host.join()

    assert time.monotonic() - killed_at < 15
    assert Counter(host.runs) == dict.fromkeys(_names(10), 1)
    assert {host.job(name).attempt for name in _names(10)} == {0}
    assert not any(host.job(name).possible_duplicate for name in _names(10))


def test_fault_jobs_of_the_far_future_starve_nothing(make_host: Callable[..., Host], seed: Seed) -> None:
    """A thousand that are due in an hour, one thread: a delay of 200 ms and a retry come on time."""
    ran_at: dict[str, list[float]] = {"soon": [], "flaky": []}

    def work(message: NotifyMessage) -> None:
        ran_at[message.message_id].append(time.monotonic())
        if message.message_id == "flaky" and message.job.attempt == 1:
            _fails(message)

    host = make_host(delays_ms=[300])
    host.actor(work)
    far = [a_job(name, delay_ms=3_600_000) for name in _names(1_000)]
    for start in range(0, 1_000, 200):
        host.broker.producer.enqueue_many("email", far[start : start + 200])
    host.start(threads=1)
    sent_at = time.monotonic()
    host.broker.enqueue(a_message("soon"), delay=200)
    host.send("flaky")
    wait_until(lambda: sorted(seed.ids("completed")) == ["flaky", "soon"] and not host.broker.held["email"].jobs)

    assert 0.2 <= ran_at["soon"][0] - sent_at < 0.2 + LATE_MS / 1000
    assert 0.3 <= ran_at["flaky"][1] - ran_at["flaky"][0] < 0.3 + LATE_MS / 1000
    assert len(seed.ids("delayed")) == 1_000


def test_fault_backoff_is_exactly_2_4_and_8_seconds(make_host: Callable[..., Host], seed: Seed) -> None:
    """By the server's clock, from the run to the due time; the test makes each retry due instead of waiting for it."""
    host = make_host(middleware=[Retries()])
    host.actor(_fails)
    host.start(threads=1)
    host.send("a")
    waits = []
    for run in range(1, 4):
        wait_until(lambda run=run: seed.job("a")["attempt"] == str(run))  # type: ignore[misc]
        stored = seed.job("a")
        waits.append(int(stored["due_at"]) - int(stored["taken_at"]))
        seed.client.zadd(seed.keys.delayed, {"a": int(stored["taken_at"])}, xx=True)
    host.join()

    assert [wait // 1_000 for wait in waits] == [2, 4, 8]
    assert all(wait % 1_000 < LATE_MS for wait in waits), waits
    job = host.job("a")
    assert (job.state, job.reason) == (State.DEAD, "retries_exhausted")
    assert [attempt["error"] for attempt in job.attempts] == ["down"] * 4


def test_fault_backoff_is_kept_by_an_idle_worker(make_host: Callable[..., Host], seed: Seed) -> None:
    """From one run to the next, by the server's clock: not before its time, and not noticeably after it."""
    taken_at: list[int] = []

    def work(message: NotifyMessage) -> None:
        taken_at.append(int(seed.job(message.message_id)["taken_at"]))
        _fails(message)

    delays_ms = (100, 200, 400)
    host = make_host(delays_ms=delays_ms)
    host.actor(work)
    host.start(threads=1)
    host.send("a")
    host.join()

    gaps = [later - earlier for earlier, later in pairwise(taken_at)]
    assert all(delay <= gap < delay + LATE_MS for delay, gap in zip(delays_ms, gaps, strict=True)), gaps


@pytest.mark.usefixtures("quick_reconnects")
def test_fault_no_command_looks_through_the_keyspace(make_host: Callable[..., Host], proxy: Proxy, seed: Seed) -> None:
    """Neither KEYS nor SCAN, whatever else lives in that server: not in a run, a retry, an outage, or a count."""
    seed.client.config_resetstat()
    host = make_host(proxy.url)
    host.actor(lambda message: _fails(message) if message.job.attempt == 1 else None)
    host.start()
    host.send(*_names(5))
    with proxy.outage():
        wait_until(lambda: proxy.refused > 2)
    host.join()
    host.inspector.stats("email")
    host.stop()

    assert not seed.client.info("commandstats").keys() & {"cmdstat_keys", "cmdstat_scan"}
