"""Jobs and messages for tests, each with what its test does not care about filled in."""

from __future__ import annotations

from typing import Any

from dramatiq import Message

from notifyctl.engine.jobs import NewJob, QueueStats, TakenJob
from notifyctl.engine.message import NotifyMessage

QUEUE = "email"


def a_message(message_id: str = "job-1", *, actor: str = "send", queue: str = QUEUE, **options: Any) -> Message[Any]:
    """A Dramatiq message of this id."""
    return Message(
        queue_name=queue, actor_name=actor, args=(), kwargs={}, options=options, message_id=message_id,
        message_timestamp=1_793_534_400_000,
    )  # fmt: skip


def a_job(job_id: str = "job-1", **changes: Any) -> NewJob:
    """A job that may go at once, changed as told."""
    return NewJob(job_id, **{"message": a_message(job_id).encode(), "payload": b"Dear Ada", **changes})


def a_taken_job(job_id: str = "job-1", **changes: Any) -> TakenJob:
    """A job under the lease ``w1:1``, in its first run."""
    fields: dict[str, Any] = {
        "message": a_message(job_id).encode(),
        "payload": b"",
        "token": "w1:1",
        "attempt": 1,
        "possible_duplicate": False,
        "created_at_ms": 1_793_534_400_000,
    }
    return TakenJob(job_id, **{**fields, **changes})


def a_notify_message(scripts: Any = None, *, attempt: int = 1, actor: str = "send", **options: Any) -> NotifyMessage:
    """A taken job as middleware sees it."""
    return NotifyMessage(a_message(actor=actor, **options), a_taken_job(attempt=attempt), scripts)


def queue_stats(queue: str = QUEUE) -> QueueStats:
    """An empty queue, as one look at it says."""
    return QueueStats(
        queue=queue, waiting=0, active=0, delayed=0, completed=0, failed=0, dlq=0, cancelled=0, possible_duplicates=0,
        paused=False, pause_reason="", rate="10/s", rate_origin="settings", max_active=0, blocked_ms=0, trial=False,
        blocked_reason="", oldest_waiting_ms=0, next_due_ms=0,
    )  # fmt: skip
