"""Dead letters, which will not be tried again until somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from notifyctl.access import Permission
from notifyctl.engine.states import Lane, State
from notifyctl.errors import WrongState
from notifyctl.notification import Notification
from notifyctl.views.contents import changes, content, edited
from notifyctl.views.doubts import known, unwanted
from notifyctl.views.jobs import job_record, whole_job_record
from notifyctl.web.answers import many, one, page_of, problem, record_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.filters import DeadLetters, Paging
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import ReasonText
from notifyctl.web.routes.jobs import JobId

if TYPE_CHECKING:
    from notifyctl.engine.jobs import Job

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/dlq", tags=["dead letters"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Repairer = Annotated[Caller, Depends(allowed(Permission.REPAIR))]

_MISSING = problem(404, "There is no such job.")
_ALIVE = problem(409, "The job is not dead: somebody else was quicker, or it never was.")


class Retry(BaseModel):
    """How a dead letter goes again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "mail server mended"}]})

    reason: ReasonText = ""
    priority: Annotated[
        Literal["high", "normal", "low"] | None, Field(description="Its lane; null: the one that it had.")
    ] = None
    twice: Annotated[
        bool, Field(description="Also if it may have arrived already, or is not wanted any more.", strict=True)
    ] = False


class Edit(BaseModel):
    """What a dead letter is to be about; what is null stays as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"to": "ada@example.com", "reason": "she called"}]}
    )

    to: Annotated[str | None, Field(description="The address or number.", max_length=320)] = None
    name: Annotated[str | None, Field(description="What the recipient is called.", max_length=200)] = None
    template: Annotated[str | None, Field(description="The template.", max_length=200)] = None
    locale: Annotated[str | None, Field(description="Language and country.", max_length=35)] = None
    data: Annotated[dict[str, Any] | None, Field(description="All of the template's variables.")] = None
    dry_run: Annotated[bool, Field(description="Say what would be changed, and change nothing.", strict=True)] = False
    reason: ReasonText = ""

    @property
    def content(self) -> dict[str, Any]:
        """What is to be changed."""
        return self.model_dump(exclude={"dry_run", "reason"}, exclude_none=True)


@router.get(
    "", summary="List dead letters", responses=page_of("job", "Dead letters.") | problem(404, "There is no such queue.")
)
def list_dead_letters(caller: Reader, app: Core, chosen: DeadLetters, paging: Paging) -> Response:
    """List dead letters, the newest first."""
    del caller
    found = app.inspector.find(chosen.where, chosen.queues, limit=paging.limit, cursor=paging.cursor)
    return many(map(job_record, found.jobs), found.cursor)


@router.get(
    "/{job_id}",
    summary="Show a dead letter",
    responses=record_of("job_page", "The dead letter, with each attempt.") | _MISSING | _ALIVE,
)
def show_dead_letter(caller: Reader, app: Core, job_id: JobId) -> Response:
    """Show why a message died, and each attempt."""
    del caller
    job = app.inspector.job(job_id)
    if job.state is not State.DEAD:
        raise WrongState(f"job {job_id} is {job.state}, not dead", hint="See /api/admin/jobs/ and its id.")
    return one(whole_job_record(job))


@router.post(
    "/{job_id}/retry",
    summary="Send a dead letter again",
    responses=record_of("job_page", "The job, on its way again.")
    | _MISSING
    | problem(409, "The job is not dead; or it may have arrived already, or is not wanted any more."),
)
def retry_dead_letter(caller: Repairer, app: Core, job_id: JobId, body: Retry | None = None) -> Response:
    """Send a dead letter on its way again, at the end of its lane, with a fresh count of attempts.

    Where nobody can say whether it arrived, or a later event of its order made it wrong, it goes with `twice` alone.
    """
    wanted = body or Retry()
    if not wanted.twice:
        _refuse_repeat(app.inspector.job(job_id))
    lane = Lane[wanted.priority.upper()] if wanted.priority else None
    return one(whole_job_record(app.inspector.replay(job_id, lane=lane, by=caller.by, why=wanted.reason)))


def _refuse_repeat(job: Job) -> None:
    """Let nobody send something twice without knowing.

    Raises:
        WrongState: It may have arrived, or must not any more.
    """
    if reasons := [*known(job), *filter(None, [unwanted(job)])]:
        raise WrongState("; ".join(reasons), hint="Say 'twice': true to send it all the same.")


@router.patch(
    "/{job_id}",
    summary="Edit a dead letter",
    responses=record_of("edited", "What was changed.") | _MISSING | _ALIVE,
)
def edit_dead_letter(caller: Repairer, app: Core, job_id: JobId, body: Edit) -> Response:
    """Change what a dead letter is about, checked as a new message is; it stays dead until it is sent again.

    What is not given stays as it is. What it was before stays in its history.
    """
    job = app.inspector.job(job_id)
    if job.state is not State.DEAD:
        raise WrongState(f"job {job_id} is {job.state}, not dead: it cannot be edited")
    before = Notification.decode(job.payload)
    after = app.notifier.check(edited(before, body.content))
    if not body.dry_run:
        app.notifier.edit(job_id, after, before=job.payload, by=caller.by, why=body.reason)
    result = "would be edited" if body.dry_run else "edited"
    return one({"id": job_id, "result": result, "changed": changes(content(before), content(after))})


@router.delete("/{job_id}", summary="Give a dead letter up", status_code=204, responses=_MISSING | _ALIVE)
def purge_dead_letter(
    caller: Repairer,
    app: Core,
    job_id: JobId,
    reason: Annotated[str, Query(description="Why; kept in the audit log.", max_length=500)] = "",
) -> Response:
    """Give a dead letter up for good. It is gone afterwards; the audit log keeps who did it, and why."""
    app.inspector.discard(job_id, by=caller.by, why=reason)
    return Response(status_code=204)
