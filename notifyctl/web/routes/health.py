"""Signs of life, for whoever watches over processes: the only routes that need no token."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from notifyctl.connection import translated
from notifyctl.web.answers import Described, problem
from notifyctl.web.context import Core

__all__ = ["router"]

router = APIRouter(tags=["health"])

_SCHEMA = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
_FINE: Described = {200: {"description": "It is so.", "content": {"application/json": {"schema": _SCHEMA}}}}


@router.get("/healthz", summary="Whether the process lives", responses=_FINE)
async def healthz() -> JSONResponse:
    """Answers as long as the process does anything at all; says nothing of Redis."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", summary="Whether Redis can be reached", responses=_FINE | problem(503, "It cannot."))
def readyz(app: Core) -> JSONResponse:
    """Asks Redis for an answer."""
    with translated():
        app.inspector.client.ping()
    return JSONResponse({"status": "ok"})
