"""Bulk replays: dead letters that workers send again, step by step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from notifyctl.access import Permission
from notifyctl.views.replays import replay_record
from notifyctl.web.answers import many, one, problem, record_of, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import Why

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/replays", tags=["replays"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Operator = Annotated[Caller, Depends(allowed(Permission.OPERATE))]
ReplayId = Annotated[str, Path(description="The replay's id.", examples=["3r9k2m4p8t6w1x5z"], max_length=200)]

_MISSING = problem(404, "There is no such replay of the last 30 days.")


@router.get("", summary="List bulk replays", responses=records_of("replay", "Replays, the newest first."))
def list_replays(
    caller: Reader, app: Core, limit: Annotated[int, Query(description="So many at most.", ge=1, le=500)] = 50
) -> Response:
    """List the bulk replays of the last 30 days, the newest first. `POST /api/admin/dlq/retry` starts one."""
    del caller
    return many(map(replay_record, app.replays.list(limit=limit)))


@router.get("/{replay_id}", summary="Show a bulk replay", responses=record_of("replay", "The replay.") | _MISSING)
def show_replay(caller: Reader, app: Core, replay_id: ReplayId) -> Response:
    """Show how far a bulk replay is; its counts add up to the number of dead letters that were meant."""
    del caller
    return one(replay_record(app.replays.get(replay_id)))


@router.post(
    "/{replay_id}/cancel",
    summary="Cancel a bulk replay",
    responses=record_of("replay", "The replay, cancelled.") | _MISSING | problem(409, "It is over."),
)
def cancel_replay(caller: Operator, app: Core, replay_id: ReplayId, why: Why) -> Response:
    """Let nothing more of it go; what went, went."""
    return one(replay_record(app.replays.cancel(replay_id, by=caller.by, why=why)))
