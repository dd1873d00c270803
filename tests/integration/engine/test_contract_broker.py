"""What Dramatiq's own suite asks of a broker, its consumers and its worker, asked of ours.

Elsewhere: sending, eta, unknown queues and actors, pause, requeue at shutdown, `join`, `flush` (`test_broker`);
retries, dead letters (`test_outcomes`); ack and nack through lost connections (`test_away_steps`). Not asked here:

- delay queues and what is prefetched of them: there are none, due times live in the server;
- dead letters that are cleaned up by age: ours wait for a person;
- `join(fail_fast=True)`, which raises an actor's error in whoever waits: the stub broker's alone, not in `Broker`;
- connecting by URL or client, a broker without an attribute, RabbitMQ's topology: of those brokers themselves;
- `max_retries`, `min_backoff`, `retry_when`, `on_retry_exhausted`: options of Dramatiq's Retries, which ours replaces;
- messages, encoders, queue names, generic actors' inheritance, the command's fork and reload: no broker has part in them.
"""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import dramatiq
import pytest
from dramatiq.errors import QueueJoinTimeout

from notifyctl.engine.states import State
from notifyctl.errors import Permanent, Scope
from notifyctl.units import Rate
from tests.support.builders import a_job, a_message
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host
    from tests.support.seed import Seed


def _names(count: int) -> list[str]:
    return [f"job-{number:03}" for number in range(count)]


def test_contract_arguments_reach_the_actor(host: Host) -> None:
    """Positional and named ones, of a function, and of a class of the generic kind."""
    got: list[tuple[object, ...]] = []

    @dramatiq.actor(queue_name="email", broker=host.broker)
    def add(x: int, *, y: dict[str, list[int]]) -> None:
        got.append((x, y))

    class Subtract(dramatiq.GenericActor):
        class Meta:
            actor_name = "subtract"
            queue_name = "email"
            broker = host.broker

        def perform(self, x: int) -> None:
            got.append((-x,))

    add.send(1, y={"é": [2]})
    Subtract.send(3)
    host.start(threads=1)
    host.join()

    assert got == [(1, {"é": [2]}), (-3,)]


def test_contract_delays_are_independent_of_each_other(host: Host) -> None:
    """The shorter one runs first, whichever was sent first, in ms or as a timedelta."""
    actor = host.actor()
    long = actor.send_with_options(delay=300)
    short = actor.send_with_options(delay=timedelta(milliseconds=100))
    host.start()
    host.join()

    assert host.runs == [short.message_id, long.message_id]


def test_contract_delayed_jobs_outlive_a_shutdown(host: Host, seed: Seed) -> None:
    """They were never in the worker's memory: due when they were."""
    host.actor()
    host.broker.enqueue(a_message("later"), delay=60_000)
    due = seed.score("delayed", "later")
    host.start()
    host.send("now")
    wait_until(lambda: host.runs == ["now"])
    host.stop()

    assert seed.score("delayed", "later") == due


def test_contract_one_thread_runs_jobs_in_order(make_host: Callable[..., Host], gate: Gate) -> None:
    """Also those that it prefetched."""
    host = make_host(concurrency={"email": 5})
    host.actor(gate)
    host.send(*_names(20))
    gate.open()
    host.start(threads=1)
    host.join()

    assert host.runs == _names(20)


def test_contract_priority_orders_what_a_process_holds(make_host: Callable[..., Host], seed: Seed, gate: Gate) -> None:
    """Dramatiq's priority of actors: the lower number first, among the jobs that wait for the same threads."""
    host = make_host(concurrency={"email": 7})
    host.actor(gate, name="first")
    host.actor(name="low", priority=10)
    host.actor(name="high", priority=0)
    worker = dramatiq.Worker(host.broker, worker_threads=1, worker_timeout=50)
    worker.queue_prefetch = 7
    worker.start()
    host.worker = worker
    host.send("first", actor="first")
    gate.await_inside(1)
    for number in range(3):
        host.send(f"low-{number}", actor="low")
        host.send(f"high-{number}", actor="high")
    wait_until(lambda: len(seed.ids("active")) == 7 and worker.work_queue.qsize() == 6)
    gate.open()
    host.join()

    assert host.runs == ["first", "high-0", "high-1", "high-2", "low-0", "low-1", "low-2"]


def test_contract_prefetch_is_the_most_that_a_consumer_holds(host: Host, seed: Seed) -> None:
    """Dramatiq's own number, where it is less than the queue's concurrency; then there is nothing for a while."""
    host.actor()
    host.send("a", "b", "c")
    host.broker.start_taking(dramatiq.Worker(host.broker, worker_threads=8))
    consumer = host.broker.consume("email", prefetch=2, timeout=50)

    first, second, third = next(consumer), next(consumer), next(consumer)

    assert [message and message.message_id for message in (first, second, third)] == ["a", "b", None]
    assert (seed.ids("active"), seed.ids("waiting")) == (["a", "b"], ["c"])
    assert first is not None
    consumer.ack(first)
    assert (message := next(consumer)) is not None
    assert message.message_id == "c"


def test_contract_requeued_messages_are_consumed_again_in_order(host: Host) -> None:
    """What a consumer gives back is the next one's, no attempt used."""
    host.actor()
    host.send("a", "b", "c")
    host.broker.start_taking(dramatiq.Worker(host.broker, worker_threads=2))
    consumer = host.broker.consume("email", prefetch=2, timeout=50)
    taken = [message for message in (next(consumer), next(consumer)) if message is not None]
    consumer.requeue(reversed(taken))
    consumer.requeue([])
    consumer.close()

    again = host.broker.consume("email", prefetch=4, timeout=50)
    messages = [message for message in (next(again), next(again)) if message is not None]

    assert [(message.message_id, message.job.attempt) for message in messages] == [("a", 1), ("b", 1)]


def test_contract_outcome_of_a_job_that_is_gone_ends_no_thread(host: Host, seed: Seed) -> None:
    """Somebody deleted it while it ran: its burial and its completion do nothing, and nothing of it is left."""

    def work(message: NotifyMessage) -> None:
        if message.message_id != "good":
            seed.client.delete(seed.keys.job(message.message_id))
            seed.client.zrem(seed.keys.active, message.message_id)
        if message.message_id == "bad":
            raise Permanent("no", provider="sendgrid", scope=Scope.RECIPIENT)

    host.actor(work)
    host.start()
    host.send("bad", "done", "good")
    wait_until(lambda: seed.ids("completed") == ["good"] and not host.broker.held["email"].jobs)

    assert sorted(host.runs) == ["bad", "done", "good"]
    assert seed.ids("dead") == []
    assert host.listens


def test_contract_join_waits_for_what_a_job_enqueues(host: Host) -> None:
    """Also where it is delayed, and between two sets at the moment of a look."""
    host.actor(name="again")

    def work(message: NotifyMessage) -> None:
        host.broker.enqueue(a_message(f"{message.message_id}-again", actor="again"), delay=100)

    host.actor(work)
    host.start(threads=1)
    host.send(*_names(3))
    host.join()

    assert sorted(host.runs) == sorted([*_names(3), *(f"{name}-again" for name in _names(3))])


def test_contract_join_gives_up_while_a_job_runs(host: Host, gate: Gate) -> None:
    """A running job is not done."""
    host.actor(gate)
    host.start(threads=1)
    host.send("a")
    gate.await_inside(1)

    with pytest.raises(QueueJoinTimeout):
        host.broker.join("email", timeout=50)


def test_contract_flush_leaves_dead_letters_and_the_future_alone(host: Host, seed: Seed) -> None:
    """What is dead is kept, and what is sent afterwards runs."""

    def work(message: NotifyMessage) -> None:
        if message.message_id.startswith("bad"):
            raise Permanent("no", provider="sendgrid", scope=Scope.RECIPIENT)

    host.actor(work)
    host.start()
    host.send("bad-1")
    host.join()
    host.broker.flush_all()
    host.send("bad-2", "good")
    host.join()

    assert (seed.ids("dead"), seed.ids("completed")) == (["bad-1", "bad-2"], ["good"])


def test_contract_worker_consumes_no_queue_but_those_it_is_told(host: Host, seed: Seed) -> None:
    """One that is declared later, either."""
    host.actor()
    worker = dramatiq.Worker(host.broker, queues={"email"}, worker_threads=1, worker_timeout=50)
    worker.start()
    host.worker = worker
    host.actor(name="other", queue="whatsapp")
    host.broker.enqueue(a_message("other", actor="other", queue="whatsapp"))
    host.send("a")
    host.join()

    assert (host.runs, set(worker.consumers)) == (["a"], {"email"})
    assert seed.client.zcard(host.broker.scripts("whatsapp").keys.waiting) == 1


def test_contract_queue_declared_under_a_running_worker_is_consumed_at_its_rate(
    make_host: Callable[..., Host], seed: Seed
) -> None:
    """Jobs that were there before it was declared go, and no faster than they may."""
    host = make_host(rates={"email": Rate(20)})
    host.actor(name="other", queue="whatsapp")
    host.start()
    seed.scripts.clock = None
    host.broker.producer.enqueue_many("email", [a_job(name) for name in _names(6)])
    host.actor()
    host.join()

    taken = sorted(int(seed.job(job_id)["taken_at"]) for job_id in seed.ids("completed"))
    assert sorted(host.runs) == _names(6)
    assert taken[-1] - taken[0] >= 5 * 50


def test_contract_brokers_share_a_queue(make_host: Callable[..., Host], seed: Seed) -> None:
    """Each job is run by one of them, once; each of them runs some."""
    hosts = [make_host() for _ in range(2)]
    for host in hosts:
        host.actor(lambda _: time.sleep(0.002))
        host.start(threads=2)
    hosts[0].send(*_names(100))
    for host in hosts:
        host.join()

    assert Counter(hosts[0].runs + hosts[1].runs) == dict.fromkeys(_names(100), 1)
    assert all(host.runs for host in hosts)
    assert len(seed.ids("completed")) == 100


@pytest.mark.usefixtures("quick_reconnects")
def test_contract_paused_worker_runs_nothing_until_resumed(host: Host, gate: Gate) -> None:
    """What is in progress ends; what is sent meanwhile waits, and goes when the worker is resumed, again and again."""
    host.actor(gate)
    host.start(threads=1)
    worker = host.worker
    assert worker is not None
    host.send("before")
    gate.await_inside(1)
    pausing = threading.Thread(target=worker.pause)
    pausing.start()
    gate.open()
    pausing.join(10)
    host.send("meanwhile")
    wait_until(lambda: all(thread.paused_event.is_set() for thread in worker.workers))
    ran_by_then = list(host.runs)
    worker.resume()
    host.join()

    assert ran_by_then == ["before"]
    assert host.runs == ["before", "meanwhile"]
    assert host.listens


def test_contract_exceptions_of_actors_do_not_leak(
    make_host: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
    """They go with their run: nothing of ours holds one, nor the frames that hang on it, until the collector comes."""
    caplog.set_level("CRITICAL")
    errors: list[weakref.ref[Exception]] = []

    class Leaky(Exception):
        pass

    def work(message: NotifyMessage) -> None:
        error = Leaky()
        errors.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    host = make_host(delays_ms=[10, 10])
    host.actor(work)
    gc.disable()
    try:
        host.start(threads=1)
        host.send("a")
        host.join()
        wait_until(lambda: not any(error() for error in errors), what="the exceptions to go")
    finally:
        gc.enable()

    assert len(errors) == 3
    assert host.job("a").state is State.DEAD
