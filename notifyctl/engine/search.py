"""Finding jobs: one filter for every list and for every verb over many jobs.

Jobs that live come in the order in which they will go, queue by queue; jobs that have ended newest first, over all
queues. What an index finds (one order, one address) comes newest first. Everything is read page by page, so that a
search in a long queue takes little memory.
"""

from __future__ import annotations

import base64
import heapq
import json
import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from notifyctl.connection import pipelined, translated
from notifyctl.engine.jobs import Job
from notifyctl.engine.keys import QueueKeys, order_index, recipient_index
from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import redis

    from notifyctl.engine.pseudonyms import Pseudonyms

__all__ = ["JobFilter", "Page", "Search"]

_SET_PAGE = 500
_JOB_PAGE = 100
_LIVE = (State.ACTIVE, State.WAITING, State.DELAYED)
_ENDED = (State.DEAD, State.COMPLETED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are meant: those that fit all of it. What is empty fits all.

    Attributes:
        states: In one of these.
        code: The reason, the last attempt's outcome, or a code that a provider gave in it; capitals don't matter.
        error: Part of an error's text in the last attempt; capitals don't matter.
        provider: Asked in any attempt.
        template: Of this name.
        order_id: About this order.
        recipient: To this address, as its channel writes it.
        since_ms, until_ms: When they ended, or else were enqueued; epoch ms, 0 = whenever.
        attempts: So many runs at least, over the job's whole life.
    """

    states: tuple[State, ...] = ()
    code: str = ""
    error: str = ""
    provider: str = ""
    template: str = ""
    order_id: str = ""
    recipient: str = ""
    since_ms: int = 0
    until_ms: int = 0
    attempts: int = 0

    def matches(self, job: Job) -> bool:
        """Whether a job fits all of it, its recipient aside, which the index finds."""
        moment = job.finished_at_ms or job.created_at_ms
        return (
            (not self.states or job.state in self.states)
            and (not self.since_ms or moment >= self.since_ms)
            and (not self.until_ms or moment <= self.until_ms)
            and (not self.template or job.template == self.template)
            and (not self.order_id or job.order_id == self.order_id)
            and (not self.provider or self.provider in job.providers)
            and (not self.code or self.code.lower() in (code.lower() for code in job.codes))
            and (not self.error or any(self.error.lower() in error.lower() for error in job.errors))
            and len(job.attempts) >= self.attempts
        )


class Page(NamedTuple):
    """Some of the jobs that fit.

    Attributes:
        jobs: The jobs.
        cursor: Where to go on; empty when these were the last.
    """

    jobs: list[Job]
    cursor: str


class _Place(NamedTuple):
    """Where a walk is: the set, and in it the score and the id of a job. `state` is empty on the way over an index."""

    state: str
    queue: str
    score: float
    job_id: str

    def encode(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, cursor: str) -> _Place:
        try:
            state, queue, score, job_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            return cls(str(state), str(queue), float(score), str(job_id))
        except (ValueError, TypeError) as error:
            raise InvalidInput("this cursor is not one of ours", hint="Pass one that a list ended with.") from error


class Search:
    """Walks over the jobs of a namespace.

    Args:
        client: A redis-py client whose retries are bounded.
        namespace: What all key names begin with.
        pseudonyms: Make the names of the recipients' indexes.
    """

    def __init__(self, client: redis.Redis, namespace: str, pseudonyms: Pseudonyms) -> None:
        self._client = client
        self._namespace = namespace
        self._pseudonyms = pseudonyms

    def page(self, where: JobFilter, queues: Sequence[str], *, limit: int, cursor: str = "") -> Page:
        """Return the jobs that fit, from the cursor on.

        Raises:
            InvalidInput: The cursor is none.
            BrokerUnavailable: Redis cannot be reached.
        """
        after = _Place.decode(cursor) if cursor else None
        found = list(islice(self._walk(where, queues, after), limit + 1))
        more = found[limit - 1][0].encode() if len(found) > limit else ""
        return Page([job for _, job in found[:limit]], more)

    def jobs(self, where: JobFilter, queues: Sequence[str]) -> Iterator[Job]:
        """Yield all jobs that fit; those that come or go meanwhile may be left out.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        return (job for _, job in self._walk(where, queues, None))

    def _walk(self, where: JobFilter, queues: Sequence[str], after: _Place | None) -> Iterator[tuple[_Place, Job]]:
        if where.order_id or where.recipient:
            yield from self._over_index(where, queues, after)
            return
        for state in where.states or (*_LIVE, *_ENDED):
            for group in [queues] if state in _ENDED else [[queue] for queue in queues]:
                if after is not None:
                    if after.state != state or after.queue not in group:
                        continue  # the walk was past this one
                    resumed, after = after, None
                else:
                    resumed = None
                sets = (self._over_set(where, state, queue, resumed) for queue in group)
                places = heapq.merge(*sets, key=_rank, reverse=True)
                yield from self._matching(where, places)
        if after is not None:
            raise InvalidInput("this cursor belongs to another search", hint="Give the same filters with it.")

    def _matching(self, where: JobFilter, places: Iterator[_Place]) -> Iterator[tuple[_Place, Job]]:
        while chunk := list(islice(places, _JOB_PAGE)):
            for place, job in zip(chunk, self._read(chunk), strict=True):
                if job is not None and job.state == place.state and where.matches(job):
                    yield place, job

    def _over_set(self, where: JobFilter, state: State, queue: str, after: _Place | None) -> Iterator[_Place]:
        """Yield one set's members, those that have ended newest first, page by page."""
        key = getattr(QueueKeys(self._namespace, queue), state.value)
        ended = state in _ENDED
        low: float = where.since_ms if ended and where.since_ms else -math.inf
        high: float = where.until_ms if ended and where.until_ms else math.inf
        last = (after.score, after.job_id) if after is not None else None
        offset = 0
        while True:
            if last is not None:
                low, high = (low, last[0]) if ended else (last[0], high)
            members = self._slice(key, low, high, newest_first=ended, offset=offset)
            fresh = [m for m in members if last is None or (m < last if ended else m > last)]
            for score, job_id in fresh:
                yield _Place(state.value, queue, score, job_id)
            if len(members) < _SET_PAGE:
                return
            moved = bool(fresh) and (last is None or fresh[-1][0] != last[0])
            offset = 0 if moved else offset + len(members)  # more than a page may share one score
            last = fresh[-1] if fresh else last

    def _slice(self, key: str, low: float, high: float, *, newest_first: bool, offset: int) -> list[tuple[float, str]]:
        bounds = (high, low) if newest_first else (low, high)
        with translated():
            found: Any = self._client.zrange(
                key, *bounds, desc=newest_first, withscores=True, byscore=True, offset=offset, num=_SET_PAGE
            )
        return [(score, job_id.decode()) for job_id, score in found]

    def _over_index(
        self, where: JobFilter, queues: Sequence[str], after: _Place | None
    ) -> Iterator[tuple[_Place, Job]]:
        """Yield what the indexes find, newest first."""
        names = [order_index(where.order_id)] if where.order_id else []
        if where.recipient:
            names.append(recipient_index(self._pseudonyms.of(where.recipient.encode())))
        found: list[tuple[_Place, Job]] = []
        for queue in queues:
            keys = QueueKeys(self._namespace, queue)
            with translated():
                (ids,) = pipelined(self._client, [("ZINTER", len(names), *map(keys.index, names))], raising=True)
            places = iter([_Place("", queue, 0, job_id.decode()) for job_id in ids])
            while chunk := list(islice(places, _JOB_PAGE)):
                jobs = [job for job in self._read(chunk) if job is not None and where.matches(job)]
                found += [(_Place("", queue, job.created_at_ms, job.job_id), job) for job in jobs]
        found.sort(key=lambda one: (one[0].score, one[0].job_id), reverse=True)
        for place, job in found:
            if after is None or (place.score, place.job_id) < (after.score, after.job_id):
                yield place, job

    def _read(self, places: Sequence[_Place]) -> list[Job | None]:
        asked = [("HGETALL", QueueKeys(self._namespace, place.queue).job(place.job_id)) for place in places]
        with translated():
            hashes = pipelined(self._client, asked, raising=True)
        return [
            Job.parse(place.queue, place.job_id, fields) if fields else None
            for place, fields in zip(places, hashes, strict=True)
        ]


def _rank(place: _Place) -> tuple[float, str]:
    """What sets of ended jobs are merged by, the newest first."""
    return place.score, place.job_id
