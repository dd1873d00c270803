"""One typed method per script: the only caller of the engine's Lua. Knows no policy and no Dramatiq.

Every method may be called again with the same arguments after a lost reply: nothing happens twice, and the answer is
the same. What an operator asks for has no lease token to tell by: there the caller makes up a name for each call.
Redis errors leave as redis-py raises them; whoever calls decides what they mean there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifyctl.engine.arrivals import enqueue_all
from notifyctl.engine.jobs import Batch, Completion
from notifyctl.engine.replicas import Replicas
from notifyctl.lua import load_script, run_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.jobs import Enqueued, NewJob
    from notifyctl.engine.keys import QueueKeys
    from notifyctl.lua import Call

__all__ = ["Retention", "Scripts"]

_NAMES = (
    "take", "reclaim", "begin", "complete", "retry", "doubt", "resend", "bury", "release", "beat", "replay", "edit",
    "discard", "cancel", "configure", "stats", "sweep", "lapse",
)  # fmt: skip
_SCRIPTS = {name: load_script(__package__, name) for name in _NAMES}

IDEMPOTENCY_TAIL_MS = 30 * 24 * 3600 * 1000
DISCARDED_TAIL_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Retention:
    """How long ended jobs, and the record of failures, are kept, in ms."""

    completed_ms: int = 24 * 3600 * 1000
    cancelled_ms: int = 24 * 3600 * 1000
    failed_ms: int = 7 * 24 * 3600 * 1000


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Scripts:
    """The transitions of one queue.

    Args:
        client: A redis-py client that neither decodes replies nor retries without end.
        keys: The queue's keys.
        clock: Replaces the server's clock, in tests.
        replicas: Who must have what is enqueued, and what was sent.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: QueueKeys,
        clock: Clock | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self.client = client
        self.keys = keys
        self.clock = clock
        self.replicas = replicas or Replicas()

    def _now(self) -> int:
        return self.clock() if self.clock else 0

    def _call(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        return _SCRIPTS[name](self.client, keys, args)

    def enqueue(self, job: NewJob) -> Enqueued:
        """Put a new job in line, or into the delayed ones; atomic with its idempotency key.

        Raises:
            Unreplicated: It is there, but not on as many replicas as asked for.
        """
        (answer,) = self.enqueue_many([job])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued | Exception]:
        """Enqueue jobs in one round trip; each answer is that job's own, or what went wrong with it.

        Raises:
            Unreplicated: They are there, but not on as many replicas as asked for.
        """
        return enqueue_all(self.client, [(self, job) for job in jobs], self.replicas)

    def take(
        self,
        worker_id: str,
        sequence: int,
        wanted: int,
        *,
        lease_ms: int,
        rate: str,
        gap_ms: int,
        block_ms: int,
        cancelled_ms: int,
    ) -> Batch:
        """Hand out at most `wanted` waiting jobs; the same sequence number hands out the same ones again.

        Args:
            worker_id: Who takes; with the sequence, the lease token.
            sequence: One more than that of the last take whose reply arrived.
            wanted: How many threads are free.
            lease_ms: For how long the jobs are this worker's without a sign of life.
            rate: ``count/period_ms``; a count of 0 is no limit. An operator's live limit wins.
            gap_ms: Longer than this without any script: the server was away, and leases are given time.
            block_ms: How long the caller would wait on the marker.
            cancelled_ms: How long jobs that expired are kept.
        """
        call = self._take_call(worker_id, sequence, wanted, lease_ms, rate, gap_ms, block_ms, cancelled_ms)
        return Batch.parse(self._call("take", *call), worker_id, sequence)

    @property
    def has_unconfirmed(self) -> bool:
        """Whether there are outcomes to be told again: `complete_and_take` does so before it takes."""
        return bool(self.replicas.unconfirmed(self.keys.meta))

    def _take_call(
        self,
        worker_id: str,
        sequence: int,
        wanted: int,
        lease_ms: int,
        rate: str,
        gap_ms: int,
        block_ms: int,
        cancelled_ms: int,
    ) -> tuple[list[str], list[Any]]:
        k = self.keys
        keys = [
            k.waiting, k.delayed, k.active, k.cancelled, k.grants, k.config, k.meta, k.taken(worker_id), k.wake,
            *k.counters,
        ]  # fmt: skip
        args = [
            self._now(), k.prefix, worker_id, sequence, wanted, lease_ms, rate, gap_ms, cancelled_ms, block_ms,
        ]  # fmt: skip
        return keys, args

    def reclaim(self, look_ms: int, lease_ms: int) -> int:
        """Give back what workers held that gave no sign of life for as long as their lease; how many jobs that were.

        A job whose send had begun is looked up after `look_ms`. No lease is left that lasts longer than `lease_ms`.
        """
        k = self.keys
        keys = [k.waiting, k.delayed, k.active, k.dead, k.failed, k.meta, k.wake, *k.counters]
        return int(self._call("reclaim", keys, [self._now(), k.prefix, look_ms, lease_ms]))

    def complete_and_take(
        self,
        completions: Sequence[Completion],
        completed_ms: int,
        worker_id: str,
        sequence: int,
        wanted: int,
        **options: Any,
    ) -> tuple[list[str] | Exception, Batch | Exception]:
        """`complete`, then `take` with its options, in one round trip; each answer is that call's own."""
        take = (_SCRIPTS["take"], *self._take_call(worker_id, sequence, wanted, **options))
        words, batch = self._told(completions, completed_ms, take)
        return words, batch if isinstance(batch, Exception) else Batch.parse(batch, worker_id, sequence)

    def begin(self, job_id: str, token: str, provider: str, rate: str = "0/1") -> int:
        """Record that the send starts now.

        Returns:
            How many microseconds to wait before it, so that sends keep the rate's distance; -1: the lease is lost, do
            not send.
        """
        k = self.keys
        keys = [k.job(job_id), k.grants, k.config, k.active, k.resent]
        return int(self._call("begin", keys, [self._now(), token, provider, rate, job_id]))

    def complete(self, completions: Sequence[Completion], completed_ms: int) -> list[str]:
        """Settle jobs that are done; for each ``done``, ``late``, ``duplicate`` or ``stale``."""
        (words,) = self._told(completions, completed_ms)
        if isinstance(words, Exception):
            raise words
        completed: list[str] = words
        return completed

    def _told(self, completions: Sequence[Completion], completed_ms: int, *more: Call) -> list[Any]:
        """Complete, and then make further calls, in one round trip, at whose end replicas are waited for.

        Returns:
            The words of the completions, or what they failed with; then the answers of the further calls.
        """
        told = [*completions, *self.replicas.unconfirmed(self.keys.meta)]
        complete = (_SCRIPTS["complete"], *self._complete_call(told, completed_ms))
        words, *answers = run_many(self.client, [complete, *more], self.replicas.ending(self.keys.meta))
        if isinstance(words, Exception):
            return [words, *answers[: len(more)]]
        self.replicas.mind(self.keys.meta, told, answers[len(more) :])
        return [[_text(word) for word in words[: len(completions)]], *answers[: len(more)]]

    def _complete_call(self, completions: Sequence[Completion], completed_ms: int) -> tuple[list[str], list[Any]]:
        k = self.keys
        args: list[Any] = [self._now(), k.prefix, completed_ms]
        for c in completions:
            args += (c.job_id, c.token, c.provider, c.provider_id, c.record, c.told)
        return [k.active, k.completed, k.waiting, k.delayed, k.dead, k.meta, k.config, k.wake, *k.counters], args

    def retry(self, job_id: str, token: str, delay_ms: int, record: str, told: str = "") -> str:
        """Let the job run again after its backoff; ``done`` or ``stale``."""
        k = self.keys
        keys = [k.active, k.delayed, k.job(job_id), k.wake, *k.counters]
        return _text(self._call("retry", keys, [self._now(), job_id, token, delay_ms, record, told]))

    def doubt(self, job_id: str, token: str, delay_ms: int, record: str, look: int = 1, told: str = "") -> str:
        """Put a job of unknown outcome aside until its next look-up, whose number is `look`; ``done`` or ``stale``."""
        k = self.keys
        keys = [k.active, k.delayed, k.job(job_id), k.wake, *k.counters]
        return _text(self._call("doubt", keys, [self._now(), job_id, token, delay_ms, look, record, told]))

    def resend(self, job_id: str, token: str, record: str, told: str = "") -> str:
        """Let a job go once more whose outcome stays unknown, flagged; ``done`` or ``stale``."""
        k = self.keys
        keys = [k.active, k.waiting, k.job(job_id), k.wake, *k.counters]
        return _text(self._call("resend", keys, [self._now(), job_id, token, record, told]))

    def bury(self, job_id: str, token: str, reason: str, record: str, told: str = "") -> str:
        """Move the job to the dead letters; ``done`` or ``stale``."""
        k = self.keys
        keys = [k.active, k.dead, k.failed, k.job(job_id), *k.counters]
        return _text(self._call("bury", keys, [self._now(), job_id, token, reason, record, told]))

    def release(
        self,
        leases: Sequence[tuple[str, str]],
        block_ms: int = 0,
        reason: str = "",
        *,
        account: bool = False,
        told: str = "",
    ) -> list[str]:
        """Give (id, token) pairs back to their places in line; for each ``done``, ``stale`` or ``alone``.

        Args:
            leases: The jobs, and their lease tokens.
            block_ms: For how long the queue is blocked; 0 = not.
            reason: Why.
            account: A provider refused them for the account's sake: they go to the ends of their lanes. One that was
                refused before, while others were accepted since, is left as it is, and answered ``alone``.
            told: What the run of the one job adds to the totals.
        """
        k = self.keys
        keys = [k.active, k.waiting, k.config, k.wake, k.meta, *k.counters]
        args: list[Any] = [self._now(), k.prefix, block_ms, reason, int(account), told]
        for job_id, token in leases:
            args += (job_id, token)
        return [_text(word) for word in self._call("release", keys, args)]

    def beat(self, leases: Sequence[tuple[str, str]], lease_ms: int, gap_ms: int) -> list[str]:
        """Extend these (id, token) leases; the ids whose lease is lost."""
        args: list[Any] = [self._now(), self.keys.prefix, lease_ms, gap_ms]
        for job_id, token in leases:
            args += (job_id, token)
        return [_text(job_id) for job_id in self._call("beat", [self.keys.active, self.keys.meta], args)]

    def lapse(self, worker_id: str) -> int:
        """End the leases of a worker process that is dead for certain; how many it had."""
        args = [self.keys.prefix, worker_id]
        return int(self._call("lapse", [self.keys.active, self.keys.wake], args))

    def replay(self, job_id: str, call: str, lane: int = -1, act: str = "{}") -> str:
        """Send a dead job on its way again; ``done``, ``missing``, or the state it is in instead."""
        k = self.keys
        keys = [k.dead, k.waiting, k.meta, k.job(job_id), k.wake, *k.counters]
        return _text(self._call("replay", keys, [self._now(), job_id, lane, call, act]))

    def discard(self, job_id: str, call: str) -> str:
        """Give a dead job up; ``done``, ``missing``, or the state it is in instead."""
        return self.discard_many([job_id], call)[0]

    def discard_many(self, job_ids: Sequence[str], call: str) -> list[str]:
        """Give dead jobs up in one round trip; for each the word that `discard` would give.

        Raises:
            redis.RedisError: Any of the calls failed; all may be made again.
        """
        k, discard = self.keys, _SCRIPTS["discard"]
        tail = [IDEMPOTENCY_TAIL_MS, DISCARDED_TAIL_MS, call]
        return self._each(
            (discard, [k.dead, k.job(one), k.gone(one), *k.counters], [self._now(), k.prefix, one, *tail])
            for one in job_ids
        )

    def _each(self, calls: Iterable[Call]) -> list[str]:
        words = run_many(self.client, list(calls))
        for word in words:
            if isinstance(word, Exception):
                raise word
        return [_text(word) for word in words]

    def edit(
        self, job_id: str, call: str, *, before: bytes, after: bytes, template: str, indexes: str, act: str
    ) -> str:
        """Change what a dead job is about; ``done``, ``changed``, ``missing``, or the state it is in instead."""
        k = self.keys
        args = [self._now(), k.prefix, job_id, call, before, after, template, indexes, act]
        return _text(self._call("edit", [k.job(job_id)], args))

    def cancel(
        self, job_id: str, reason: str, cancelled_ms: int, *, token: str = "", call: str = "", act: str = ""
    ) -> str:
        """Cancel what has not gone yet; ``done``, ``stale``, ``missing``, or the state it is in instead.

        Args:
            job_id: The job.
            reason: One word.
            cancelled_ms: How long the job is kept.
            token: Its worker's lease token; empty for anybody else, who can cancel what is waiting or delayed.
            call: The name of anybody else's call.
            act: Who did it and why, as JSON, where a person did.
        """
        return _text(self._call("cancel", *self._cancel_call(job_id, reason, cancelled_ms, token, call, act)))

    def cancel_many(self, job_ids: Sequence[str], reason: str, cancelled_ms: int, call: str) -> list[str]:
        """Cancel what has not gone yet, in one round trip; for each the word that `cancel` would give.

        Raises:
            redis.RedisError: Any of the calls failed; all may be made again.
        """
        cancel = _SCRIPTS["cancel"]
        return self._each((cancel, *self._cancel_call(one, reason, cancelled_ms, "", call)) for one in job_ids)

    def _cancel_call(
        self, job_id: str, reason: str, cancelled_ms: int, token: str, call: str, act: str = ""
    ) -> tuple[list[str], list[Any]]:
        k = self.keys
        keys = [k.waiting, k.delayed, k.active, k.cancelled, k.job(job_id), *k.counters]
        return keys, [self._now(), k.prefix, job_id, token, reason, cancelled_ms, call, act]

    def holders(self, hashes: Sequence[str]) -> list[tuple[str, str] | None]:
        """For each of these idempotency keys, the job that holds it and the digest of its content; None where none.

        Raises:
            Unreplicated: Some are held, but not on as many replicas as asked for.
        """
        if not hashes:
            return []
        found = self.client.mget([self.keys.idempotency(one) for one in hashes])
        holders = [
            (parts[0], parts[2]) if (parts := _text(value or b"").partition(" "))[0] else None for value in found
        ]
        known = [holder[0] for holder in holders if holder]
        if known and not self.replicas.have_it(run_many(self.client, [], self.replicas.ending(self.keys.meta))):
            raise self.replicas.short(known)
        return holders

    def configure(self, fields: dict[str, str]) -> dict[str, str]:
        """Set live settings, clear those whose value is empty; all that are set now."""
        args: list[str] = []
        for field, value in fields.items():
            args += (field, value)
        flat = [_text(part) for part in self._call("configure", [self.keys.config, self.keys.wake], args)]
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def stats(self, retention: Retention) -> list[Any]:
        """The script's own reply; `Inspector.stats` gives it names."""
        k = self.keys
        keys = [k.waiting, k.active, k.delayed, k.completed, k.cancelled, k.failed, k.dead, k.config, k.resent]
        args = [
            self._now(), k.prefix, retention.completed_ms, retention.cancelled_ms, retention.failed_ms,
        ]  # fmt: skip
        reply: list[Any] = self._call("stats", keys, args)
        return reply

    def sweep(self, retention: Retention) -> int:
        """Forget a bounded number of entries whose retention is over; how many went."""
        k = self.keys
        args = [
            self._now(), retention.completed_ms, retention.cancelled_ms, retention.failed_ms, retention.failed_ms,
        ]  # fmt: skip
        return int(self._call("sweep", [k.completed, k.cancelled, k.failed, k.resent], args))
