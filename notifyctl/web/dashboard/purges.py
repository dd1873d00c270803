"""Giving dead letters up for good, where their number was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.clock import now_ms
from notifyctl.errors import NotifyError
from notifyctl.views.times import iso
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Operator
from notifyctl.web.dashboard.jobs import job_rows
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.selection import Selection, Sent, read_selection

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.web.caller import Caller

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/dead-letters/purge")
def ask_to_purge(request: Request, core: Core, me: Operator) -> Response:
    """Show what would be given up, and ask."""
    selection = read_selection(core, request.query_params)
    if selection.nothing:
        return redirect(selection.back, "Nothing is selected: tick the boxes before the dead letters first.", "warn")
    return _purge_page(request, core, me, selection, {"reason": "", "confirm": ""}, {})


def _purge_page(
    request: Request, core: App, me: Caller, selection: Selection, given: dict[str, str], errors: dict[str, str]
) -> Response:
    pairs = selection.asked.pairs
    if not selection.ids and "until" not in dict(pairs):
        # what dies from now on was not seen by whoever agrees
        pairs = [*pairs, ("until", str(iso(now_ms())))]
    return render(
        request, "purge.html.j2", me, status=422 if errors else 200,
        count=selection.count(core), sample=job_rows(selection.sample(core)), pairs=pairs, ids=selection.ids,
        words=selection.words[:1].upper() + selection.words[1:] + ".", back=selection.back, given=given, errors=errors,
    )  # fmt: skip


@router.post("/dead-letters/purge")
def purge(request: Request, core: Core, me: Operator, sent: Sent) -> Response:
    """Give dead letters up for good, where their number was typed."""
    selection = read_selection(core, sent)
    reason, typed = str(sent.get("reason", ""))[:200], str(sent.get("confirm", "")).strip()
    count = selection.count(core)
    if typed.replace(",", "") != str(count):
        error = f"There are {count} of them now. Type {count} to purge them."
        return _purge_page(request, core, me, selection, {"reason": reason, "confirm": ""}, {"confirm": error})
    if selection.chosen is None:
        gone = _purge_each(core, selection, me, reason)
    else:
        gone = core.inspector.purge(selection.chosen.where, selection.chosen.queues, by=me.by, why=reason).purged
    return redirect("/dead-letters", f"{gone:,} gone for good.")


def _purge_each(core: App, selection: Selection, me: Caller, reason: str) -> int:
    gone = 0
    for job_id in selection.ids:
        try:
            core.inspector.discard(job_id, by=me.by, why=reason)
        except NotifyError:  # somebody was quicker
            continue
        gone += 1
    return gone
