"""Orders: the messages that follow from them are queued."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from notifyctl.access import Permission
from notifyctl.errors import InvalidInput
from notifyctl.orders import OrderEvent, Platform
from notifyctl.reception import Handover
from notifyctl.web.bodies import ORDERS
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import core_of
from notifyctl.web.handing import DirectRoute, accepted, flag, idempotency_key, json_body, one_of
from notifyctl.web.problems import RESPONSES

__all__ = ["router"]

router = APIRouter(tags=["intake"], responses=RESPONSES, route_class=DirectRoute)

Producer = Annotated[Caller, Depends(allowed(Permission.PRODUCE))]

_EVENTS = {event.value: event for event in OrderEvent if event is not OrderEvent.DRAFTED}
_PLATFORMS = {platform.value: platform for platform in Platform}


@router.post("/api/orders", summary="Queue the messages of orders", **ORDERS)
async def take_orders(request: Request, caller: Producer) -> Response:
    """Queue the messages that follow from an order, or from an array of up to 500, in our format or a shop system's.

    All orders of a request can be used, or nothing of it is queued: 422 then says where each fault is. An order may be
    told again, in whatever order its events come: each message has a key of its own, and is queued once.
    """
    query: Mapping[str, str] = request.query_params if request.scope["query_string"] else {}
    shop = query.get("shop", "")
    if len(shop) > 64 or not shop.isprintable():
        raise InvalidInput("shop must be a name of at most 64 characters")
    body = await json_body(request)
    read = partial(
        core_of(request).doors.orders.read,
        body,
        shop=shop,
        event=one_of(query, "event", _EVENTS),
        platform=one_of(query, "platform", _PLATFORMS),
    )
    key = idempotency_key(request, caller)
    scope: dict[str, Any] = {"key": key, "body": request.scope["query_string"] + b"\n" + body if key else b""}
    return await accepted(request, Handover(read, dry_run=flag(query, "dry_run"), **scope))
