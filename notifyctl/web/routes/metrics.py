"""The metrics of the whole fleet, for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from notifyctl.access import Permission
from notifyctl.web.answers import Described
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES

__all__ = ["router"]

router = APIRouter(tags=["fleet"], responses=RESPONSES)

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TEXT: Described = {
    200: {
        "description": "Metrics in Prometheus' text format.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "notifyctl_up 1\n"}},
    }
}


@router.get("/metrics", summary="Show the metrics of the fleet", response_class=Response, responses=_TEXT)
def show_metrics(caller: Annotated[Caller, Depends(allowed(Permission.READ))], app: Core) -> Response:
    """Show counts, ages, outcomes, durations and circuits, read from Redis: exact over the fleet, wherever one asks."""
    from notifyctl.metrics import exposition

    del caller
    return Response(exposition(app), media_type=_TYPE)
