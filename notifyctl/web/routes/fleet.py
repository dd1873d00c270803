"""What does the work, and whether it can: worker processes, the spool of this machine, and the checks of doctor."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from notifyctl.access import Permission
from notifyctl.views.spool import spool_record
from notifyctl.views.workers import worker_record
from notifyctl.web.answers import many, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES

__all__ = ["router"]

router = APIRouter(prefix="/api/admin", tags=["fleet"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]


@router.get("/workers", summary="List workers", responses=records_of("worker", "Worker processes."))
def list_workers(caller: Reader, app: Core) -> Response:
    """List the worker processes of all hosts, and what each does."""
    del caller
    return many(map(worker_record, app.fleet.workers()))


@router.get("/spool", summary="List what could not be handed to Redis yet", responses=records_of("spooled", "Entries."))
def list_spool(
    caller: Reader, app: Core, limit: Annotated[int, Query(description="So many at most.", ge=1, le=500)] = 50
) -> Response:
    """List what lies in the spool of the machine that serves this, in the order in which it will be moved."""
    del caller
    return many(spool_record(row, app) for row in app.spool.all(limit))


@router.get("/doctor", summary="Check what would hold messages up", responses=records_of("finding", "Findings."))
def run_doctor(caller: Reader, request: Request) -> Response:
    """Run the checks of `notifyctl doctor`, half a minute after the last time at the earliest."""
    del caller
    return many(map(asdict, request.app.state.checkup.findings()))
