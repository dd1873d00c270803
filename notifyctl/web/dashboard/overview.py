"""The first page: what every queue does, what holds it up, and who works; with the levers that operators have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from notifyctl.clock import now_ms
from notifyctl.errors import InvalidInput
from notifyctl.units import Rate
from notifyctl.views.pace import Pace
from notifyctl.views.queues import queue_records
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Operator, Visitor
from notifyctl.web.dashboard.doctor import Checkup
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.providers import look_at_providers

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["router"]

router = APIRouter()

Reason = Annotated[str, Form(max_length=200)]

_HOUR = 60
_SUMMED = ("waiting", "active", "delayed", "completed", "failed", "dlq", "possible_duplicates")


@router.get("/", response_class=HTMLResponse)
def overview(request: Request, core: Core, caller: Visitor) -> HTMLResponse:
    """Show all queues, and all that they depend on."""
    queues = [_queue(core, record) for record in queue_records(core, core.inspector.queues())]
    checkup: Checkup = request.app.state.checkup
    totals = {name: sum(queue[name] for queue in queues) for name in _SUMMED}
    totals["oldest_waiting_ms"] = max((queue["oldest_waiting_ms"] for queue in queues), default=0)
    totals["next_due_ms"] = min((queue["next_due_ms"] for queue in queues if queue["delayed"]), default=0)
    return render(
        request,
        "overview.html.j2",
        caller,
        queues=queues,
        totals=totals,
        per_s=sum(queue["pace"].per_s for queue in queues),
        workers=core.fleet.workers(),
        providers=look_at_providers(core),
        findings=checkup.findings(),
    )


def _queue(core: App, record: dict[str, Any]) -> dict[str, Any]:
    minutes = core.inspector.minutes(record["queue"], _HOUR + 1)
    return {**record, "pace": Pace.of(minutes, record["rate"], now_ms())}


@router.post("/queues/{queue}/pause")
def pause(queue: str, core: Core, caller: Operator, reason: Reason = "") -> RedirectResponse:
    """Hand out nothing more of a queue."""
    core.inspector.pause(queue, reason=reason, by=caller.by)
    return redirect("/", f"{queue} is paused: what is in progress ends, nothing new begins.")


@router.post("/queues/{queue}/resume")
def resume(queue: str, core: Core, caller: Operator, reason: Reason = "") -> RedirectResponse:
    """Let a queue go on."""
    core.inspector.resume(queue, by=caller.by, why=reason)
    return redirect("/", f"{queue} goes on.")


@router.post("/queues/{queue}/limit")
def limit(
    queue: str,
    core: Core,
    caller: Operator,
    rate: Annotated[str, Form(max_length=40)] = "",
    max_active: Annotated[str, Form(max_length=10)] = "",
    reason: Reason = "",
) -> RedirectResponse:
    """Limit a queue over all workers; nothing given means as the settings say."""
    if not rate.strip() and not max_active.strip():
        core.inspector.unlimit(queue, by=caller.by, why=reason)
        return redirect("/", f"{queue} is limited as the settings say.")
    try:
        new_rate = Rate.parse(rate) if rate.strip() else None
        most = int(max_active) if max_active.strip() else None
    except ValueError as error:
        raise InvalidInput(
            f"cannot limit {queue}: {error}", hint="Such as 10/s, 600/min, or off; and a count."
        ) from None
    if most is not None and most < 0:
        raise InvalidInput(f"cannot limit {queue} to {most} at once", hint="Give 0 for no such limit.")
    core.inspector.limit(queue, rate=new_rate, max_active=most, by=caller.by, why=reason)
    return redirect("/", f"{queue} has new limits, for all workers at once.")
