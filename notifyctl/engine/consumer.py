"""Dramatiq's Consumer on our scripts: takes when threads are free, and carries out what middleware decided.

No policy: a Disposition names the transition, and each one is one script. State that must survive a lost connection
(held jobs, take sequence) is the broker's. Source: `dramatiq.broker.Consumer`, and how `dramatiq.worker` calls it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import ConnectionClosed, DecodeError
from dramatiq.logging import get_logger
from dramatiq.message import Message

from notifyctl.connection import translated
from notifyctl.engine.heartbeat import GAP_MS, LEASE_MS
from notifyctl.engine.jobs import Batch, Completion
from notifyctl.engine.message import NotifyMessage, attempt_record
from notifyctl.engine.states import Bury, Cancel, Complete, Doubt, Release, Resend, RetryAt
from notifyctl.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from notifyctl.engine.broker import NotifyBroker
    from notifyctl.engine.commit import Entry
    from notifyctl.engine.jobs import TakenJob
    from notifyctl.engine.states import Disposition

__all__ = ["NotifyConsumer", "connection_errors"]

#: How long an idle consumer waits on the marker. Two round trips each time: one a second at most, with room.
BLOCK_MS = 2_500
#: The longest nap between two takes of a queue that is limited, paused or blocked: an operator's change shows after it.
_NAP_S = 1.0
#: How long a thread that has finished may wait for others, to share one round trip with them.
_GATHER_S = 0.001
#: How long a failed run that no middleware saw waits for the next, and how many there are of it.
_UNSEEN_MS = 1_000
_UNSEEN_RUNS = 4
#: How often a consumer that may take nothing more looks whether it may end.
_DRAINING_S = 0.05


@contextmanager
def connection_errors() -> Iterator[None]:
    """Turn an outage of the server into what Dramatiq takes as one: it waits, and calls again."""
    try:
        with translated():
            yield
    except BrokerUnavailable as error:
        raise ConnectionClosed(error.message) from error


class NotifyConsumer(Consumer):
    """Iterates over the jobs of one queue.

    Args:
        broker: Holds the state.
        queue_name: The queue.
        prefetch: The most jobs held at once, those in progress included.
        timeout_ms: How long `__next__` may find nothing before it returns `None`.
    """

    def __init__(self, broker: NotifyBroker, queue_name: str, prefetch: int, timeout_ms: int) -> None:
        self._logger = get_logger(__name__, type(self))
        self._broker = broker
        self._queue = queue_name
        self._prefetch = prefetch
        self._timeout_s = timeout_ms / 1000
        self._held = broker.held[queue_name]
        self._scripts = broker.scripts(queue_name)
        self._keys = self._scripts.keys
        self._commit = broker.committing(queue_name)
        self._rate = broker.rates.get(queue_name, "0/1")
        self._ask_at = 0.0
        self._block_ms = 0

    def __next__(self) -> NotifyMessage | None:
        """Return the next job, or `None` when there was none for a while."""
        held = self._held
        held.looks += 1
        with held.changed:
            if held.undelivered and not self._broker.draining:
                return held.undelivered.popleft()
            free = self._prefetch - len(held.jobs)
        if self._broker.draining:
            self._broker.drained.wait(_DRAINING_S)
            return None
        if (free > 0 and not self._commit.patient) or not self._commit_and_take(free):
            with connection_errors():
                if self._wait_for_work():
                    self._take(free)
        with held.changed:
            return held.undelivered.popleft() if held.undelivered else None

    def _commit_and_take(self, free: int) -> bool:
        """Commit for the threads that finish, on the way to the next take; False: none did, and a thread is free.

        Where all threads are at work, this is the wait until one of them finishes.
        """
        enough = (self._prefetch + 1) // 2
        with self._commit.lead(enough, 0 if free > 0 else self._timeout_s, _GATHER_S) as finished:
            if finished:
                self._commit_for(finished)
                return True
        if finished is None and free <= 0:
            with self._held.changed:
                self._held.changed.wait(_GATHER_S)
        return free <= 0

    def _commit_for(self, finished: list[Entry[Completion, str]]) -> None:
        done, free = [entry.item for entry in finished], len(finished)
        with self._held.changed:
            free += self._prefetch - len(self._held.jobs)
        retention_ms = self._broker.retention.completed_ms
        batch: Batch | Exception | None = None
        try:
            if self._broker.draining or free <= 0 or self._ask_at > time.monotonic():
                words: list[str] | Exception = self._scripts.complete(done, retention_ms)
            else:
                take = self._next_take(free)
                words, batch = self._scripts.complete_and_take(done, retention_ms, *take, **self._take_options)
        except Exception as error:  # noqa: BLE001 - handed to every thread that waits for it
            words = error
        for place, entry in enumerate(finished):
            if isinstance(words, Exception):
                entry.tell(error=words)
            else:
                entry.tell(words[place])
        with connection_errors():
            if isinstance(batch, Exception):
                raise batch
            if batch is not None:
                self._took(batch)

    def _wait_for_work(self) -> bool:
        """Wait as the last take said; False: a shutdown came in between."""
        nap_s = self._ask_at - time.monotonic()
        if nap_s > 0:
            return not self._broker.interrupted.wait(nap_s)
        if self._block_ms:
            block_s, self._block_ms = self._block_ms / 1000, 0
            keys = [self._keys.wake, self._keys.nudge(self._broker.worker_id)]
            self._broker.blocking_client.bzpopmin(keys, timeout=block_s)
            return not self._broker.draining
        return True

    def _take(self, free: int) -> None:
        take, options = self._next_take(free), self._take_options
        if not self._scripts.has_unconfirmed:
            self._took(self._scripts.take(*take, **options))
            return
        _, batch = self._scripts.complete_and_take([], self._broker.retention.completed_ms, *take, **options)
        if isinstance(batch, Exception):
            raise batch
        self._took(batch)

    def _next_take(self, free: int) -> tuple[str, int, int]:
        return self._broker.worker_id, self._held.sequence + 1, free

    @property
    def _take_options(self) -> dict[str, Any]:
        return {
            "lease_ms": LEASE_MS,
            "rate": self._rate,
            "gap_ms": GAP_MS,
            "block_ms": BLOCK_MS,
            "cancelled_ms": self._broker.retention.cancelled_ms,
        }

    def _took(self, batch: Batch) -> None:
        """Note that a take's reply arrived, and what it said."""
        messages = [message for job in batch.jobs if (message := self._decoded(job)) is not None]
        self._held.sequence += 1  # not before: had a burial failed, the same batch would have to come again
        self._ask_at = time.monotonic() + min(batch.again_ms / 1000, _NAP_S)
        self._block_ms = batch.block_ms
        self._commit.patient = batch.again_ms == 0
        for message in self._held.add(messages):
            self._scripts.begin(message.job.job_id, message.job.token, message.begun_at)
        if batch.lost:
            self._scripts.reclaim(self._broker.look_after_ms.get(self._queue, 0), LEASE_MS)

    def _decoded(self, job: TakenJob) -> NotifyMessage | None:
        try:
            message = _decode(job.message, self._queue)
        except DecodeError as error:
            self._logger.error("Job %s holds no message that can be read; buried.", job.job_id)  # noqa: TRY400 - its text holds the bytes
            record = attempt_record(attempt=job.attempt, outcome="undecodable", error=type(error).__name__)
            self._scripts.bury(job.job_id, job.token, "decode", record)
            return None
        message.options.pop("eta", None)  # Dramatiq would hold it in memory; that it is due was the server's to say
        return NotifyMessage(message, job, self._scripts, self._rate)

    def ack(self, message: MessageProxy) -> None:
        """Carry out the Disposition; without one: complete, or retry where an exception went by unseen."""
        assert isinstance(message, NotifyMessage)  # noqa: S101 - Dramatiq hands back what we gave it
        if message.disposition is None:
            message.disposition = _undecided(message)
        self._settle(message)

    def nack(self, message: MessageProxy) -> None:
        """Carry out the Disposition; without one, or where a middleware rejects what was done: bury."""
        assert isinstance(message, NotifyMessage)  # noqa: S101 - Dramatiq hands back what we gave it
        if message.disposition in (None, Complete()):  # with evidence of acceptance, it stays done
            message.disposition = Bury("rejected")
        self._settle(message)

    def _settle(self, message: NotifyMessage) -> None:
        job_id = message.job.job_id
        try:
            with connection_errors():
                token, word = message.job.token, self._carry_out(message)
                if word != "done" and message.job.token != token:
                    word = self._carry_out(message)  # it was handed to us once more meanwhile
                if word.startswith("accepted "):
                    word = self._complete_with(word, message)
        except ConnectionClosed:
            raise  # still held: Dramatiq calls again
        except Exception:
            self._held.let_go(message)  # a bug: the lease runs out, and the job goes again
            raise
        self._held.let_go(message)
        if word != "done":
            self._logger.warning("Job %s: the lease was lost before the outcome was told (%s).", job_id, word)

    def _carry_out(self, message: NotifyMessage) -> str:  # noqa: PLR0911 - one table, a row each
        job, scripts, record, told = message.job, self._scripts, message.record(), message.told()
        match message.disposition:
            case Complete(provider, provider_id):
                completion = Completion(job.job_id, job.token, provider, provider_id, record, told)
                return self._commit.submit(completion)
            case RetryAt(delay_ms):
                return scripts.retry(job.job_id, job.token, delay_ms, record, told)
            case Bury(reason):
                return scripts.bury(job.job_id, job.token, reason, record, told)
            case Doubt(delay_ms, look):
                return scripts.doubt(job.job_id, job.token, delay_ms, record, look, told)
            case Resend():
                return scripts.resend(job.job_id, job.token, record, told)
            case Release(block_ms, reason, account):
                word = scripts.release([(job.job_id, job.token)], block_ms, reason, account=account, told=told)[0]
                return scripts.bury(job.job_id, job.token, "account", record, told) if word == "alone" else word
            case Cancel(reason):
                retention_ms = self._broker.retention.cancelled_ms
                return scripts.cancel(job.job_id, reason, retention_ms, token=job.token)
        raise TypeError(f"not a Disposition: {message.disposition!r}")

    def _complete_with(self, word: str, message: NotifyMessage) -> str:
        """Complete a job whose earlier send turns out to have been accepted, whatever came of this one."""
        _, provider, provider_id = word.split(" ", 2)
        job = message.job
        self._logger.info("Job %s: an earlier send of it had been accepted by %s.", job.job_id, provider)
        completion = Completion(job.job_id, job.token, provider, provider_id, message.record(), message.told())
        return self._commit.submit(completion)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give jobs that no thread has begun back to their places in line."""
        ours = [message for message in messages if isinstance(message, NotifyMessage)]
        if not ours:
            return
        with connection_errors():
            self._scripts.release([(message.job.job_id, message.job.token) for message in ours])
        for message in ours:
            self._held.let_go(message)

    def close(self) -> None:
        """At shutdown, give back what was taken and never handed to a thread; else the next consumer hands it on."""
        if self._broker.draining:
            with self._held.changed:
                left = list(self._held.undelivered)
                self._held.undelivered.clear()
            self.requeue(left)


def _undecided(message: NotifyMessage) -> Disposition:
    """What becomes of a run that no middleware saw: where it failed, it has a few more, but none after a send began."""
    if message.exception is None or message.provider:
        return Complete(message.provider, message.provider_id)
    look = message.job.look
    if look:
        return Doubt(_UNSEEN_MS, look + 1) if look < _UNSEEN_RUNS else Bury("unknown_outcome")
    if message.began:
        return Bury("unknown_outcome")
    return RetryAt(_UNSEEN_MS) if message.job.attempt < _UNSEEN_RUNS else Bury("retries_exhausted")


def _decode(encoded: bytes, queue_name: str) -> Message[Any]:
    """Return the message.

    Raises:
        DecodeError: It cannot be read, or would end one of Dramatiq's threads.
    """
    message = Message.decode(encoded)
    if message.queue_name != queue_name or not _can_be_run(message):
        raise DecodeError("not a message of this queue", encoded, None)
    return message


def _can_be_run(message: Message[Any]) -> bool:
    """Whether each field is of its kind: Dramatiq's threads, and the middleware that decides, rely on it."""
    kinds = ((message.actor_name, str), (message.kwargs, dict), (message.options, dict))
    if not all(isinstance(value, kind) for value, kind in kinds):
        return False
    waits = message.options.get("retry_delays_ms") or []
    # an encoded message cannot name exceptions; Dramatiq's thread ends where "throws" is no class
    return "throws" not in message.options and (
        isinstance(waits, list) and all(isinstance(wait, int) and wait >= 0 for wait in waits)
    )
