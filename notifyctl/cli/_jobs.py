"""Jobs on the terminal: lists of them, and one with its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.cli._context import connected, operator
from notifyctl.cli._output import Column, Output, View, say, write
from notifyctl.engine.states import State
from notifyctl.views.doubts import told, unwanted
from notifyctl.views.jobs import job_record, whole_job_record
from notifyctl.views.times import duration, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.engine.jobs import Job
    from notifyctl.views.filters import Chosen

__all__ = ["list_jobs", "show_job"]

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
    record = whole_job_record(job, reveal=reveal)
    attempts = record["attempts"]
    if view.output is not Output.TABLE:
        view.one(record, _PAGE_COLUMNS)
        return
    if not job.released:
        record |= {"explanation": job.release_reason, "release_reason": ""}
    view.one({key: value or None for key, value in record.items()}, _TABLE_COLUMNS)
    if attempts:
        write("\n")
        view.many(_flat(attempts), _ATTEMPT_COLUMNS)
    for line in (*told(job), unwanted(job)):
        if line:
            say(line)


def _flat(attempts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each provider that a run asked; a run that asked none has one all the same."""
    return [
        {**run, "code": asked.get("provider_code", run.get("code")), **asked}
        for run in attempts
        for asked in (run.get("tries") or [{}])
    ]
