"""Puts jobs into queues. Knows no actor, no notification and no worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.engine.keys import FleetKeys, QueueKeys
from notifyctl.engine.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.jobs import NewJob

__all__ = ["Producer"]

K = TypeVar("K")


class Producer:
    """The enqueueing side of all queues of a namespace. Safe to use from several threads.

    Args:
        client: A redis-py client whose retries are bounded: a caller waits for it.
        namespace: What all key names begin with.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(self, client: redis.Redis, namespace: str, clock: Clock | None = None) -> None:
        self.client = client
        self.namespace = namespace
        self._clock = clock
        self._scripts: dict[str, Scripts] = {}

    def scripts(self, queue: str) -> Scripts:
        """The transitions of one queue; the queue becomes known to operators the first time."""
        scripts = self._scripts.get(queue)
        if scripts is None:
            self.client.sadd(FleetKeys(self.namespace).queues, queue)
            scripts = Scripts(self.client, QueueKeys(self.namespace, queue), self._clock)
            self._scripts[queue] = scripts
        return scripts

    def known(self, queue: str, keys: Mapping[K, tuple[str, str]]) -> dict[K, Enqueued]:
        """Answer which of these idempotency keys are taken, as an enqueue would; nothing is changed.

        Args:
            queue: The queue.
            keys: By any name of the caller's: the keyed hash of an idempotency key, and the digest of its content.
        """
        if not keys:
            return {}
        found = self.scripts(queue).holders([key for key, _ in keys.values()])
        return {
            name: Enqueued(Enqueuing.KNOWN if holder[1] == digest else Enqueuing.CONFLICT, holder[0])
            for (name, (_, digest)), holder in zip(keys.items(), found, strict=True)
            if holder
        }

    def enqueue(self, queue: str, job: NewJob) -> Enqueued:
        """Enqueue one job, in one round trip.

        Raises:
            redis.RedisError: The server cannot be reached or refuses; the job may have been accepted if a reply was
                lost. The same job may be enqueued again: its id makes sure that there is one.
        """
        return self.scripts(queue).enqueue(job)

    def enqueue_many(self, queue: str, jobs: Sequence[NewJob]) -> list[Enqueued | Exception]:
        """Enqueue jobs in one round trip; pass some hundreds at a time."""
        return self.scripts(queue).enqueue_many(jobs)
