"""Jobs as records."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from notifyctl.views.doubts import in_doubt
from notifyctl.views.personal import masked
from notifyctl.views.times import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.engine.jobs import Job
    from notifyctl.notification import Notification

__all__ = ["attempt_rows", "job_record", "whole_job_record"]


def job_record(job: Job, *, reveal: bool = False) -> dict[str, Any]:
    """A job as a record.

    Args:
        job: The job.
        reveal: Show the address as it is, with the recipient's name and the template's variables.
    """
    notification = _notification(job)
    last: Mapping[str, Any] = job.attempts[-1] if job.attempts else {}
    record: dict[str, Any] = {
        "id": job.job_id,
        "queue": job.queue,
        "state": job.state.value,
        "priority": job.lane.name.lower(),
        "template": job.template,
        "order": job.order_id,
        "to": None,
        "runs": len(job.attempts),
        "replays": job.replays,
        "edits": len(job.originals),
        "reason": job.reason,
        "last_code": last.get("code", ""),
        "last_error": last.get("error", "") or job.release_reason,
        "released": job.released,
        "release_reason": job.release_reason,
        "provider": job.provider,
        "provider_id": job.provider_id,
        "in_doubt": in_doubt(job),
        "possible_duplicate": job.possible_duplicate,
        "superseded_at": iso(job.superseded_at_ms),
        "asked_at": iso(job.asked_at_ms),
        "created_at": iso(job.created_at_ms),
        "due_at": iso(job.due_at_ms),
        "expires_at": iso(job.expires_at_ms),
        "finished_at": iso(job.finished_at_ms),
    }
    if notification is not None:
        address = notification.to.address
        record["to"] = address if reveal else masked(notification.channel, address)
        if reveal:
            record |= {"name": notification.to.name, "data": dict(notification.data)}
    return record


def whole_job_record(job: Job, *, reveal: bool = False) -> dict[str, Any]:
    """A job as a record, with its history."""
    return {**job_record(job, reveal=reveal), "attempts": attempt_rows(job), "duplicates": job.duplicates}


def _notification(job: Job) -> Notification | None:
    """What a job is about; None for one that is no notification of this release."""
    from notifyctl.errors import InvalidInput
    from notifyctl.notification import Notification

    with suppress(InvalidInput):
        return Notification.decode(job.payload)
    return None


def attempt_rows(job: Job) -> list[dict[str, Any]]:
    """The runs of a job, the start of each as a time that people read."""
    return [
        {"started_at": iso(run.get("started_at_ms", 0))}
        | {key: value for key, value in run.items() if key != "started_at_ms"}
        for run in job.attempts
    ]
