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
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from notifyctl.clock import from_ms
from notifyctl.connection import pipelined, translated
from notifyctl.engine.jobs import Job
from notifyctl.engine.keys import QueueKeys, order_index, recipient_index
from notifyctl.engine.sieve import PAGE, Sieve, indexed, members
from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import redis

    from notifyctl.engine.pseudonyms import Pseudonyms
    from notifyctl.engine.sieve import Sifted

__all__ = ["ENDED", "JobFilter", "Page", "Search"]

_JOB_PAGE = 100
_NAMED = ("code", "error", "provider", "template", "order_id", "attempts")
_LIVE = (State.ACTIVE, State.WAITING, State.DELAYED)
#: States whose sets are in the order of time.
ENDED = (State.DEAD, State.COMPLETED, State.CANCELLED)


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

    @property
    def narrows(self) -> bool:
        """Whether a job has to be looked at to know if it fits: its state and its indexes do not tell."""
        return replace(self, states=(), order_id="", recipient="") != JobFilter()

    def scores(self, state: State) -> tuple[float, float]:
        """Between which scores the jobs of a state are: those that have ended are in the order of time."""
        if state not in ENDED:
            return -math.inf, math.inf
        return self.since_ms or -math.inf, self.until_ms or math.inf

    def said(self) -> dict[str, str | int]:
        """What it says, part by part, as the audit log and people may see it: nothing of the recipient's address."""
        told: dict[str, str | int] = {
            name.removesuffix("_id"): getattr(self, name) for name in _NAMED if getattr(self, name)
        }
        for name, at_ms in (("since", self.since_ms), ("until", self.until_ms)):
            if at_ms:
                told[name] = f"{from_ms(at_ms):%Y-%m-%d %H:%M:%SZ}"
        return told | ({"to": "one address"} if self.recipient else {})

    def sieve(self) -> dict[str, Any]:
        """What `Sieve` takes: all of it but the recipient, whom the index finds."""
        return {
            **{name: getattr(self, name) for name in ("provider", "template", "order_id", "attempts")},
            "states": dict.fromkeys(self.states, True),
            "code": self.code.lower(),
            "error": self.error.lower(),
            "since_ms": self.since_ms,
            "until_ms": self.until_ms,
        }


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
        for state in where.states or (*_LIVE, *ENDED):
            for group in [queues] if state in ENDED else [[queue] for queue in queues]:
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
        sieve = Sieve(self._client, where.sieve()) if where.narrows else None
        while chunk := list(islice(places, PAGE if sieve else _JOB_PAGE)):
            fitting = self._fitting(sieve, chunk) if sieve else chunk
            for start in range(0, len(fitting), _JOB_PAGE):
                part = fitting[start : start + _JOB_PAGE]
                for place, job in zip(part, self._read(part), strict=True):
                    if job is not None and job.state == (place.state or job.state):
                        yield place, job

    def _fitting(self, sieve: Sieve, places: Sequence[_Place]) -> list[_Place]:
        fits: set[tuple[str, str]] = set()
        for queue in {place.queue for place in places}:
            ids = [place.job_id for place in places if place.queue == queue]
            fits |= {(queue, found.job_id) for found in sieve(QueueKeys(self._namespace, queue), ids)}
        return [place for place in places if (place.queue, place.job_id) in fits]

    def _over_set(self, where: JobFilter, state: State, queue: str, after: _Place | None) -> Iterator[_Place]:
        """Yield one set's members, those that have ended newest first, page by page."""
        key = getattr(QueueKeys(self._namespace, queue), state.value)
        ended = state in ENDED
        last = (after.score, after.job_id) if after is not None else None
        for page in members(self._client, key, *where.scores(state), newest_first=ended, after=last):
            for score, job_id in page:
                yield _Place(state.value, queue, score, job_id)

    def _over_index(
        self, where: JobFilter, queues: Sequence[str], after: _Place | None
    ) -> Iterator[tuple[_Place, Job]]:
        """Yield what the indexes find, newest first."""
        indexes = self.indexes(where)
        sieve = Sieve(self._client, where.sieve())
        found: list[tuple[_Place, Job]] = []
        for queue in queues:
            for ids in indexed(self._client, QueueKeys(self._namespace, queue), indexes):
                fitting = sieve(QueueKeys(self._namespace, queue), ids)
                jobs = self._read([_Place("", queue, 0, one.job_id) for one in fitting])
                found += [(_Place("", queue, job.created_at_ms, job.job_id), job) for job in jobs if job is not None]
        found.sort(key=lambda one: (one[0].score, one[0].job_id), reverse=True)
        for place, job in found:
            if after is None or (place.score, place.job_id) < (after.score, after.job_id):
                yield place, job

    def indexes(self, where: JobFilter) -> list[str]:
        """The names of the indexes that find such jobs; none where all have to be gone through."""
        names = [order_index(where.order_id)] if where.order_id else []
        if where.recipient:
            names.append(recipient_index(self._pseudonyms.of(where.recipient.encode())))
        return names

    def sifted(
        self, where: JobFilter, queues: Sequence[str], *, by: str = "", young_ms: int = 0
    ) -> Iterator[tuple[str, list[Sifted]]]:
        """Yield the jobs that fit without reading them, queue by queue, a page at a time, the oldest first.

        Args:
            where: Which ones.
            queues: Of these queues.
            by: What each is counted under, as `Sieve` knows it.
            young_ms: What was enqueued before must not go again, which its verdict says; 0 = whatever its age.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        sieve = Sieve(self._client, {**where.sieve(), "young_ms": young_ms}, by=by)
        indexes = self.indexes(where)
        for queue in queues:
            keys = QueueKeys(self._namespace, queue)
            if indexes:
                pages = indexed(self._client, keys, indexes)
            else:
                pages = (page for state in where.states or (*_LIVE, *ENDED) for page in self._ids(where, keys, state))
            for page in pages:
                yield queue, sieve(keys, page)

    def _ids(self, where: JobFilter, keys: QueueKeys, state: State) -> Iterator[list[str]]:
        for page in members(self._client, getattr(keys, state.value), *where.scores(state)):
            yield [job_id for _, job_id in page]

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
