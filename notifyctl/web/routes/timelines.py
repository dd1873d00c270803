"""Orders: what became of the messages about one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from notifyctl.access import Permission
from notifyctl.views.orders import jobs_of_order, story_records
from notifyctl.web.answers import many, problem, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import Why

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/orders", tags=["orders"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Revealer = Annotated[Caller, Depends(allowed(Permission.REVEAL))]
OrderId = Annotated[str, Path(description="As the shop system calls it.", examples=["10482"], max_length=200)]

_STORY = records_of("story", "All messages of the order, the oldest first.")
_MISSING = problem(404, "No message is about this order, or their retention is over.")


@router.get("/{order_id}", summary="Show an order's messages", responses=_STORY | _MISSING)
def show_order(caller: Reader, app: Core, order_id: OrderId) -> Response:
    """Show an order's messages over all channels, what happened to each in words, and what will happen next."""
    del caller
    return many(story_records(app.inspector, jobs_of_order(app.inspector, order_id)))


@router.post("/{order_id}/reveal", summary="Show an order's messages with addresses", responses=_STORY | _MISSING)
def reveal_order(caller: Revealer, app: Core, order_id: OrderId, why: Why) -> Response:
    """Show the same with addresses and variables. The audit log keeps who looked."""
    jobs = jobs_of_order(app.inspector, order_id)
    app.inspector.note("revealed", f"order {order_id}", by=caller.by, why=why)
    return many(story_records(app.inspector, jobs, reveal=True))
