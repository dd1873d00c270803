"""A server that has forgotten what it was told, as a replica that took over too soon: what this process knows counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.engine.states import State
from tests.support.builders import QUEUE
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
    gate.open()
    host.join()

    job = host.job("job-1")
    assert host.runs == ["job-1"]
    assert (job.state, job.possible_duplicate) == (State.COMPLETED, False)


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
