"""Puts jobs into queues. Knows no actor, no notification and no worker."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from notifyctl.engine.arrivals import enqueue_all
from notifyctl.engine.keys import FleetKeys, QueueKeys
from notifyctl.engine.replicas import Replicas
from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS, Retention, Scripts
from notifyctl.engine.shelf import shelve

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.jobs import Enqueued, NewJob
    from notifyctl.engine.states import State

__all__ = ["Producer"]

#: How often a queue is made known again, in seconds: a server that came back empty knows none.
_KNOWN_FOR_S = 60.0


class Producer:
    """The enqueueing side of all queues of a namespace. Safe to use from several threads.

    Args:
        client: A redis-py client whose retries are bounded: a caller waits for it.
        namespace: What all key names begin with.
        clock: Replaces the server's clock, in tests.
        replicas: Who must have a job before its enqueue is over.
        retention: How long what is cancelled is kept.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        clock: Clock | None = None,
        replicas: Replicas | None = None,
        *,
        retention: Retention | None = None,
    ) -> None:
        self.client = client
        self.namespace = namespace
        self._clock = clock
        self._replicas = replicas or Replicas()
        self._cancelled_ms = (retention or Retention()).cancelled_ms
        self._scripts: dict[str, Scripts] = {}
        self._known_until: dict[str, float] = {}

    def scripts(self, queue: str) -> Scripts:
        """The transitions of one queue; the queue becomes known to operators the first time, and again each minute."""
        if time.monotonic() >= self._known_until.get(queue, 0.0):
            self.client.sadd(FleetKeys(self.namespace).queues, queue)
            self._known_until[queue] = time.monotonic() + _KNOWN_FOR_S
        scripts = self._scripts.get(queue)
        if scripts is None:
            scripts = Scripts(self.client, QueueKeys(self.namespace, queue), self._clock, self._replicas)
            self._scripts[queue] = scripts
        return scripts

    def holders(self, queue: str, keys: Collection[str]) -> dict[str, tuple[str, str]]:
        """Answer who holds these idempotency keys: by key the job's id, and the digest of its content.

        Args:
            queue: The queue.
            keys: Keyed hashes of idempotency keys.
        """
        wanted = sorted(keys)
        found = self.scripts(queue).holders(wanted)
        return {key: holder for key, holder in zip(wanted, found, strict=True) if holder}

    def enqueue(self, queue: str, job: NewJob) -> Enqueued:
        """Enqueue one job, in one round trip.

        Raises:
            redis.RedisError: The server cannot be reached or refuses; the job may have been accepted if a reply was
                lost. The same job may be enqueued again: its id makes sure that there is one.
            Unreplicated: It is queued, but fewer replicas than asked for have it; may be enqueued again as well.
        """
        return self.scripts(queue).enqueue(job)

    def enqueue_many(self, queue: str, jobs: Sequence[NewJob]) -> list[Enqueued | Exception]:
        """Enqueue jobs in one round trip; pass some hundreds at a time. Raises as `enqueue` does."""
        return self.enqueue_all([(queue, job) for job in jobs])

    def enqueue_all(self, jobs: Sequence[tuple[str, NewJob]]) -> list[Enqueued | Exception]:
        """Enqueue jobs of several queues, each with its queue's name, all in one round trip; as `enqueue_many` does."""
        return enqueue_all(self.client, [(self.scripts(queue), job) for queue, job in jobs], self._replicas)

    def shelve(self, queue: str, job: NewJob, state: State, reason: str, why: str = "") -> bool:
        """Keep a job that may not wait in line where people see it; false where its id is known: nothing was done.

        Args:
            queue: The queue.
            job: The job.
            state: ``dead``: a person has to decide. ``cancelled``: it is not wanted any more.
            reason: Why, one word.
            why: The same in words.
        """
        return shelve(self.scripts(queue), job, state, reason, why, self._cancelled_ms) == "done"

    def alias(self, queue: str, job_id: str, first_id: str) -> None:
        """Let an id that a caller was given stand for the job that there is already."""
        keys = QueueKeys(self.namespace, queue)
        self.client.set(keys.alias(job_id), first_id, px=IDEMPOTENCY_TAIL_MS)

    def cancel_keyed(self, queue: str, hashes: Sequence[str], *, reason: str) -> int:
        """Cancel the jobs of these idempotency keys that have not gone yet; how many there were.

        Args:
            queue: The queue.
            hashes: What stands for the keys, some hundreds at a time.
            reason: One word.
        """
        scripts = self.scripts(queue)
        ids = [holder[0] for holder in scripts.holders(hashes) if holder]
        return scripts.cancel_many(ids, reason, self._cancelled_ms, secrets.token_hex(8)).count("done")
