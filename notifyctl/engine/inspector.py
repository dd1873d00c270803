"""The operator's side of the queues: looks, counts, repairs. Worker code never imports it.

Everything a command, an API route or a page shows or changes comes from here. Raises our own errors: whoever calls
shows them as they are.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from notifyctl.connection import translated
from notifyctl.engine.audit import Audit
from notifyctl.engine.events import Events
from notifyctl.engine.jobs import QueueStats
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.purge import Purged, purge
from notifyctl.engine.reader import Reader
from notifyctl.engine.scripts import Retention, Scripts
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import Lane, State
from notifyctl.errors import JobNotFound, WrongState
from notifyctl.units import Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.jobs import Job

__all__ = ["Inspector"]

#: A queue that is held up for less only rests, as `take` has it: nothing is tried out after it.
_BLOCK_MS = 1_000
#: The parts of a queue's config that are about a block.
_BLOCK = ("blocked_until", "blocked_ms", "blocked_reason")
_NEEDED = {
    "retried": (State.DEAD,),
    "purged": (State.DEAD,),
    "edited": (State.DEAD,),
    "cancelled": (State.WAITING, State.DELAYED),
}


class Inspector(Reader):
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
        super().__init__(client, namespace, configured=rates.keys(), secret=secret, clock=clock)
        self._rates = dict(rates)
        self._retention = retention
        self.audit = Audit(client, self._fleet.audit)
        self.events = Events(client, self._fleet.events)

    def _scripts(self, queue: str) -> Scripts:
        return Scripts(self.client, QueueKeys(self._fleet.namespace, queue), self._clock)

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
        was_block = int(config.get("blocked_ms", _BLOCK_MS)) >= _BLOCK_MS
        trial = "blocked_until" in config and was_block and not blocked_ms and waiting + active > 0
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

    def replay(self, job_id: str, *, lane: Lane | None = None, by: str = "", why: str = "") -> Job:
        """Send a dead job on its way again, at the end of its lane, with a fresh count of attempts.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is not dead: somebody else sent it on already, or it never was.
        """
        queue, job_id = self._find(job_id)
        with translated():
            to = -1 if lane is None else int(lane)
            word = self._scripts(queue).replay(job_id, _call_name(), to, _act("retried", by, why))
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

    def purge(
        self,
        where: JobFilter,
        queues: Sequence[str] = (),
        *,
        limit: int = 0,
        by: str = "",
        why: str = "",
        tell: Callable[[Purged], None] = lambda _: None,
    ) -> Purged:
        """Give all dead jobs up that fit, the oldest first, a page at a time; what dies meanwhile is left.

        Args:
            where: Which ones.
            queues: Of these queues, of all by default.
            limit: So many at most; 0 = all.
            by: Who asked.
            why: The reason they gave.
            tell: Is told after each page how far it is.

        Raises:
            UnknownQueue: There is no such queue.
            BrokerUnavailable: Redis cannot be reached; those of whom was told are gone.
        """
        names = self.all_of(queues)
        now = self.now_ms(names[0])
        meant = replace(where, states=(State.DEAD,), until_ms=min(where.until_ms or now, now))
        said = {"queue": names, **where.said()}
        self.audit.note("purge started", "dead letters", by=by, why=why, filters=said)
        done = purge(self._search.sifted(meant, names), self._scripts, limit, tell)
        counts = {"purged": done.purged, "changed": done.changed}
        self.audit.note("purged", "dead letters", by=by, why=why, filters=said, counts=counts)
        return done

    def edit(
        self, job_id: str, payload: bytes, *, before: bytes, template: str, address: str, by: str = "", why: str = ""
    ) -> Job:
        """Change what a dead job is about; what it was stays in its history. Audited.

        Args:
            job_id: The job.
            payload: What it is about from now on, as whoever sends it can read it.
            before: What it was when it was looked at: nobody's change is lost.
            template: The template's name.
            address: To whom it goes, as its channel writes it.
            by: Who asked.
            why: The reason they gave.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is not dead, or somebody else edited it meanwhile.
        """
        queue, job_id = self._find(job_id)
        job = self._job(queue, job_id)
        names = self._search.indexes(JobFilter(order_id=job.order_id, recipient=address))
        with translated():
            word = self._scripts(queue).edit(
                job_id, _call_name(), before=before, after=payload, template=template, indexes=" ".join(names),
                act=_act("edited", by, why),
            )  # fmt: skip
        if word == "changed":
            raise WrongState(f"job {job_id} was edited by somebody else meanwhile", hint="Look at it, and begin anew.")
        self._expect(word, job_id, "edited", by, why)
        return self._job(queue, job_id)

    def cancel(self, job_id: str, *, reason: str = "operator", by: str = "", why: str = "") -> None:
        """Cancel a job that has not gone yet.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is neither waiting nor delayed.
        """
        queue, job_id = self._find(job_id)
        with translated():
            word = self._scripts(queue).cancel(
                job_id, reason, self._retention.cancelled_ms, call=_call_name(), act=_act("cancelled", by, why)
            )
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
        self.events.add(f"queue_{verb.replace(' ', '_')}", queue=queue, by=by, reason=why)

    def note(self, verb: str, what: str, *, by: str, why: str = "") -> None:
        """Keep in the audit log what an operator did, such as looking at an address; as `Audit.note` does."""
        self.audit.note(verb, what, by=by, why=why)


def _act(verb: str, by: str, why: str) -> str:
    """What a person did, for a job's history."""
    return json.dumps({"verb": verb, "by": by, "why": why})


def _wrong_state(state: str, job_id: str, verb: str) -> WrongState:
    needed = " or ".join(_NEEDED[verb])
    return WrongState(f"job {job_id} is {state}, not {needed}: it cannot be {verb}")


def _call_name() -> str:
    """A name for one call, by which a script knows that it is asked again because its reply was lost."""
    return secrets.token_hex(8)


def _rate(text: str) -> Rate:
    count, period_ms = text.split("/")
    return Rate(int(count), int(period_ms))
