"""Queues: their numbers, and what operators do with them; live, for all workers at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from notifyctl.access import Permission
from notifyctl.engine.minutes import KEPT_MINUTES
from notifyctl.units import Rate
from notifyctl.views.queues import minute_record, queue_records, whole_queue_record
from notifyctl.web.answers import many, one, problem, record_of, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import ReasonText, Why

__all__ = ["router"]

router = APIRouter(prefix="/api/admin", tags=["queues"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Operator = Annotated[Caller, Depends(allowed(Permission.OPERATE))]
Queue = Annotated[str, Path(description="The queue's name.", examples=["email"], max_length=200)]

_MISSING = problem(404, "There is no such queue.")
_NOW = record_of("queue", "The queue, as it is now.")


def _rate(text: str) -> str:
    Rate.parse(text)
    return text


class Limit(BaseModel):
    """A live limit over the whole fleet."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"rate": "5/s", "reason": "asked for by the provider"}]}
    )

    rate: Annotated[
        Annotated[str, AfterValidator(_rate)] | None,
        Field(description="Such as `10/s` or `600/min`; `off`: no limit; null: as it is.", max_length=50),
    ] = None
    max_active: Annotated[
        int | None,
        Field(description="So many at once; 0: no such limit; null: as it is.", ge=0, le=100_000, strict=True),
    ] = None
    reason: ReasonText = ""

    @model_validator(mode="after")
    def _something(self) -> Limit:
        if self.rate is None and self.max_active is None:
            raise ValueError("expected a rate or max_active")
        return self


@router.get("/stats", summary="Count messages", responses=records_of("queue", "Queues.") | _MISSING)
def show_stats(
    caller: Reader,
    app: Core,
    queues: Annotated[list[str] | None, Query(alias="queue", description="Of this queue; again for more.")] = None,
) -> Response:
    """Say how many messages are where. Every number is exact, and counted in one moment per queue."""
    del caller
    return many(queue_records(app, queues or app.inspector.queues()))


@router.get("/queues", summary="List queues", responses=records_of("queue", "All queues."))
def list_queues(caller: Reader, app: Core) -> Response:
    """List the queues, with what limits them."""
    del caller
    return many(queue_records(app, app.inspector.queues()))


@router.get("/queues/{queue}", summary="Show a queue", responses=record_of("queue_page", "The queue.") | _MISSING)
def show_queue(caller: Reader, app: Core, queue: Queue) -> Response:
    """Show a queue's counts, what limits it, what holds it up, and how it is worked on."""
    del caller
    return one(whole_queue_record(app, queue))


@router.get(
    "/queues/{queue}/minutes",
    summary="Show a queue's last minutes",
    responses=records_of("minute", "Minutes, the oldest first; the last one is still going on.") | _MISSING,
)
def show_minutes(
    caller: Reader,
    app: Core,
    queue: Queue,
    count: Annotated[int, Query(description="How many.", ge=1, le=KEPT_MINUTES)] = 60,
) -> Response:
    """Show how often each transition was made, minute by minute: what rates and sparklines are made of."""
    del caller
    return many(minute_record(minute) for minute in app.inspector.minutes(app.inspector.known(queue), count))


@router.post("/queues/{queue}/pause", summary="Pause a queue", responses=_NOW | _MISSING)
def pause_queue(caller: Operator, app: Core, queue: Queue, why: Why) -> Response:
    """Hand out nothing more of a queue until it is resumed; what is in progress ends."""
    app.inspector.pause(queue, reason=why, by=caller.by)
    return _now(app, queue)


@router.post("/queues/{queue}/resume", summary="Resume a queue", responses=_NOW | _MISSING)
def resume_queue(caller: Operator, app: Core, queue: Queue, why: Why) -> Response:
    """Let a queue go on, after a pause or after a provider asked for one."""
    app.inspector.resume(queue, by=caller.by, why=why)
    return _now(app, queue)


@router.put("/queues/{queue}/limit", summary="Limit a queue", responses=_NOW | _MISSING)
def limit_queue(caller: Operator, app: Core, queue: Queue, body: Limit) -> Response:
    """Limit a queue over all its workers, at once; this wins over the settings until it is cleared."""
    rate = Rate.parse(body.rate) if body.rate is not None else None
    app.inspector.limit(queue, rate=rate, max_active=body.max_active, by=caller.by, why=body.reason)
    return _now(app, queue)


@router.delete("/queues/{queue}/limit", summary="Clear a queue's limit", responses=_NOW | _MISSING)
def clear_limit(
    caller: Operator,
    app: Core,
    queue: Queue,
    reason: Annotated[str, Query(description="Why; kept in the audit log.", max_length=500)] = "",
) -> Response:
    """Go back to what the settings say."""
    app.inspector.unlimit(queue, by=caller.by, why=reason)
    return _now(app, queue)


def _now(app: Core, queue: str) -> Response:
    return one(queue_records(app, [queue])[0])
