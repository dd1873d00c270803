"""One order over all channels: did it get its messages, and what happened?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.engine.states import State
from notifyctl.errors import JobNotFound
from notifyctl.views.answers import answer, order_answer
from notifyctl.views.jobs import job_record
from notifyctl.views.orders import jobs_of_order
from notifyctl.views.story import story
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Revealer, Visitor
from notifyctl.web.dashboard.links import job_url, order_url
from notifyctl.web.dashboard.pages import redirect, render

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.web.caller import Caller

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/orders/{order_id:path}/reveal")
def back_to_order(me: Visitor, order_id: str) -> Response:
    """What was shown once is not shown again for the asking of its address."""
    del me
    return redirect(order_url(order_id))


@router.post("/orders/{order_id:path}/reveal")
def reveal_order(request: Request, core: Core, me: Revealer, order_id: str) -> Response:
    """Show an order with its addresses as they are; that is kept in the audit log."""
    core.inspector.note("revealed", f"order {order_id}", by=me.by)
    return _order(request, core, me, order_id, reveal=True)


@router.get("/orders/{order_id:path}")
def show_order(request: Request, core: Core, me: Visitor, order_id: str) -> Response:
    """Show an order's messages, and their story."""
    return _order(request, core, me, order_id)


def _order(request: Request, core: App, me: Caller, order_id: str, *, reveal: bool = False) -> Response:
    try:
        jobs = jobs_of_order(core.inspector, order_id)
    except JobNotFound:
        return render(request, "no_order.html.j2", me, status=404, order_id=order_id)
    stats = {queue: core.inspector.stats(queue) for queue in {job.queue for job in jobs}}
    told = [
        {
            "record": job_record(job, reveal=reveal),
            "said": answer(job, stats[job.queue]),
            "url": job_url(job.job_id),
        }
        for job in jobs
    ]
    return render(
        request, "order.html.j2", me,
        order_id=order_id, url=order_url(order_id), revealed=reveal, said=order_answer(jobs), told=told,
        steps=story(jobs), lives=any(job.state in (State.WAITING, State.DELAYED, State.ACTIVE) for job in jobs),
    )  # fmt: skip
