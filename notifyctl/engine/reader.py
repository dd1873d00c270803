"""Looking at the queues: which there are, and which jobs they have. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.connection import pipelined, server_with, translated
from notifyctl.engine.jobs import Job
from notifyctl.engine.keys import FleetKeys, QueueKeys
from notifyctl.engine.minutes import read_minutes
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.search import Search
from notifyctl.engine.states import State
from notifyctl.engine.tally import tally
from notifyctl.engine.totals import read_totals
from notifyctl.errors import JobNotFound, UnknownQueue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.minutes import Minute
    from notifyctl.engine.search import JobFilter, Page
    from notifyctl.engine.sieve import Sifted
    from notifyctl.engine.tally import By, Count
    from notifyctl.engine.totals import Totals

__all__ = ["Reader"]

_PAGE = 500


class Reader:
    """The queues and the jobs of a namespace.

    Args:
        client: A redis-py client whose retries are bounded.
        namespace: What all key names begin with.
        configured: The queues that are known even before anything was enqueued.
        secret: Keys the hashes that stand for addresses; as the producers' own.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        *,
        configured: Collection[str],
        secret: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.client = client
        self._search = Search(client, namespace, Pseudonyms(client, namespace, secret))
        self._fleet = FleetKeys(namespace)
        self._configured = configured
        self._clock = clock

    @property
    def namespace(self) -> str:
        """What all key names begin with."""
        return self._fleet.namespace

    def queues(self) -> list[str]:
        """The names of all queues, configured or used, in order."""
        with translated():
            used = _texts(self.client.smembers(self._fleet.queues))
        return sorted({*used, *self._configured})

    def known(self, queue: str) -> str:
        """Return the queue's name.

        Raises:
            UnknownQueue: There is no such queue.
        """
        if queue in self._configured:
            return queue
        names = self.queues()
        if queue not in names:
            raise UnknownQueue(f"no queue named {queue!r}", hint=f"There are: {', '.join(names)}.")
        return queue

    def now_ms(self, queue: str) -> int:
        """The present by the clock of the server that has this queue, epoch ms."""
        if self._clock is not None:
            return self._clock()
        with translated():
            seconds, us = server_with(self.client, QueueKeys(self._fleet.namespace, queue).dead).time()
        return int(seconds) * 1000 + int(us) // 1000

    def minutes(self, queue: str, count: int = 60) -> list[Minute]:
        """What happened to a queue's jobs in its last minutes, the oldest first; the last one is still going on.

        Raises:
            UnknownQueue: There is no such queue.
        """
        keys = QueueKeys(self._fleet.namespace, self.known(queue))
        return read_minutes(self.client, keys, count, self.now_ms(queue))

    def totals(self, queue: str) -> Totals:
        """What happened to a queue's jobs so far.

        Raises:
            UnknownQueue: There is no such queue.
        """
        return read_totals(self.client, QueueKeys(self._fleet.namespace, self.known(queue)))

    def all_of(self, queues: Sequence[str]) -> list[str]:
        """Return these queues, or all where there are none.

        Raises:
            UnknownQueue: There is no such queue.
        """
        return [self.known(queue) for queue in queues] or self.queues()

    def job(self, job_id: str) -> Job:
        """The job with this id, in whichever queue it is.

        Raises:
            JobNotFound: There is none, or its retention is over.
        """
        return self._job(*self._find(job_id))

    def _find(self, job_id: str) -> tuple[str, str]:
        """Return the queue of a job, and its id: another one where this one stands for a job that was there before."""
        for queue in self.queues():
            keys = QueueKeys(self._fleet.namespace, queue)
            with translated():
                asked = [("EXISTS", keys.job(job_id)), ("GET", keys.alias(job_id))]
                is_here, first_id = pipelined(self.client, asked, raising=True)
            if is_here or first_id:
                return queue, job_id if is_here else first_id.decode()
        raise JobNotFound(
            f"no job {job_id!r}",
            hint="Ids are shown by 'notifyctl job list' and 'notifyctl dlq list'; ended jobs go after their retention.",
        )

    def _job(self, queue: str, job_id: str) -> Job:
        jobs = self._read(queue, [job_id])
        if not jobs:
            raise JobNotFound(f"no job {job_id!r}", hint="Its retention ended a moment ago.")
        return jobs[0]

    def _read(self, queue: str, ids: Sequence[str]) -> list[Job]:
        keys = QueueKeys(self._fleet.namespace, queue)
        with translated():
            hashes = pipelined(self.client, [("HGETALL", keys.job(job_id)) for job_id in ids], raising=True)
        return [Job.parse(queue, job_id, fields) for job_id, fields in zip(ids, hashes, strict=True) if fields]

    def read(self, places: Sequence[tuple[str, str]]) -> list[Job]:
        """The jobs of these (queue, id) pairs, without those that are gone."""
        return [job for queue, job_id in places for job in self._read(queue, [job_id])]

    def jobs(self, queue: str, state: State, *, limit: int = 50, offset: int = 0) -> list[Job]:
        """The jobs of a queue in one state: waiting and delayed in the order they will go, others newest first."""
        key = getattr(QueueKeys(self._fleet.namespace, self.known(queue)), state.value)
        # redis-py would send ZREVRANGE, which the documented user of a server may not
        newest_first = () if state in (State.WAITING, State.DELAYED) else ("REV",)
        with translated():
            asked = [("ZRANGE", key, offset, offset + limit - 1, *newest_first)]
            (ids,) = pipelined(self.client, asked, raising=True)
        return self._read(queue, _texts(ids))

    def find(self, where: JobFilter, queues: Sequence[str] = (), *, limit: int = 50, cursor: str = "") -> Page:
        """Return the jobs that fit: those that live in the order in which they will go, others newest first.

        Args:
            where: Which ones.
            queues: Of these queues; of all by default.
            limit: So many at most.
            cursor: Where an earlier page ended.

        Raises:
            UnknownQueue: There is no such queue.
            InvalidInput: The cursor is none, or of another search.
        """
        return self._search.page(where, self.all_of(queues), limit=limit, cursor=cursor)

    def search(self, where: JobFilter, queues: Sequence[str] = ()) -> Iterator[Job]:
        """Yield all jobs that fit, as `find` does page by page.

        Raises:
            UnknownQueue: There is no such queue.
        """
        return self._search.jobs(where, self.all_of(queues))

    def sifted(
        self, where: JobFilter, queues: Sequence[str], *, by: str = "", young_ms: int = 0
    ) -> Iterator[tuple[str, list[Sifted]]]:
        """Yield the ids of the jobs that fit, without reading them: see `Search.sifted`."""
        return self._search.sifted(where, queues, by=by, young_ms=young_ms)

    def indexes(self, where: JobFilter) -> list[str]:
        """The names of the indexes that find such jobs: see `Search.indexes`."""
        return self._search.indexes(where)

    def tally(self, by: By, where: JobFilter, queues: Sequence[str] = ()) -> list[Count]:
        """Count the jobs that fit by what they have in common, the most frequent first; hours in their order.

        Raises:
            UnknownQueue: There is no such queue.
        """
        return tally(self._search, by, where, self.all_of(queues))

    def replaying(self) -> bool:
        """Whether workers have a bulk replay to carry out."""
        with translated():
            return bool(self.client.zcard(self._fleet.running_replays))

    def between_attempts(self, queue: str) -> bool:
        """Whether a delayed job has run before: a retry, rather than one scheduled by a caller."""
        keys = QueueKeys(self._fleet.namespace, self.known(queue))
        with translated():
            for start in range(0, self.client.zcard(keys.delayed), _PAGE):
                ids = self.client.zrange(keys.delayed, start, start + _PAGE - 1)
                asked = [("HMGET", keys.job(job_id), "runs", "replays", "lost") for job_id in _texts(ids)]
                if any(any(fields) for fields in pipelined(self.client, asked, raising=True)):
                    return True
        return False


def _texts(members: Iterable[Any]) -> list[str]:
    return [member.decode() for member in members]
