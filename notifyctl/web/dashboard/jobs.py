"""The list of jobs, and one job: what became of it, what comes next, and what a person can do about it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import Lane, State
from notifyctl.errors import InvalidInput, JobNotFound, WrongState
from notifyctl.notification import Channel
from notifyctl.views.answers import answer
from notifyctl.views.doubts import known, may_repeat
from notifyctl.views.filters import choose
from notifyctl.views.jobs import job_record
from notifyctl.views.story import reason_words, story
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Repairer, Revealer, Visitor
from notifyctl.web.dashboard.filters import read_filters
from notifyctl.web.dashboard.links import job_url, order_url, url
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.payload import payload_shown, written

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.jobs import Job
    from notifyctl.web.caller import Caller

__all__ = ["choices", "job_rows", "pace", "router", "trouble"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Why = Annotated[str, Form(max_length=200)]

_PAGE = 50
#: How often a list is made again, where it costs little.
_LIVE_MS = 3_000
_NUMBER = re.compile(r"\+?[\d ().-]{7,}")


@router.get("/jobs")
def list_jobs(request: Request, core: Core, me: Visitor, q: str = "", cursor: str = "") -> Response:
    """Show the jobs that fit, or go where a search leads."""
    began, sought = time.monotonic(), q.strip()
    if sought and (found := _found(core, sought)):
        return redirect(found)
    asked = read_filters(core, request.query_params)
    page = None
    if asked.chosen is not None and not sought:
        page = core.inspector.find(asked.chosen.where, asked.chosen.queues, limit=_PAGE, cursor=cursor)
    stats = [core.inspector.stats(queue) for queue in core.inspector.queues()]
    counts = {
        state.value: sum(getattr(one, "dlq" if state is State.DEAD else state.value) for one in stats)
        for state in State
    }
    return render(
        request, "jobs.html.j2", me, status=422 if asked.errors else 200,
        asked=asked, chips=asked.chips("/jobs"), sought=sought, counts=counts, cursor=cursor,
        rows=job_rows(page.jobs) if page else [], choices=choices(core),
        next=url("/jobs", [*asked.pairs, ("cursor", page.cursor)]) if page and page.cursor else "",
        live=0 if sought or asked.errors else pace(began),
    )  # fmt: skip


def pace(began: float) -> int:
    """How often a list that took since then to make is made again, in ms: a twentieth of the time goes into it at most.

    Args:
        began: By the monotonic clock, in seconds.
    """
    return max(_LIVE_MS, round(20_000 * (time.monotonic() - began)))


def choices(core: App) -> dict[str, list[tuple[str, str]]]:
    """What filters offer to choose from."""
    names = sorted({*core.catalog.email_names(), *core.catalog.whatsapp_names()})
    providers = [name for channel in Channel for name in core.provider_names(channel)]
    return {
        "queue": [("", "Any queue"), *((name, name) for name in core.inspector.queues())],
        "template": [("", "Any template"), *((name, name) for name in names)],
        "provider": [("", "Any provider"), *((name, name) for name in dict.fromkeys(providers))],
    }


def _found(core: App, sought: str) -> str:
    """Where a search leads: a job by its id, an order by its number, or what went to an address; empty: nowhere."""
    try:
        return job_url(core.inspector.job(sought).job_id)
    except JobNotFound:
        pass
    for number in (sought, sought.removeprefix("#"), f"#{sought}"):
        if core.inspector.find(JobFilter(order_id=number), limit=1).jobs:
            return order_url(number)
    if "@" in sought or _NUMBER.fullmatch(sought):
        try:
            choose(to=sought, region=core.settings.default_region)
        except InvalidInput:
            return ""
        return url("/jobs", {"to": sought})
    return ""


def job_rows(jobs: list[Job]) -> list[dict[str, Any]]:
    """Jobs as the rows of a list: their records, with addresses masked, and the moment that matters most now."""
    return [
        job_record(job)
        | {"url": job_url(job.job_id), "when": _when(job), "doubt": may_repeat(job), "trouble": trouble(job)}
        for job in jobs
    ]


def trouble(job: Job) -> str:
    """What is wrong with a job, in the words of its last error or of why it ended; empty: nothing."""
    return next(iter(job.errors), "") or job.release_reason or reason_words(job.reason)


def _when(job: Job) -> tuple[str, int]:
    if job.finished_at_ms:
        return "ended", job.finished_at_ms
    return ("due", job.due_at_ms) if job.state is State.DELAYED else ("queued", job.created_at_ms)


@router.get("/jobs/{job_id}")
def show_job(request: Request, core: Core, me: Visitor, job_id: str) -> Response:
    """Show a job; an id that stands for another one leads to that one."""
    job = core.inspector.job(job_id)
    if job.job_id != job_id:
        told = f"{job_id} was given out while Redis was away: this is the message that it stands for."
        return redirect(job_url(job.job_id), told, "warn")
    return job_page(request, core, me, job)


def job_page(request: Request, core: App, me: Caller, job: Job, *, reveal: bool = False) -> Response:
    """A job as a page."""
    stats = core.inspector.stats(job.queue)
    return render(
        request, "job.html.j2", me,
        job=job, record=job_record(job, reveal=reveal), said=answer(job, stats), steps=story([job]),
        doubts=known(job), twice=may_repeat(job), payload=payload_shown(job.payload, reveal=reveal), revealed=reveal,
        written=written(core, job) if reveal else None,
        originals=[payload_shown(original, reveal=reveal) for original in job.originals],
        can_cancel=job.state in (State.WAITING, State.DELAYED), is_dead=job.state is State.DEAD,
        lives=job.state in (State.WAITING, State.DELAYED, State.ACTIVE), url=job_url(job.job_id),
    )  # fmt: skip


@router.get("/jobs/{job_id}/reveal")
@router.get("/jobs/{job_id}/edit")
def back_to_job(me: Visitor, job_id: str) -> Response:
    """What was shown once is not shown again for the asking of its address."""
    del me
    return redirect(job_url(job_id))


@router.post("/jobs/{job_id}/reveal")
def reveal_job(request: Request, core: Core, me: Revealer, job_id: str) -> Response:
    """Show a job with the address and the content as they are; that is kept in the audit log."""
    job = core.inspector.job(job_id)
    core.inspector.note("revealed", job.job_id, by=me.by)
    return job_page(request, core, me, job, reveal=True)


@router.post("/jobs/{job_id}/retry")
def retry_job(
    core: Core,
    me: Repairer,
    job_id: str,
    reason: Why = "",
    lane: Annotated[str, Form()] = "",
    twice: Annotated[bool, Form()] = False,
) -> Response:
    """Send a dead letter on its way again."""
    job = core.inspector.job(job_id)
    if may_repeat(job) and not twice:
        told = "Nothing was sent: this message may have arrived already. Tick that it may arrive twice to send it."
        return redirect(job_url(job_id), told, "warn")
    try:
        core.inspector.replay(job_id, lane=Lane.parse(lane) if lane else None, by=me.by, why=reason)
    except WrongState as error:
        return redirect(job_url(job_id), error.message, "bad")
    return redirect(job_url(job_id), "It is on its way again.")


@router.post("/jobs/{job_id}/cancel")
def cancel_job(core: Core, me: Repairer, job_id: str, reason: Why = "") -> Response:
    """Cancel a job that has not gone yet."""
    try:
        core.inspector.cancel(job_id, by=me.by, why=reason)
    except WrongState as error:
        return redirect(job_url(job_id), error.message, "bad")
    return redirect(job_url(job_id), "It is cancelled, and will not be sent.")


@router.post("/jobs/{job_id}/purge")
def purge_job(
    core: Core, me: Repairer, job_id: str, reason: Why = "", confirm: Annotated[str, Form()] = ""
) -> Response:
    """Give a dead letter up for good."""
    if confirm.strip().lower() != "purge":
        return redirect(job_url(job_id), "Nothing was purged: the word purge was not typed.", "warn")
    try:
        core.inspector.discard(job_id, by=me.by, why=reason)
    except WrongState as error:
        return redirect(job_url(job_id), error.message, "bad")
    return redirect("/dead-letters", f"{job_id} is gone for good.")
