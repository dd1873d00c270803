"""Hooks: orders as shop systems send them by themselves. They show no token; each delivery is signed."""

from __future__ import annotations

import logging
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from notifyctl.errors import InvalidOrders
from notifyctl.hooks import Delivery
from notifyctl.hooks import Request as Signed
from notifyctl.orders import Platform
from notifyctl.reception import Handover
from notifyctl.web.bodies import HOOKS
from notifyctl.web.context import Core
from notifyctl.web.handing import accepted, answered

__all__ = ["router"]

router = APIRouter(tags=["intake"])

_log = logging.getLogger(__name__)


@router.post("/api/hooks/{platform}", summary="Take a shop system's delivery", **HOOKS)
async def take_delivery(
    request: Request,
    app: Core,
    platform: Annotated[str, Path(description="Whose delivery it is.", examples=["shopify"])],
) -> Response:
    """Queue the messages that follow from what a shop system sends.

    What is genuine and leads to nothing is taken all the same, and the answer says why: a shop system that is refused
    tries again for hours, and then sends nothing more.
    """
    hook = app.doors.hook(platform)
    signed = Signed(dict(request.headers), await request.body())
    delivery = await run_in_threadpool(hook.read, signed) if platform == "saleor" else hook.read(signed)
    if delivery.nothing:
        return answered({"orders": [], "nothing": delivery.nothing}, 200)
    read = partial(app.doors.orders.read, signed.body, platform=Platform(platform), topic=delivery.topic)
    key = _key(platform, delivery, signed.body)
    try:
        return await accepted(request, Handover(read, body=signed.body, key=key, lenient=True))
    except InvalidOrders as error:
        faults: list[dict[str, Any]] = [{"pointer": fault.path, "detail": fault.message} for fault in error.faults]
        _log.warning("a delivery of %s, %s, leads to nothing: %s", platform, delivery.topic or "-", error.message)
        return answered({"orders": [], "nothing": error.message, "errors": faults}, 200)


def _key(platform: str, delivery: Delivery, body: bytes) -> str:
    """Return what tells a delivery from all others: its id is in a header, which nobody signs, so its body as well."""
    return f"hook {platform} {delivery.id} {sha256(body).hexdigest()}" if delivery.id else ""
