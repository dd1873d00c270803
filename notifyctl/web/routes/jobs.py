"""Jobs: single messages, wherever they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from notifyctl.access import Permission
from notifyctl.views.jobs import job_record, whole_job_record
from notifyctl.web.answers import many, one, page_of, problem, record_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.filters import Jobs, Paging
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import Why

__all__ = ["JobId", "router"]

router = APIRouter(prefix="/api/admin/jobs", tags=["jobs"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Revealer = Annotated[Caller, Depends(allowed(Permission.REVEAL))]
Repairer = Annotated[Caller, Depends(allowed(Permission.REPAIR))]
JobId = Annotated[str, Path(description="The job's id.", examples=["3r9k2m4p8t6w1x5z"], max_length=200)]

_MISSING = problem(404, "There is no such job, or its retention is over.")
_PAGE = record_of("job_page", "The job, with each attempt.")


@router.get("", summary="List jobs", responses=page_of("job", "Some jobs.") | problem(404, "There is no such queue."))
def list_jobs(caller: Reader, app: Core, chosen: Jobs, paging: Paging) -> Response:
    """List jobs: those that live in the order in which they will go, then those that have ended, newest first."""
    del caller
    found = app.inspector.find(chosen.where, chosen.queues, limit=paging.limit, cursor=paging.cursor)
    return many(map(job_record, found.jobs), found.cursor)


@router.get("/{job_id}", summary="Show a job", responses=_PAGE | _MISSING)
def show_job(caller: Reader, app: Core, job_id: JobId) -> Response:
    """Show where a job is, and each attempt so far."""
    del caller
    return one(whole_job_record(app.inspector.job(job_id)))


@router.post("/{job_id}/reveal", summary="Show a job with its address and variables", responses=_PAGE | _MISSING)
def reveal_job(caller: Revealer, app: Core, job_id: JobId, why: Why) -> Response:
    """Show a job with the address that it goes to and the variables of its template. The audit log keeps who looked."""
    job = app.inspector.job(job_id)
    app.inspector.note("revealed", job.job_id, by=caller.by, why=why)
    return one(whole_job_record(job, reveal=True))


@router.post(
    "/{job_id}/cancel",
    summary="Cancel a job",
    responses=record_of("job_page", "The job, cancelled.")
    | _MISSING
    | problem(409, "The job is neither waiting nor scheduled."),
)
def cancel_job(caller: Repairer, app: Core, job_id: JobId, why: Why) -> Response:
    """Cancel a job that has not gone yet: it is waiting, or scheduled for later."""
    app.inspector.cancel(job_id, by=caller.by, why=why)
    return one(whole_job_record(app.inspector.job(job_id)))
