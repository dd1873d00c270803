"""The worker processes that live, and what each does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.pages import render

__all__ = ["router"]

router = APIRouter()


@router.get("/workers", response_class=HTMLResponse)
def workers(request: Request, core: Core, caller: Visitor) -> HTMLResponse:
    """Show each worker process of all hosts."""
    return render(request, "workers.html.j2", caller, workers=core.fleet.workers())
