"""A server that has forgotten what it was told, as a replica that took over too soon: what this process knows counts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.jobs import Completion
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.replicas import Replicas
from notifyctl.engine.scripts import Scripts
from notifyctl.engine.states import State
from notifyctl.errors import BrokerUnavailable, InDoubt
from tests.support.builders import QUEUE, a_job
from tests.support.seed import NAMESPACE
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host


def remember(client: redis.Redis) -> Callable[[], None]:
    """Return a way to bring all keys back to what they are now."""
    kept: dict[Any, Any] = {key: client.dump(key) for key in client.scan_iter()}

    def restore() -> None:
        with client.pipeline(transaction=True) as pipe:
            pipe.flushall()
            for key, value in kept.items():
                pipe.restore(key, 0, value)
            pipe.execute()

    return restore


def test_send_that_the_server_forgot_is_not_begun_again(host: Host, gate: Gate, client: redis.Redis) -> None:
    """Its thread goes on under the new lease, and its outcome stands."""

    def work(message: NotifyMessage) -> None:
        message.begin("smtp")
        gate(message)

    host.actor(work)
    host.send("job-1")
    restore = remember(client)
    host.start()
    gate.await_inside(1)
    old = host.broker.held[QUEUE].jobs["job-1"].job.token

    restore()
    wait_until(lambda: host.broker.held[QUEUE].jobs["job-1"].job.token != old, what="the job to be handed out again")
    key = QueueKeys(NAMESPACE, QUEUE).job("job-1")
    wait_until(lambda: client.hget(key, "began"), what="the new server to know of the send")
    gate.open()
    host.join()

    job = host.job("job-1")
    assert host.runs == ["job-1"]
    assert (job.state, job.possible_duplicate) == (State.COMPLETED, False)


@pytest.mark.usefixtures("quick_reconnects")
def test_send_in_doubt_that_the_server_forgot_stays_in_doubt(
    make_host: Callable[..., Host], client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doubt could not be told before the failover: it is told under the new lease, and nothing is sent again."""
    host = make_host(look_ups_ms=(60_000,))
    sends, back, doubt = [], threading.Event(), Scripts.doubt

    def unreachable(self: Scripts, *args: Any) -> str:
        if not back.wait(0.01):
            raise BrokerUnavailable("away")
        return doubt(self, *args)

    def work(message: NotifyMessage) -> None:
        message.begin("twilio")
        sends.append(message.job.token)
        raise InDoubt("the answer was lost", provider="twilio")

    monkeypatch.setattr(Scripts, "doubt", unreachable)
    host.actor(work)
    host.send("job-1")
    restore = remember(client)
    host.start()
    wait_until(lambda: sends)
    wait_until(lambda: host.broker.held[QUEUE].jobs["job-1"].disposition)

    restore()
    wait_until(lambda: host.broker.held[QUEUE].jobs["job-1"].job.token != sends[0], what="it to be handed out again")
    back.set()
    wait_until(lambda: host.job("job-1").doubts == 1)
    host.stop()

    assert len(sends) == 1


def test_job_that_the_server_forgot_before_its_send_goes_once(host: Host, gate: Gate, client: redis.Redis) -> None:
    """The first thread finds its lease gone when it begins; the second one sends."""
    sent = []

    def work(message: NotifyMessage) -> None:
        gate(message)
        message.begin("smtp")
        sent.append(message.job.token)

    host.actor(work)
    host.send("job-1")
    restore = remember(client)
    host.start()
    gate.await_inside(1)

    restore()
    gate.await_inside(2)
    gate.open()
    host.join()

    assert len(sent) == 1
    assert host.job("job-1").state is State.COMPLETED


def test_outcome_that_no_replica_had_and_the_server_forgot_is_told_again(
    make_host: Callable[..., Host], client: redis.Redis
) -> None:
    """Before a job is taken again: what went out is not sent a second time, and its evidence is kept."""

    def work(message: NotifyMessage) -> None:
        message.begin("smtp")
        message.provider, message.provider_id = "smtp", f"name of {message.message_id}"

    host = make_host(replicas=Replicas(1, 5))
    host.actor(work)
    scripts = Scripts(client, QueueKeys(NAMESPACE, QUEUE))
    scripts.enqueue_many([a_job(f"job-{number}") for number in range(5)])
    restore = remember(client)
    host.start()
    wait_until(lambda: len(host.broker.replicas.unconfirmed(scripts.keys.meta)) == 5, what="all outcomes to be told")

    restore()
    host.join()

    assert sorted(host.runs) == [f"job-{number}" for number in range(5)]
    assert [host.job(f"job-{number}").provider_id for number in range(5)] == [f"name of job-{n}" for n in range(5)]


def test_outcome_that_comes_after_another_worker_began_again_is_kept_as_a_duplicate(client: redis.Redis) -> None:
    """Whoever looks at the job sees that it may have gone twice."""
    keys = QueueKeys(NAMESPACE, QUEUE)
    mine, theirs = Scripts(client, keys, replicas=Replicas(1, 5)), Scripts(client, keys)
    options: Any = {"lease_ms": 10_000, "rate": "0/1", "gap_ms": 4_500, "block_ms": 0, "cancelled_ms": 1_000}
    theirs.enqueue(a_job())
    restore = remember(client)
    mine.complete([Completion("job-1", mine.take("w1", 1, 1, **options).jobs[0].token, "smtp", "mine")], 60_000)
    restore()
    (again,) = theirs.take("w2", 1, 1, **options).jobs
    theirs.begin("job-1", again.token, "smtp")

    mine.complete([], 60_000)
    theirs.complete([Completion("job-1", again.token, "smtp", "theirs")], 60_000)

    fields = client.hgetall(keys.job("job-1"))
    assert (fields[b"state"], fields[b"provider_id"]) == (b"completed", b"theirs")
    assert fields[b"duplicate:w1:1"] == b"smtp mine"


def test_outcomes_that_are_told_again_are_not_too_many(client: redis.Redis) -> None:
    """In a long want of replicas, the oldest are forgotten."""
    replicas = Replicas(1, 5)
    scripts = Scripts(client, QueueKeys(NAMESPACE, QUEUE), replicas=replicas)
    for batch in range(3):
        scripts.complete([Completion(f"job-{batch}-{number}", "w1:1") for number in range(200)], 60_000)

    kept = replicas.unconfirmed(scripts.keys.meta)
    assert (len(kept), kept[0].job_id, kept[-1].job_id) == (500, "job-0-100", "job-2-199")
