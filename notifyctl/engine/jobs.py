"""Jobs as the engine hands them around: to be enqueued, taken by a worker, and as operators see them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from notifyctl.engine.states import Lane, State

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Batch", "Completion", "Enqueued", "Enqueuing", "Job", "NewJob", "QueueStats", "TakenJob"]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be.

    Attributes:
        job_id: Also the id of the Dramatiq message; no blanks.
        message: The encoded Dramatiq message.
        payload: What the job is about, bytes of the caller's; may be empty.
        lane: Priority.
        due_at_ms: Not before this moment, epoch ms; 0 = at once.
        delay_ms: Not before this long after the enqueue, by the server's clock, where `due_at_ms` is 0.
        expires_at_ms: Not after this moment, epoch ms; 0 = whenever.
        idempotency: Keyed hash of the caller's idempotency key; empty = none.
        digest: Keyed digest of the content, compared where the key was seen before.
        unless: Keyed hashes of idempotency keys: where one of them is known, the job is not wanted any more.
        indexes: What it can be found by: names as `engine.keys` makes them.
        fields: What lists show of it, such as ``template`` and ``order``: no personal data.
    """

    job_id: str
    message: bytes
    payload: bytes = b""
    lane: Lane = Lane.NORMAL
    due_at_ms: int = 0
    delay_ms: int = 0
    expires_at_ms: int = 0
    idempotency: str = ""
    digest: str = ""
    indexes: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    unless: tuple[str, ...] = ()


class Enqueuing(StrEnum):
    """What an enqueue found."""

    QUEUED = "queued"
    EXISTS = "exists"
    KNOWN = "known"
    CONFLICT = "conflict"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The answer to an enqueue: what was found, and the id of the job that stands for it now."""

    status: Enqueuing
    job_id: str


@dataclass(frozen=True, slots=True)
class TakenJob:
    """A job handed to this worker under a lease.

    Attributes:
        token: The lease token: worker id and take sequence.
        attempt: Number of this run in the job's present life, from 1.
        possible_duplicate: It was sent before, and nobody knows what became of that.
        created_at_ms: When it was enqueued, epoch ms.
        look: This run is to find out what became of an earlier send: its number, from 1; 0 = this one sends.
        asked, asked_at_ms: Which provider that send was begun at, and when, epoch ms.
    """

    job_id: str
    message: bytes
    payload: bytes
    token: str
    attempt: int
    possible_duplicate: bool
    created_at_ms: int
    look: int = 0
    asked: str = ""
    asked_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What a take handed out, and when to ask again.

    Attributes:
        jobs: The jobs, each under this take's lease.
        again_ms: Ask again after so long, whatever the marker says; -1 = wait on the marker.
        block_ms: Wait on the marker for so long at most, where `again_ms` is -1.
        lost: Leases of others have run out: `reclaim` gives their jobs back.
    """

    jobs: list[TakenJob]
    again_ms: int
    block_ms: int
    lost: bool = False

    @classmethod
    def parse(cls, reply: list[Any], worker_id: str, sequence: int) -> Batch:
        """Return what a take's reply says."""
        token = f"{worker_id}:{sequence}"
        jobs = [
            TakenJob(
                job_id=job_id.decode(),
                message=message,
                payload=payload,
                token=token,
                attempt=int(attempt) + 1,
                possible_duplicate=duplicate == b"1",
                created_at_ms=int(created),
                look=int(look or 0),
                asked=asked.decode() if look else "",
                asked_at_ms=int(asked_at or 0) if look else 0,
            )
            for job_id, message, payload, attempt, duplicate, created, look, asked, asked_at in reply[3:]
        ]
        return cls(jobs, int(reply[0]), int(reply[1]), lost=reply[2] == 1)


@dataclass(frozen=True, slots=True)
class Completion:
    """One job to complete, with the evidence of its acceptance where it sent something.

    Attributes:
        record: The run as JSON, for the job's history.
        told: What the run adds to the totals, as `notifyctl.engine.totals` has it.
    """

    job_id: str
    token: str
    provider: str = ""
    provider_id: str = ""
    record: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as operators see it.

    Attributes:
        attempt: Runs used in its present life.
        created_at_ms, due_at_ms, expires_at_ms, finished_at_ms: Epoch ms, 0 = not so.
        reason: Why it is dead or cancelled, one word.
        released, release_reason: How often a run gave it back unsent, and why it last did, if that has a reason.
        provider, provider_id: Who took it, or was asked last; the provider's id for it.
        asked_at_ms: When that provider's send was begun.
        look: It is in doubt, and this is the number of the next look-up; 0 = it is not.
        doubts: How many sends of its present life came into doubt.
        replayed_at_ms: When its present life began by hand, epoch ms; 0 = it is the first.
        attempts: Its history, oldest first: dicts with outcome, code, error, duration_ms, tries, …
        duplicates: Evidence that it had been accepted already, come too late: provider and its id for it.
        superseded_at_ms: When a later event of its order made it wrong, though it was past being cancelled; epoch ms.
        acts: What people did about it, oldest first: dicts with at_ms, verb, by, why, and replay where it was one.
        payload: The notification's bytes, with personal data in them.
        originals: What it was before people edited it, oldest first.
    """

    job_id: str
    queue: str
    state: State
    lane: Lane
    attempt: int
    created_at_ms: int
    due_at_ms: int
    expires_at_ms: int
    finished_at_ms: int
    reason: str
    template: str
    order_id: str
    provider: str
    provider_id: str
    asked_at_ms: int
    look: int
    doubts: int
    possible_duplicate: bool
    replays: int
    replayed_at_ms: int
    released: int
    release_reason: str
    attempts: list[dict[str, Any]]
    duplicates: list[str] = field(default_factory=list)
    superseded_at_ms: int = 0
    acts: list[dict[str, Any]] = field(default_factory=list)
    payload: bytes = field(default=b"", repr=False)
    originals: list[bytes] = field(default_factory=list, repr=False)
    message: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, queue: str, job_id: str, fields: Mapping[bytes, bytes]) -> Job:
        """Return the job that a ``job:<id>`` hash holds."""
        text = {name.decode(): value for name, value in fields.items()}

        def word(name: str) -> str:
            return text.get(name, b"").decode()

        def number(name: str) -> int:
            return int(text.get(name) or 0)

        return cls(
            job_id=job_id,
            queue=queue,
            state=State(word("state")),
            lane=Lane(number("lane")),
            attempt=number("attempt"),
            created_at_ms=number("created_at"),
            due_at_ms=number("due_at"),
            expires_at_ms=number("expires_at"),
            finished_at_ms=number("finished_at"),
            reason=word("reason"),
            template=word("template"),
            order_id=word("order"),
            provider=word("provider"),
            provider_id=word("provider_id"),
            asked_at_ms=number("began_at"),
            look=number("look"),
            doubts=number("doubts"),
            possible_duplicate=number("possible_duplicate") == 1,
            replays=number("replays"),
            replayed_at_ms=number("replayed_at"),
            released=number("released"),
            release_reason=word("release_reason"),
            attempts=[json.loads(value) for _, value in _numbered(text, "attempt:") if value],
            duplicates=[value.decode() for name, value in text.items() if name.startswith("duplicate:")],
            superseded_at_ms=number("superseded"),
            acts=_acts(text),
            payload=text.get("payload", b""),
            originals=[value for _, value in _numbered(text, "original:")],
            message=text.get("message", b""),
        )

    @property
    def providers(self) -> set[str]:
        """Every provider that was asked."""
        asked = {one.get("provider", "") for run in self.attempts for one in run.get("tries", ())}
        return (asked | {self.provider}) - {""}

    @property
    def codes(self) -> set[str]:
        """What the present trouble is called: the reason; the last attempt's outcome and code; its providers' codes."""
        last = self.attempts[-1] if self.attempts else {}
        given = {one.get(name, "") for one in last.get("tries", ()) for name in ("outcome", "provider_code")}
        return ({self.reason, last.get("outcome", ""), last.get("code", "")} | given) - {""}

    @property
    def errors(self) -> list[str]:
        """The last attempt's errors in words."""
        last = self.attempts[-1] if self.attempts else {}
        texts = [last.get("error", ""), *(one.get("error", "") for one in last.get("tries", ()))]
        return [text for text in texts if text]


def _acts(fields: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """What people did about a job: ``act:<n>`` holds the moment in ms, a blank, and the rest as JSON."""
    told = [value.partition(b" ") for _, value in _numbered(fields, "act:")]
    return [{"at_ms": int(at_ms), **json.loads(act)} for at_ms, _, act in told]


def _numbered(fields: Mapping[str, bytes], prefix: str) -> list[tuple[int, bytes]]:
    """The fields of these names, each with its number, in order."""
    return sorted((int(name[len(prefix) :]), value) for name, value in fields.items() if name.startswith(prefix))


@dataclass(frozen=True, slots=True)
class QueueStats:
    """One consistent look at a queue.

    Attributes:
        completed, cancelled, failed: Over their retention (24 h, 24 h and 7 days by default).
        failed: Jobs buried in that time: a count that outlives replay and purge.
        dlq: Jobs that are dead now.
        possible_duplicates: Messages sent once more though they may have arrived, over the retention of `failed`.
        rate: The limit in force, such as ``10/s``, and `rate_origin`: ``redis`` where an operator set it live.
        oldest_waiting_ms: Age of the oldest waiting job.
        next_due_ms: Until the next delayed job is due; 0 where none is.
        blocked_ms: For how long the queue is still blocked.
        trial: A block is over, and jobs are handed out one by one until one of them completes.
        blocked_reason: Why it is blocked, or was before the trial.
    """

    queue: str
    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int
    dlq: int
    cancelled: int
    possible_duplicates: int
    paused: bool
    pause_reason: str
    rate: str
    rate_origin: str
    max_active: int
    blocked_ms: int
    trial: bool
    blocked_reason: str
    oldest_waiting_ms: int
    next_due_ms: int
