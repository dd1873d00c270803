"""Jobs as records: what lists and pages show of them, with addresses masked unless somebody asks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from notifyctl.cli._context import connected, operator
from notifyctl.cli._doubts import in_doubt, told
from notifyctl.cli._output import Column, Output, View, duration, iso, moment, say, write
from notifyctl.engine.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.cli._filters import Chosen
    from notifyctl.engine.jobs import Job
    from notifyctl.notification import Notification

__all__ = ["attempt_rows", "job_record", "list_jobs", "masked", "show_job"]

_JOB_COLUMNS = (
    Column("id"),
    Column("queue"),
    Column("state"),
    Column("template"),
    Column("order"),
    Column("to"),
    Column("runs"),
    Column("created_at", "created", moment),
    Column("reason"),
    Column("last_error", "last error", width=40),
)

_DELAYED_COLUMNS = tuple(Column("due_at", "due", moment) if one.key == "created_at" else one for one in _JOB_COLUMNS)

_PAGE_COLUMNS = (
    Column("id"),
    Column("queue"),
    Column("state"),
    Column("reason"),
    Column("template"),
    Column("order"),
    Column("to"),
    Column("name"),
    Column("priority"),
    Column("replays"),
    Column("released", "given back"),
    Column("release_reason", "given back for"),
    Column("provider"),
    Column("provider_id", "provider's id"),
    Column("in_doubt", "in doubt"),
    Column("possible_duplicate", "possible duplicate"),
    Column("asked_at", "asked", moment),
    Column("created_at", "created", moment),
    Column("due_at", "due", moment),
    Column("expires_at", "expires", moment),
    Column("finished_at", "ended", moment),
    Column("duplicates"),
)

#: A table says what the reason is in words, where it never was given back and that is what the words are about.
_TABLE_COLUMNS = (*_PAGE_COLUMNS[:4], Column("explanation", "because"), *_PAGE_COLUMNS[4:])

_ATTEMPT_COLUMNS = (
    Column("attempt"),
    Column("started_at", "started", moment),
    Column("duration_ms", "took", lambda ms: "" if ms is None else duration(ms) or "0ms"),
    Column("outcome"),
    Column("provider"),
    Column("code"),
    Column("error"),
)


def masked(channel: str, address: str) -> str:
    """An address or number of a channel, as it may be shown."""
    from notifyctl.channels.mask import mask_address, mask_number
    from notifyctl.notification import Channel

    return mask_address(address) if channel == Channel.EMAIL else mask_number(address)


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
        "reason": job.reason,
        "last_code": last.get("code", ""),
        "last_error": last.get("error", "") or job.release_reason,
        "released": job.released,
        "release_reason": job.release_reason,
        "provider": job.provider,
        "provider_id": job.provider_id,
        "in_doubt": in_doubt(job),
        "possible_duplicate": job.possible_duplicate,
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


def list_jobs(chosen: Chosen, view: View, *, limit: int, cursor: str, reveal: bool, none: str) -> None:
    """Print the jobs that the filters find, and how to go on where there are more."""
    inspector = connected().inspector
    page = inspector.find(chosen.where, chosen.queues, limit=limit, cursor=cursor)
    if reveal and page.jobs:
        inspector.note("revealed", f"{len(page.jobs)} jobs", by=operator())
    columns = _DELAYED_COLUMNS if chosen.where.states == (State.DELAYED,) else _JOB_COLUMNS
    view.many((job_record(job, reveal=reveal) for job in page.jobs), columns, none=none)
    if page.cursor:
        say(f"there are more than these {limit}: --limit shows more, --cursor {page.cursor} goes on")


def show_job(view: View, job: Job, *, reveal: bool) -> None:
    """Print one job with its history."""
    attempts = attempt_rows(job)
    record = {**job_record(job, reveal=reveal), "attempts": attempts, "duplicates": job.duplicates}
    if view.output is not Output.TABLE:
        view.one(record, _PAGE_COLUMNS)
        return
    if not job.released:
        record |= {"explanation": job.release_reason, "release_reason": ""}
    view.one({key: value or None for key, value in record.items()}, _TABLE_COLUMNS)
    if attempts:
        write("\n")
        view.many(_flat(attempts), _ATTEMPT_COLUMNS)
    for line in told(job):
        say(line)


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


def _flat(attempts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each provider that a run asked; a run that asked none has one all the same."""
    return [
        {**run, "code": asked.get("provider_code", run.get("code")), **asked}
        for run in attempts
        for asked in (run.get("tries") or [{}])
    ]
