"""Single messages: queued, and looked up by whoever queued them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError

from notifyctl.access import Permission
from notifyctl.reception import Handover, SingleMessage
from notifyctl.views.jobs import job_record
from notifyctl.web.answers import one, problem, record_of
from notifyctl.web.bodies import NOTIFICATIONS
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core, core_of
from notifyctl.web.handing import DirectRoute, accepted, flag, idempotency_key, json_body, shown_key
from notifyctl.web.problems import RESPONSES
from notifyctl.web.routes.jobs import JobId

__all__ = ["router"]

direct = APIRouter(tags=["intake"], responses=RESPONSES, route_class=DirectRoute)
router = APIRouter(tags=["intake"], responses=RESPONSES)


@direct.post("/api/notifications", summary="Queue one message", **NOTIFICATIONS)
async def take_notification(
    request: Request, caller: Annotated[Caller, Depends(allowed(Permission.PRODUCE))]
) -> Response:
    """Queue one message to one recipient; all that `notifyctl send` can.

    What cannot be sent is refused now. The `Idempotency-Key` of the request is that of the message, where it has no
    `key` of its own: it is queued once, however often it is asked for in 30 days.
    """
    body = await json_body(request)
    try:
        wanted = SingleMessage.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from None
    key = idempotency_key(request, caller)
    read = partial(core_of(request).doors.messages.read, wanted, shown_key(request))
    dry_run = flag(request.query_params, "dry_run")
    return await accepted(request, Handover(read, body=body if key else b"", key=key, dry_run=dry_run))


@router.get(
    "/api/notifications/{job_id}",
    summary="What became of a message",
    responses=record_of("job", "The message.") | problem(404, "No such message, or it ended more than a day ago."),
)
def look_up_notification(
    app: Core, job_id: JobId, caller: Annotated[Caller, Depends(allowed(Permission.PRODUCE, Permission.READ))]
) -> Response:
    """Return what became of a message, its address masked; known for a day after it ended."""
    del caller
    return one(job_record(app.inspector.job(job_id)))


router.include_router(direct)
