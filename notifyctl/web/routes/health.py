"""Signs of life, for whoever watches over processes: the only routes that need no token."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from notifyctl.connection import translated
from notifyctl.web.context import Core

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the process lives", operation_id="healthz")
async def healthz() -> dict[str, str]:
    """Answers as long as the process does anything at all; says nothing of Redis."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether Redis can be reached", operation_id="readyz")
def readyz(app: Core) -> JSONResponse:
    """Asks Redis for an answer."""
    with translated():
        app.inspector.client.ping()
    return JSONResponse({"status": "ok"})
