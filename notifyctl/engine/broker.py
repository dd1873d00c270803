"""Dramatiq's Broker on our scripts. Knows leases, queues and time; no policy, no email, no WhatsApp.

Differences from Dramatiq's own Redis broker: no delay queues (due times live in the server), one atomic script for each
transition, leases with a heartbeat, and a limiter that works where jobs are taken. Source: `dramatiq.broker.Broker`.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import redis
from dramatiq.broker import Broker
from dramatiq.errors import QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import Middleware, MiddlewareError, SkipMessage

from notifyctl.connection import pipelined
from notifyctl.engine.commit import GroupCommit
from notifyctl.engine.consumer import NotifyConsumer, connection_errors
from notifyctl.engine.heartbeat import Heartbeat
from notifyctl.engine.held import Held
from notifyctl.engine.jobs import Completion, NewJob
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.message import NotifyMessage
from notifyctl.engine.presence import Presence
from notifyctl.engine.producer import Producer
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.replayer import Replayer
from notifyctl.engine.replicas import Replicas
from notifyctl.engine.scripts import Retention, Scripts
from notifyctl.engine.states import Release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dramatiq import Message, Worker
    from dramatiq.broker import MessageProxy

__all__ = ["NotifyBroker"]

_NUDGE_TTL_S = 10


class _Lifecycle(Middleware):
    """Tells the broker when its worker starts and when it begins to drain, under any host of Dramatiq's Worker."""

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        assert isinstance(broker, NotifyBroker)  # noqa: S101 - added by that class alone
        broker.start_taking(worker)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Begin nothing once a drain has begun: a thread may still find a message in its queue then."""
        assert isinstance(broker, NotifyBroker)  # noqa: S101
        if broker.draining and isinstance(message, NotifyMessage):
            message.disposition = Release()
            raise SkipMessage

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        assert isinstance(broker, NotifyBroker)  # noqa: S101
        broker.stop_taking()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        assert isinstance(broker, NotifyBroker)  # noqa: S101
        broker.stop_heartbeat()


class NotifyBroker(Broker):
    """A broker for actors, their queues, and the worker of this process.

    Args:
        client: For everything that does not block; its retries are bounded.
        blocking_client: For waiting on the marker: a socket timeout longer than the wait (2.5 s), no retries.
        namespace: What all key names begin with.
        concurrency: The most jobs of a queue in progress in this process, by queue; else all of its threads.
        retention: How long ended jobs are kept.
        middleware: All of it, in order; Dramatiq's default list is not used.
        version: What the list of workers says of this one.
        replicas: Who must have a job before its enqueue is over, and an outcome before its thread goes on.

    Attributes:
        rates: ``count/period_ms`` by queue; set by the `RateLimiter` middleware.
        look_after_ms: After how many ms a send in doubt is first looked up, by queue; set by the `Retries` middleware.
        worker_id: This process's name in lease tokens.
        with_each_beat: What else the heartbeat does; must neither take long nor raise.
        draining: Set from the moment a shutdown begins: nothing more is taken.
    """

    def __init__(
        self,
        client: redis.Redis,
        blocking_client: redis.Redis,
        *,
        namespace: str,
        concurrency: Mapping[str, int] | None = None,
        retention: Retention | None = None,
        middleware: list[Middleware] | None = None,
        version: str = "",
        replicas: Replicas | None = None,
    ) -> None:
        self.client = client
        self.blocking_client = blocking_client
        self.namespace = namespace
        self.concurrency = dict(concurrency or {})
        self.retention = retention or Retention()
        self.version = version
        self.rates: dict[str, str] = {}
        self.look_after_ms: dict[str, int] = {}
        self.held: dict[str, Held] = {}
        self.with_each_beat: list[Callable[[], None]] = []
        self.worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.replicas = replicas or Replicas()
        self.producer = Producer(client, namespace, replicas=self.replicas)
        self.draining = False
        self.interrupted = threading.Event()
        self.drained = threading.Event()
        self._threads = 1
        self._commits: dict[str, GroupCommit[Completion, str]] = {}
        self._presence: Presence | None = None
        self._heartbeat: Heartbeat | None = None
        self._replayer: Replayer | None = None
        super().__init__(middleware=[_Lifecycle(), *(middleware or [])])
        self.queues = {}

    def scripts(self, queue_name: str) -> Scripts:
        """The transitions of one queue."""
        return Scripts(self.client, QueueKeys(self.namespace, queue_name), replicas=self.replicas)

    def committing(self, queue_name: str) -> GroupCommit[Completion, str]:
        """The group commit of one queue's completions."""
        return self._commits[queue_name]

    def emit_before(self, signal: str, *args: Any, **kwargs: Any) -> None:
        """Call the hooks before something happens; none of them keeps an outcome from being told.

        Raises:
            MiddlewareError: A hook refuses it, and it is no ack or nack: Dramatiq would give the message up there, and
                its job would be held for ever.
        """
        try:
            super().emit_before(signal, *args, **kwargs)
        except MiddlewareError:
            if signal not in ("ack", "nack"):
                raise
            self.logger.critical("A middleware cannot refuse an outcome: it is told.", exc_info=True)

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue; no delay queue comes with it. Does not talk to Redis."""
        if queue_name in self.queues:
            return
        self.emit_before("declare_queue", queue_name)
        self.queues[queue_name] = queue_name
        self.held[queue_name] = Held()
        scripts = self.scripts(queue_name)
        retention_ms = self.retention.completed_ms
        self._commits[queue_name] = GroupCommit(lambda batch: scripts.complete(batch, retention_ms))
        self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Enqueue a message; its id is the job's id.

        Args:
            message: What to enqueue.
            delay: Due after so many ms, by the server's clock.

        Raises:
            ConnectionClosed: Redis cannot be reached. Enqueue the same message again: its id makes sure of one job.
            QueueNotFound: The queue was never declared.
        """
        if message.queue_name not in self.queues:
            raise QueueNotFound(message.queue_name)
        self.emit_before("enqueue", message, delay)
        # Dramatiq's consumer would hold a message with an eta in memory, and take its copy for a new one
        eta = message.options.get("eta") or 0
        stored = replace(message, options={key: value for key, value in message.options.items() if key != "eta"})
        job = NewJob(message.message_id, stored.encode(), due_at_ms=int(eta), delay_ms=delay or 0)
        with connection_errors():
            self.producer.enqueue(message.queue_name, job)
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> NotifyConsumer:
        """Return a consumer. What it holds at most is the queue's concurrency, whatever Dramatiq's prefetch says."""
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)
        most = min(self.concurrency.get(queue_name, self._threads), max(prefetch, 1))
        return NotifyConsumer(self, queue_name, most, timeout)

    def start_taking(self, worker: Worker) -> None:
        """A worker starts: leases from now on need a heartbeat."""
        self.draining = False
        self.interrupted.clear()
        self.drained.clear()
        for commit in self._commits.values():
            commit.rearm()
        self._threads = worker.worker_threads
        self._presence = Presence(self, worker)
        self._replayer = Replayer(Steps(self.client, self.namespace), lambda: self.worker_id)
        self.start_heartbeat()

    def start_heartbeat(self) -> None:
        """Beat from now on, in a new thread."""
        assert self._presence is not None  # noqa: S101 - there is a worker
        assert self._replayer is not None  # noqa: S101 - made with it
        self._heartbeat = Heartbeat(
            self.held, self.scripts, self.retention, self._presence, self._replayer.wake, self.with_each_beat
        )
        self._heartbeat.start()

    @property
    def beats(self) -> bool:
        """Whether the heartbeat's thread lives."""
        return self._heartbeat is not None and self._heartbeat.is_alive()

    def stop_taking(self) -> None:
        """Take nothing more, from this moment on; consumers that wait are woken."""
        self.draining = True
        self.interrupted.set()
        if self._heartbeat is not None:
            self._heartbeat.beat_now()
        if self._replayer is not None:
            self._replayer.stop()
        for commit in self._commits.values():
            commit.wake()
        for queue_name, held in self.held.items():
            with held.changed:
                held.changed.notify_all()
            nudge = QueueKeys(self.namespace, queue_name).nudge(self.worker_id)
            try:
                pipelined(self.client, [("ZADD", nudge, 0, "n"), ("EXPIRE", nudge, _NUDGE_TTL_S)])
            except redis.RedisError:
                self.logger.debug("no nudge: the consumer wakes by itself within some seconds")

    def stop_heartbeat(self) -> None:
        """The worker is down, and holds nothing any more."""
        self.drained.set()
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None

    def close(self) -> None:
        """Close the connections."""
        self.stop_heartbeat()
        self.client.close()
        self.blocking_client.close()

    def abandon(self) -> int:
        """Let go of everything at once: what was not begun goes back in line, a send in progress is in doubt.

        Returns:
            How many sends are in doubt.
        """
        doubts = 0
        for queue_name, held in self.held.items():
            scripts = self.scripts(queue_name)
            for message in list(held.jobs.values()):
                job = message.job
                message.lost = True  # its thread may be about to send: it looks at this after it has set `began`
                if message.began:
                    record = message.unfinished("the worker was stopped")
                    look_ms = self.look_after_ms.get(queue_name, 0)
                    doubts += scripts.doubt(job.job_id, job.token, look_ms, record) == "done"
                else:
                    scripts.release([(job.job_id, job.token)])
        return doubts

    def flush(self, queue_name: str) -> None:
        """Cancel all jobs of a queue that are waiting or delayed, for tests and emergencies."""
        scripts = self.scripts(queue_name)
        for key in (scripts.keys.waiting, scripts.keys.delayed):
            while waiting := cast("list[bytes]", self.client.zrange(key, 0, 99)):
                for job_id in waiting:
                    if scripts.cancel(job_id.decode(), "flushed", self.retention.cancelled_ms) == "missing":
                        self.client.zrem(key, job_id)

    def flush_all(self) -> None:
        """Flush every declared queue."""
        for queue_name in self.queues:
            self.flush(queue_name)

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until nothing of a queue is waiting, delayed or active; for tests.

        Raises:
            QueueJoinTimeout: When `timeout` ms are over.
        """
        keys = QueueKeys(self.namespace, queue_name)
        end = time.monotonic() + timeout / 1000 if timeout is not None else None
        while self._in_progress(keys):
            if end is not None and time.monotonic() > end:
                raise QueueJoinTimeout(queue_name)
            time.sleep(0.01)

    def _in_progress(self, keys: QueueKeys) -> bool:
        """Whether any job has not ended, in one look: one that moves between two looks would be seen in neither set."""
        with self.client.pipeline(transaction=True) as pipe:
            for key in (keys.waiting, keys.delayed, keys.active):
                pipe.zcard(key)
            return any(pipe.execute())
