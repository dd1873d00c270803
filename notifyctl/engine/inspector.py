"""The operator's side of the queues: looks, counts, repairs. Worker code never imports it.

Everything a command, an API route or a page shows or changes comes from here. Raises our own errors: whoever calls
shows them as they are.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Literal

from notifyctl.connection import pipelined, translated
from notifyctl.engine.jobs import Job, QueueStats
from notifyctl.engine.keys import FleetKeys, QueueKeys
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.scripts import Retention, Scripts
from notifyctl.engine.search import JobFilter, Page, Search
from notifyctl.engine.states import Lane, State
from notifyctl.engine.tally import tally
from notifyctl.errors import JobNotFound, UnknownQueue, WrongState
from notifyctl.units import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.sieve import Sifted
    from notifyctl.engine.tally import By, Count

__all__ = ["Inspector"]

_AUDIT_LENGTH = 10_000
_PAGE = 500
#: The parts of a queue's config that are about a block.
_BLOCK = ("blocked_until", "blocked_ms", "blocked_reason")
_NEEDED = {"retried": (State.DEAD,), "purged": (State.DEAD,), "cancelled": (State.WAITING, State.DELAYED)}


class Inspector:
    """Operators' view of all queues of a namespace.

    Args:
        client: A redis-py client whose retries are bounded.
        namespace: What all key names begin with.
        rates: The configured limits by queue: what is in force where no operator set another. Its queues are known
            even before anything was enqueued.
        retention: Over which time completed, cancelled and failed jobs are counted.
        secret: Keys the hashes that stand for addresses; as the producers' own.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        *,
        rates: Mapping[str, Rate],
        retention: Retention,
        secret: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.client = client
        self._search = Search(client, namespace, Pseudonyms(client, namespace, secret))
        self._fleet = FleetKeys(namespace)
        self._rates = dict(rates)
        self._retention = retention
        self._clock = clock

    def _scripts(self, queue: str) -> Scripts:
        return Scripts(self.client, QueueKeys(self._fleet.namespace, queue), self._clock)

    def queues(self) -> list[str]:
        """The names of all queues, configured or used, in order."""
        with translated():
            used = _texts(self.client.smembers(self._fleet.queues))
        return sorted({*used, *self._rates})

    def known(self, queue: str) -> str:
        """Return the queue's name.

        Raises:
            UnknownQueue: There is no such queue.
        """
        if queue in self._rates:
            return queue
        names = self.queues()
        if queue not in names:
            raise UnknownQueue(f"no queue named {queue!r}", hint=f"There are: {', '.join(names)}.")
        return queue

    def stats(self, queue: str) -> QueueStats:
        """One consistent look at a queue, exact whether or not anything swept."""
        scripts = self._scripts(self.known(queue))
        with translated():
            scripts.sweep(self._retention)
            reply = scripts.stats(self._retention)
        now, waiting, active, delayed, completed, cancelled, failed, dead, oldest, due = map(int, reply[:10])
        flat = [part.decode() for part in reply[10]]
        config = dict(zip(flat[::2], flat[1::2], strict=True))
        rate = _rate(config["rate"]) if "rate" in config else self._rates.get(queue, Rate(0))
        blocked_ms = max(0, int(config.get("blocked_until", 0)) - now)
        blocked_ms = min(blocked_ms, int(config.get("blocked_ms", blocked_ms)))  # as `take` does: a clock was set back
        # an empty queue tries nothing: the block lies behind it until something comes
        trial = "blocked_until" in config and not blocked_ms and waiting + active > 0
        return QueueStats(
            queue=queue,
            waiting=waiting,
            active=active,
            delayed=delayed,
            completed=completed,
            failed=failed,
            dlq=dead,
            cancelled=cancelled,
            possible_duplicates=int(reply[11]),
            paused="paused" in config,
            pause_reason=config.get("pause_reason", ""),
            rate=str(rate),
            rate_origin="redis" if "rate" in config else "settings",
            max_active=int(config.get("max_active", 0)),
            blocked_ms=blocked_ms,
            trial=trial,
            blocked_reason=config.get("blocked_reason", "") if blocked_ms or trial else "",
            oldest_waiting_ms=max(0, now - oldest) if oldest else 0,
            next_due_ms=max(0, due - now) if due else 0,
        )

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

    def jobs(self, queue: str, state: State, *, limit: int = 50, offset: int = 0) -> list[Job]:
        """The jobs of a queue in one state: waiting and delayed in the order they will go, others newest first."""
        key = getattr(QueueKeys(self._fleet.namespace, self.known(queue)), state.value)
        first = state in (State.WAITING, State.DELAYED)
        with translated():
            ids = self.client.zrange(key, offset, offset + limit - 1, desc=not first)
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

    def tally(self, by: By, where: JobFilter, queues: Sequence[str] = ()) -> list[Count]:
        """Count the jobs that fit by what they have in common, the most frequent first; hours in their order.

        Raises:
            UnknownQueue: There is no such queue.
        """
        return tally(self._search, by, where, self.all_of(queues))

    def sifted(
        self, where: JobFilter, queues: Sequence[str], *, by: str = "", young_ms: int = 0
    ) -> Iterator[tuple[str, list[Sifted]]]:
        """Yield the ids of the jobs that fit, without reading them: see `Search.sifted`."""
        return self._search.sifted(where, queues, by=by, young_ms=young_ms)

    def indexes(self, where: JobFilter) -> list[str]:
        """The names of the indexes that find such jobs: see `Search.indexes`."""
        return self._search.indexes(where)

    def read(self, places: Sequence[tuple[str, str]]) -> list[Job]:
        """The jobs of these (queue, id) pairs, without those that are gone."""
        return [job for queue, job_id in places for job in self._read(queue, [job_id])]

    def all_of(self, queues: Sequence[str]) -> list[str]:
        """Return these queues, or all where there are none.

        Raises:
            UnknownQueue: There is no such queue.
        """
        return [self.known(queue) for queue in queues] or self.queues()

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

    def replay(self, job_id: str, *, lane: Lane | None = None, by: str = "", why: str = "") -> Job:
        """Send a dead job on its way again, at the end of its lane, with a fresh count of attempts.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is not dead: somebody else sent it on already, or it never was.
        """
        queue, job_id = self._find(job_id)
        with translated():
            word = self._scripts(queue).replay(job_id, _call_name(), -1 if lane is None else int(lane))
        self._expect(word, job_id, "retried", by, why)
        return self._job(queue, job_id)

    def discard(self, job_id: str, *, by: str = "", why: str = "") -> None:
        """Give a dead job up for good.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is not dead.
        """
        queue, job_id = self._find(job_id)
        with translated():
            word = self._scripts(queue).discard(job_id, _call_name())
        self._expect(word, job_id, "purged", by, why)

    def cancel(self, job_id: str, *, reason: str = "operator", by: str = "", why: str = "") -> None:
        """Cancel a job that has not gone yet.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is neither waiting nor delayed.
        """
        queue, job_id = self._find(job_id)
        with translated():
            word = self._scripts(queue).cancel(job_id, reason, self._retention.cancelled_ms, call=_call_name())
        self._expect(word, job_id, "cancelled", by, why)

    def would(self, verb: Literal["retried", "purged", "cancelled"], job_id: str) -> None:
        """Raise what `replay`, `discard` or `cancel` would raise now; nothing is changed.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is in another state.
        """
        state = self.job(job_id).state
        if state not in _NEEDED[verb]:
            raise _wrong_state(state, job_id, verb)

    def _expect(self, word: str, job_id: str, verb: str, by: str, why: str) -> None:
        if word == "missing":
            raise JobNotFound(f"no job {job_id!r}")
        if word != "done":
            raise _wrong_state(word, job_id, verb)
        self.note(verb, job_id, by=by, why=why)

    def pause(self, queue: str, *, reason: str = "", by: str = "") -> None:
        """Hand out nothing more of this queue, until `resume`; what is in progress ends."""
        self._configure(queue, {"paused": "1", "pause_reason": reason}, "paused", by, reason)

    def resume(self, queue: str, *, by: str = "", why: str = "") -> None:
        """Go on after a pause, and end a block that a provider's answer brought about."""
        self._configure(queue, dict.fromkeys(("paused", "pause_reason", *_BLOCK), ""), "resumed", by, why)

    def unblock(self, queue: str) -> None:
        """End a block that a provider's answer brought about; a pause stays."""
        with translated():
            self._scripts(self.known(queue)).configure(dict.fromkeys(_BLOCK, ""))

    def limit(
        self, queue: str, *, rate: Rate | None = None, max_active: int | None = None, by: str = "", why: str = ""
    ) -> None:
        """Set a live limit over the whole fleet; it wins over the settings until it is cleared.

        Args:
            queue: The queue.
            rate: The new rate; `None` leaves it.
            max_active: The most jobs in progress at once; 0 = no limit of this kind; `None` leaves it.
            by: Who asked.
            why: The reason they gave.
        """
        fields: dict[str, str] = {}
        if rate is not None:
            fields["rate"] = f"{rate.count}/{rate.period_ms}"
        if max_active is not None:
            fields["max_active"] = str(max_active) if max_active else ""
        self._configure(queue, fields, "limited", by, why)

    def unlimit(self, queue: str, *, by: str = "", why: str = "") -> None:
        """Clear the live limits: the settings are in force again."""
        self._configure(queue, {"rate": "", "max_active": ""}, "limits cleared", by, why)

    def _configure(self, queue: str, fields: dict[str, str], verb: str, by: str, why: str) -> None:
        with translated():
            self._scripts(self.known(queue)).configure(fields)
        self.note(verb, queue, by=by, why=why)

    def note(self, verb: str, what: str, *, by: str, why: str = "") -> None:
        """Keep in the audit log what an operator did, such as looking at an address.

        Args:
            verb: What they did, in one past participle.
            what: To which job or queue; nothing personal.
            by: Who.
            why: The reason they gave.
        """
        entry: dict[Any, Any] = {"verb": verb, "what": what, "by": by, "why": why}
        with translated():
            self.client.xadd(self._fleet.audit, entry, maxlen=_AUDIT_LENGTH, approximate=True)


def _wrong_state(state: str, job_id: str, verb: str) -> WrongState:
    needed = " or ".join(_NEEDED[verb])
    return WrongState(f"job {job_id} is {state}, not {needed}: it cannot be {verb}")


def _call_name() -> str:
    """A name for one call, by which a script knows that it is asked again because its reply was lost."""
    return secrets.token_hex(8)


def _texts(members: Iterable[Any]) -> list[str]:
    return [member.decode() for member in members]


def _rate(text: str) -> Rate:
    count, period_ms = text.split("/")
    return Rate(int(count), int(period_ms))
