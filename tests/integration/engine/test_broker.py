"""The broker under a real Dramatiq worker: what Dramatiq's own suite asks of one, and what we promise beyond."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from dramatiq.errors import QueueJoinTimeout, QueueNotFound

from notifyctl.clock import now_ms
from notifyctl.engine.states import State
from notifyctl.middleware import retries
from notifyctl.units import Rate
from tests.support.builders import a_job, a_message
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.engine.conftest import Gate, Host
    from tests.support.seed import Seed


def test_broker_runs_actors(host: Host, seed: Seed) -> None:
    """Every message is run once, and its job completed."""
    actor = host.actor()
    names = [actor.send().message_id for _ in range(100)]
    host.start()
    host.join()

    assert sorted(host.runs) == sorted(names)
    assert sorted(seed.ids("completed")) == sorted(names)


def test_broker_runs_what_is_sent_while_it_is_idle_within_milliseconds(host: Host) -> None:
    """A worker that waits on the marker is woken."""
    host.actor()
    host.start()
    host.send("warm")
    host.join()

    started = time.monotonic()
    host.send("a")
    wait_until(lambda: "a" in host.runs)

    assert time.monotonic() - started < 0.2


def test_broker_runs_queues_beside_each_other(host: Host) -> None:
    """One worker, several queues; a whitelist is Dramatiq's own."""
    host.actor()
    host.actor(name="other", queue="whatsapp")
    host.send("a")
    host.broker.enqueue(a_message("b", actor="other", queue="whatsapp"))
    host.start()
    host.join()
    host.join("whatsapp")

    assert sorted(host.runs) == ["a", "b"]


def test_broker_delays(host: Host) -> None:
    """Not before its time, and soon after it, though everybody was asleep."""
    actor = host.actor()
    host.start()
    sent_at = time.monotonic()
    actor.send_with_options(delay=300)
    wait_until(lambda: host.runs)

    assert 0.3 <= time.monotonic() - sent_at < 0.7


def test_broker_keeps_an_eta_in_the_server(host: Host, seed: Seed) -> None:
    """Dramatiq would hold it in a worker's memory: it is a due time, and no option of the message."""
    actor = host.actor()
    eta = now_ms() + 300
    message = actor.send_with_options(eta=eta)
    due = seed.score("delayed", message.message_id)
    host.start()
    host.join()

    assert due == eta
    assert host.runs == [message.message_id]
    assert now_ms() >= eta


def test_broker_runs_what_was_stored_with_an_eta(host: Host, seed: Seed) -> None:
    """A message that was encoded elsewhere is run, not taken for done."""
    host.actor()
    seed.scripts.clock = None
    seed.scripts.enqueue(a_job("a", message=a_message("a", eta=now_ms() + 3_600_000).encode()))
    host.start()
    host.join()

    assert host.runs == ["a"]


def test_broker_enqueues_the_same_message_once(host: Host) -> None:
    """Its id makes sure of one job."""
    host.actor()
    host.send("a", "a")
    host.start()
    host.join()

    assert host.runs == ["a"]


def test_broker_knows_no_queue_that_was_not_declared(host: Host) -> None:
    """A typo is told at once."""
    with pytest.raises(QueueNotFound):
        host.send("a", queue="emial")
    with pytest.raises(QueueNotFound):
        host.broker.consume("emial")
    assert host.broker.get_declared_delay_queues() == set()


def test_broker_gives_back_at_shutdown_what_was_not_begun(host: Host, seed: Seed, gate: Gate) -> None:
    """In their order, no attempt used; what is in progress ends first."""
    host.actor(gate)
    host.send(*"abcdef")
    host.start(threads=2)
    gate.await_inside(2)
    wait_until(lambda: len(seed.ids("active")) >= 2)
    stopping = threading.Thread(target=host.stop)
    stopping.start()
    wait_until(lambda: host.broker.draining)
    gate.open()
    stopping.join(10)

    assert not stopping.is_alive()
    assert sorted(host.runs) == ["a", "b"]
    assert seed.ids("waiting") == ["c", "d", "e", "f"]
    assert {seed.job(job_id)["attempt"] for job_id in "cdef"} == {"0"}
    assert seed.ids("active") == []


def test_broker_gives_back_what_it_prefetched_for_busy_threads(
    make_host: Callable[..., Host], seed: Seed, gate: Gate
) -> None:
    """More queues than threads: what waits in memory goes back in line at shutdown, too."""
    host = make_host(concurrency={"email": 4})
    host.actor(gate)
    host.send(*"abcdef")
    host.start(threads=2)
    gate.await_inside(2)
    wait_until(lambda: len(seed.ids("active")) == 4)
    stopping = threading.Thread(target=host.stop)
    stopping.start()
    wait_until(lambda: host.broker.draining)
    gate.open()
    stopping.join(10)

    assert sorted(host.runs) == ["a", "b"]
    assert seed.ids("waiting") == ["c", "d", "e", "f"]


def test_broker_takes_nothing_from_the_moment_a_drain_begins(host: Host, seed: Seed, gate: Gate) -> None:
    """A thread that becomes free during the drain stays free."""
    host.actor(gate)
    host.send("a")
    host.start()
    gate.await_inside(1)
    host.broker.stop_taking()
    host.send("b")
    gate.open()
    wait_until(lambda: seed.ids("completed") == ["a"])
    host.stop()

    assert (host.runs, seed.ids("waiting")) == (["a"], ["b"])


def test_broker_can_be_worked_again_after_a_stop(host: Host) -> None:
    """A second worker on the same broker takes up where the first left off."""
    host.actor()
    for name in "ab":
        host.start()
        host.send(name)
        host.join()
        host.stop()

    assert host.runs == ["a", "b"]


def test_broker_stops_soon_while_idle(host: Host) -> None:
    """A consumer that waits on the marker is woken to end."""
    host.actor()
    host.start()
    host.send("warm")
    host.join()
    started = time.monotonic()
    host.stop()

    assert time.monotonic() - started < 1.5


@pytest.mark.usefixtures("quick_reconnects")
def test_broker_stops_while_the_worker_is_paused(host: Host, seed: Seed) -> None:
    """Nothing is lost between a pause and a stop."""
    host.actor()
    host.start()
    assert host.worker is not None
    host.worker.pause()
    host.send("a", "b")
    host.stop()

    assert (seed.ids("waiting"), seed.ids("active"), host.runs) == (["a", "b"], [], [])


@pytest.mark.usefixtures("quick_reconnects")
def test_broker_goes_on_after_a_pause_of_the_worker(host: Host) -> None:
    """Dramatiq rebuilds the consumer: what it had taken is not forgotten."""
    host.actor()
    host.start()
    assert host.worker is not None
    host.worker.pause()
    host.send("a", "b")
    host.worker.resume()
    host.join()

    assert sorted(host.runs) == ["a", "b"]


def test_broker_asks_again_for_an_actor_that_it_does_not_know(
    host: Host, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rolling deployment: a newer worker may know it."""
    monkeypatch.setattr(retries, "_UNKNOWN_ACTOR_S", 0.02)
    host.broker.declare_queue("email")
    host.send("a", actor="newer")
    host.start()
    wait_until(lambda: seed.job("a")["attempt"] == "1")
    host.actor(name="newer")
    host.join()

    assert (host.runs, host.job("a").state) == (["a"], State.COMPLETED)


def test_broker_buries_what_no_worker_knows(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many runs as others have, a person is asked."""
    monkeypatch.setattr(retries, "_UNKNOWN_ACTOR_S", 0.02)
    host.broker.declare_queue("email")
    host.send("a", actor="newer")
    host.start()
    host.join()

    job = host.job("a")
    assert (job.state, job.reason, len(job.attempts)) == (State.DEAD, "unknown_actor", 4)


def test_broker_runs_no_more_of_a_queue_at_once_than_its_concurrency(
    make_host: Callable[..., Host], seed: Seed, gate: Gate
) -> None:
    """The rest stays waiting, for other processes, and leaves the other threads to other queues."""
    host = make_host(concurrency={"email": 2})
    host.actor(gate)
    host.actor(name="other", queue="whatsapp")
    host.send(*[f"job-{number}" for number in range(8)])
    host.start(threads=6)
    gate.await_inside(2)
    host.broker.enqueue(a_message("other", actor="other", queue="whatsapp"))
    host.join("whatsapp")
    counts = len(seed.ids("active")), len(seed.ids("waiting"))
    gate.open()
    host.join()

    assert counts == (2, 6)
    assert gate.most_inside == 2


def test_broker_keeps_the_rate(make_host: Callable[..., Host], seed: Seed) -> None:
    """What may not go yet is not taken: it waits, and holds no thread."""
    host = make_host(rates={"email": Rate(20)})
    host.actor()
    host.send(*[f"job-{number}" for number in range(11)])
    started = time.monotonic()
    host.start()
    host.join()

    taken = sorted(int(seed.job(job_id)["taken_at"]) for job_id in seed.ids("completed"))
    assert time.monotonic() - started < 1.5
    assert taken[-1] - taken[0] >= 10 * 50


def test_broker_join_ends_when_its_time_is_over(host: Host) -> None:
    """Nobody works: the job is still there."""
    host.actor()
    host.send("a")

    with pytest.raises(QueueJoinTimeout):
        host.join(timeout_ms=50)


def test_broker_flush_cancels_what_has_not_gone(host: Host, seed: Seed) -> None:
    """Waiting and delayed ones, more than a page of them; nothing is deleted without a trace."""
    host.actor()
    host.send(*[f"job-{number}" for number in range(120)])
    host.broker.enqueue(a_message("later"), delay=60_000)

    host.broker.flush_all()

    assert (seed.ids("waiting"), seed.ids("delayed")) == ([], [])
    assert len(seed.ids("cancelled")) == 121
    assert host.job("later").reason == "flushed"


def test_broker_flush_ends_where_an_id_has_no_job(host: Host, seed: Seed) -> None:
    """A hash that somebody deleted by hand."""
    host.actor()
    host.send("a")
    seed.client.zadd(seed.keys.waiting, {"ghost": 1})

    host.broker.flush("email")

    assert seed.ids("waiting") == []
