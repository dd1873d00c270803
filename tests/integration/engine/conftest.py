"""A queue under test, whose invariants are checked after each test, and a worker in this process."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dramatiq
import dramatiq.worker
import pytest
from dramatiq.middleware import CurrentMessage, Middleware

from notifyctl.connection import connect
from notifyctl.engine import consumer, heartbeat
from notifyctl.engine.broker import NotifyBroker
from notifyctl.engine.inspector import Inspector
from notifyctl.engine.message import NotifyMessage
from notifyctl.engine.scripts import Retention
from notifyctl.middleware.doubts import DoubtRule, Doubts
from notifyctl.middleware.rate_limit import RateLimiter
from notifyctl.middleware.retries import Retries
from notifyctl.units import Rate
from tests.support.builders import QUEUE, a_message
from tests.support.proxy import Proxy
from tests.support.seed import NAMESPACE, Seed
from tests.support.server import Server
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import redis

    from notifyctl.engine.jobs import Job
    from notifyctl.engine.replicas import Replicas


@pytest.fixture
def seed(client: redis.Redis) -> Iterator[Seed]:
    """An empty queue; whatever the test did with it, its invariants hold afterwards."""
    seed = Seed(client)
    yield seed
    seed.check()


class Host:
    """A broker, its actors, and a real Dramatiq worker with threads.

    Attributes:
        runs: The ids of all runs, in the order in which they began.
    """

    def __init__(
        self,
        url: str,
        *,
        delays_ms: Sequence[int] = (20, 30, 40),
        look_ups_ms: Sequence[int] = (10, 30),
        concurrency: Mapping[str, int] | None = None,
        rates: Mapping[str, Rate] | None = None,
        middleware: list[Middleware] | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        if middleware is None:
            look_ups = [timedelta(milliseconds=moment) for moment in look_ups_ms]
            middleware = [
                Retries(
                    default=[timedelta(milliseconds=delay) for delay in delays_ms],
                    doubts=Doubts(default=DoubtRule(look_ups)),
                )
            ]
        self.broker = NotifyBroker(
            connect(url, role="worker"),
            connect(url, role="blocking"),
            namespace=NAMESPACE,
            concurrency=concurrency,
            middleware=[CurrentMessage(), RateLimiter(rates or {}), *middleware],
            replicas=replicas,
        )
        self.inspector = Inspector(self.broker.client, NAMESPACE, rates={QUEUE: Rate(0)}, retention=Retention())
        self.runs: list[str] = []
        self.worker: dramatiq.Worker | None = None

    def actor(
        self,
        work: Callable[[NotifyMessage], None] | None = None,
        *,
        name: str = "send",
        queue: str = QUEUE,
        **options: Any,
    ) -> dramatiq.Actor[[], None]:
        """Declare an actor that notes its run, and then does this."""

        def run() -> None:
            message = CurrentMessage.get_current_message()
            assert isinstance(message, NotifyMessage)
            self.runs.append(message.message_id)
            if work is not None:
                work(message)

        return dramatiq.actor(actor_name=name, queue_name=queue, broker=self.broker, **options)(run)

    def send(self, *message_ids: str, **options: Any) -> None:
        """Enqueue messages of these ids."""
        for message_id in message_ids:
            self.broker.enqueue(a_message(message_id, **options))

    def start(self, threads: int = 4) -> None:
        """Start the worker."""
        self.worker = dramatiq.Worker(self.broker, worker_threads=threads, worker_timeout=50)
        self.worker.start()

    def stop(self) -> None:
        """Stop it, as on SIGTERM."""
        if self.worker is not None:
            self.worker.stop(10_000)
            self.worker = None

    def join(self, queue: str = QUEUE, timeout_ms: int = 20_000) -> None:
        """Wait until all jobs have ended, and this worker knows it."""
        self.broker.join(queue, timeout=timeout_ms)
        wait_until(lambda: not self.broker.held[queue].jobs, what="the last outcomes to be confirmed")

    def job(self, job_id: str) -> Job:
        """A job as operators see it."""
        return self.inspector.job(job_id)

    @property
    def listens(self) -> bool:
        """Whether every thread is alive: those that take jobs, those that run them, and the heartbeat."""
        assert self.worker is not None
        threads = [*self.worker.consumers.values(), *self.worker.workers]
        return self.broker.beats and all(thread.is_alive() for thread in threads)

    def close(self) -> None:
        """Stop, and close the connections."""
        self.stop()
        self.broker.close()


class Gate:
    """Work that is held up until it is let through."""

    def __init__(self) -> None:
        self.inside = 0
        self.most_inside = 0
        self._lock = threading.Lock()
        self._open = threading.Event()

    def __call__(self, message: NotifyMessage) -> None:  # noqa: ARG002 - what an actor's work is called with
        """Wait inside."""
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.inside, self.most_inside)
        assert self._open.wait(30)
        with self._lock:
            self.inside -= 1

    def await_inside(self, count: int) -> None:
        """Wait until so many are inside."""
        wait_until(lambda: self.inside == count, what=f"{count} runs to begin")

    def open(self) -> None:
        """Let everybody through, now and later."""
        self._open.set()


@pytest.fixture
def quick_reconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dramatiq waits some seconds after a lost connection: less of it here."""
    monkeypatch.setattr(dramatiq.worker, "CONSUMER_RESTART_DELAY_SECS", 0.1)
    monkeypatch.setattr(dramatiq.worker, "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.1)


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases, beats and gaps of a fifth of their length."""
    for name in ("LEASE_MS", "BEAT_MS", "GAP_MS"):
        fifth = getattr(heartbeat, name) // 5
        monkeypatch.setattr(heartbeat, name, fifth)
        monkeypatch.setattr(consumer, name, fifth, raising=False)
    monkeypatch.setattr(consumer, "BLOCK_MS", consumer.BLOCK_MS // 10)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Work that is held up; let through at the end in any case."""
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def make_host(server: Server, proxy: Proxy, gate: Gate) -> Iterator[Callable[..., Host]]:
    """Makes hosts, on the session's server unless another URL is named, and closes them."""
    hosts: list[Host] = []

    def make(url: str = "", **options: Any) -> Host:
        hosts.append(Host(url or server.url, **options))
        return hosts[-1]

    yield make
    gate.open()
    for host in hosts:
        host.close()


@pytest.fixture
def host(make_host: Callable[..., Host]) -> Host:
    """A host on the session's server."""
    return make_host()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the session's server."""
    proxy = Proxy(server.socket)
    yield proxy
    proxy.close()


@pytest.fixture
def durable_server() -> Iterator[Server]:
    """A server that a test may kill; with `everysec`, a slow disk would let it answer before it has written."""
    server = Server("--appendfsync", "always")
    yield server
    server.close()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may kill or freeze."""
    server = Server()
    yield server
    server.thaw()
    server.close()
