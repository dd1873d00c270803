"""Waiting for replicas: what is told before they have a job, and what after."""

from __future__ import annotations

import json
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from dramatiq.errors import ConnectionClosed

from notifyctl.app import build
from notifyctl.connection import connect
from notifyctl.engine.broker import NotifyBroker
from notifyctl.engine.jobs import Completion, Enqueuing
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.producer import Producer
from notifyctl.engine.replicas import Replicas
from notifyctl.engine.scripts import Scripts
from notifyctl.errors import Unreplicated
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.settings import Settings
from tests.support.builders import QUEUE, a_job, a_message
from tests.support.cli import run
from tests.support.seed import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis

    from tests.support.cluster import Nodes
    from tests.support.sentinel import Sentinels

KEYS = QueueKeys(NAMESPACE, QUEUE)
#: Shorter than what makes a frozen replica a dead one.
FROZEN_S = 0.4
PATIENT, HASTY = Replicas(1, 900), Replicas(1, 30)


@pytest.fixture
def client(several: Sentinels | Nodes) -> Iterator[redis.Redis]:
    """A producer's client."""
    with connect(several.url, role="producer", waits_s=1) as client:
        yield client


@contextmanager
def frozen(several: Sentinels | Nodes, key: str = KEYS.meta) -> Iterator[None]:
    """No replica of a key answers."""
    replicas = several.replicas(key)
    for node in replicas:
        node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for node in replicas:
            node.signal(signal.SIGCONT)


def seconds_while_frozen(several: Sentinels | Nodes, call: Callable[[], object]) -> float:
    """How long a call takes while no replica answers for a while."""
    frozen_now = ExitStack()
    frozen_now.enter_context(frozen(several))
    with frozen_now:
        thaw = threading.Timer(FROZEN_S, frozen_now.close)
        thaw.start()
        began = time.monotonic()
        call()
        took_s = time.monotonic() - began
        thaw.join()
    return took_s


@pytest.mark.parametrize("count", [1, 50])
def test_enqueue_waits_for_a_replica(several: Sentinels | Nodes, client: redis.Redis, count: int) -> None:
    """One job or many: the call is over when a replica has them."""
    producer = Producer(client, NAMESPACE, replicas=PATIENT)
    jobs = [a_job(f"job-{number}") for number in range(count)]

    assert seconds_while_frozen(several, lambda: producer.enqueue_many(QUEUE, jobs)) > FROZEN_S / 2


def test_nobody_waits_by_default(several: Sentinels | Nodes, client: redis.Redis) -> None:
    """The primary's word is enough."""
    producer = Producer(client, NAMESPACE)

    assert seconds_while_frozen(several, lambda: producer.enqueue(QUEUE, a_job())) < FROZEN_S / 2


def test_job_that_no_replica_has_is_queued_and_told(several: Sentinels | Nodes, client: redis.Redis) -> None:
    """The error names the job; asking again, from whichever connection, is told the same until a replica has it."""
    with connect(several.url, role="producer", waits_s=1) as other:
        other.zcard(KEYS.waiting)  # finds the servers before some of them fall silent: that is not what is asked here
        with frozen(several):
            with pytest.raises(Unreplicated, match="job job-1 is in the queue") as caught:
                Producer(client, NAMESPACE, replicas=HASTY).enqueue(QUEUE, a_job())
            with pytest.raises(Unreplicated):
                Producer(other, NAMESPACE, replicas=HASTY).enqueue(QUEUE, a_job())

    assert caught.value.job_ids == ("job-1",)
    assert Producer(client, NAMESPACE, replicas=PATIENT).enqueue(QUEUE, a_job()).status is Enqueuing.EXISTS
    assert client.zrange(KEYS.waiting, 0, -1) == [b"job-1"]


def test_jobs_that_no_replica_has_are_told_together(several: Sentinels | Nodes, client: redis.Redis) -> None:
    """All of a call share one wait, and one error."""
    with frozen(several), pytest.raises(Unreplicated, match="2 jobs are in the queue") as caught:
        Producer(client, NAMESPACE, replicas=HASTY).enqueue_many(QUEUE, [a_job("job-1"), a_job("job-2")])

    assert caught.value.job_ids == ("job-1", "job-2")


def test_notifier_is_told_until_a_replica_has_it(several: Sentinels | Nodes) -> None:
    """Also of a message that is known already by its key, and makes one job of it."""
    app = build(Settings.load(redis={"url": several.url, "wait_replicas": 1, "wait_timeout": "50ms"}))
    mail = Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {})
    wanted = [(mail, Options(idempotency_key="key"))]
    app.notifier.queue_many([(mail, Options(idempotency_key="first"))])
    with frozen(several, QueueKeys(app.settings.namespace, QUEUE).meta):
        for _ in range(2):
            with pytest.raises(Unreplicated):
                app.notifier.queue_many(wanted)

    (answer,) = app.notifier.queue_many(wanted)
    assert not isinstance(answer, Exception)
    assert answer.known
    assert app.inspector.stats(QUEUE).waiting == 2


def test_dramatiq_is_told_of_a_lost_connection(several: Sentinels | Nodes, client: redis.Redis) -> None:
    """An actor's `send` fails as in any outage; the same message may be sent again."""
    broker = NotifyBroker(client, client, namespace=NAMESPACE, replicas=HASTY)
    broker.declare_queue(QUEUE)

    with frozen(several), pytest.raises(ConnectionClosed, match="is in the queue"):
        broker.enqueue(a_message())

    broker.enqueue(a_message())
    assert client.zcard(KEYS.waiting) == 1


def test_outcome_waits_for_a_replica(several: Sentinels | Nodes, client: redis.Redis) -> None:
    """A new primary knows what was sent: its thread goes on only then."""
    scripts = Scripts(client, KEYS, replicas=PATIENT)
    scripts.enqueue(a_job())
    token = take(scripts)

    took_s = seconds_while_frozen(several, lambda: scripts.complete([Completion("job-1", token)], 1_000))

    assert took_s > FROZEN_S / 2


def test_outcome_that_no_replica_has_stands(
    several: Sentinels | Nodes, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker goes on, complains once a minute, and tells it again until a replica has it."""
    replicas = Replicas(1, 30)
    scripts = Scripts(client, KEYS, replicas=replicas)
    scripts.enqueue_many([a_job("job-1"), a_job("job-2")])
    token = take(scripts)

    with frozen(several):
        words = [scripts.complete([Completion(job_id, token)], 1_000)[0] for job_id in ("job-1", "job-2")]

    assert words == ["done", "done"]
    assert len([record for record in caplog.records if "fewer replicas" in record.message]) == 1
    assert [outcome.job_id for outcome in replicas.unconfirmed(KEYS.meta)] == ["job-1", "job-2"]
    replicas.timeout_ms = 900
    scripts.complete([], 1_000)
    assert not scripts.has_unconfirmed


def take(scripts: Scripts) -> str:
    """Take all jobs; their lease token."""
    options = {"lease_ms": 10_000, "rate": "0/1", "gap_ms": 4_500, "block_ms": 0, "cancelled_ms": 1_000}
    return scripts.take("w1", 1, 10, **options).jobs[0].token  # type: ignore[arg-type]


def test_command_that_no_replica_confirmed_ends_as_an_outage(several: Sentinels | Nodes) -> None:
    """More replicas are asked for than there are: the error says that the message is queued."""
    words = ("send", "email", "ada@example.com", "-t", "test_message", "-o", "json")

    sent = run(*words, REDIS_URL=several.url, REDIS_WAIT_REPLICAS="3", REDIS_WAIT_TIMEOUT="20ms")

    error = json.loads(sent.err.splitlines()[-1])["error"]
    assert (sent.code, error["code"]) == (5, "redis_unreplicated")
    assert "is in the queue" in error["message"]
