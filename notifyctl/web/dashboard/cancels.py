"""Cancelling several messages that have not gone yet, which were selected in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.engine.states import State
from notifyctl.errors import JobNotFound, NotifyError
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Operator
from notifyctl.web.dashboard.jobs import job_rows
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.selection import Sent, selected_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.app import App
    from notifyctl.engine.jobs import Job

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/jobs/cancel")
def ask_to_cancel(request: Request, core: Core, me: Operator) -> Response:
    """Show what would be cancelled, and ask."""
    ids = selected_ids(request.query_params)
    if not ids:
        return redirect("/jobs", "Nothing is selected: tick the boxes before the messages first.", "warn")
    jobs = _cancellable(core, ids)
    return render(
        request, "cancel.html.j2", me, ids=[job.job_id for job in jobs], rows=job_rows(jobs), late=len(ids) - len(jobs)
    )


def _cancellable(core: App, ids: Sequence[str]) -> list[Job]:
    found = []
    for job_id in ids:
        try:
            job = core.inspector.job(job_id)
        except JobNotFound:
            continue
        if job.state in (State.WAITING, State.DELAYED):
            found.append(job)
    return found


@router.post("/jobs/cancel")
def cancel(core: Core, me: Operator, sent: Sent) -> Response:
    """Cancel what has not gone meanwhile."""
    ids, reason = selected_ids(sent), str(sent.get("reason", ""))[:200]
    gone = 0
    for job_id in ids:
        try:
            core.inspector.cancel(job_id, by=me.by, why=reason)
        except NotifyError:  # it went, or somebody was quicker
            continue
        gone += 1
    late = len(ids) - gone
    told = f"{gone:,} cancelled" + (f", {late:,} had gone meanwhile" if late else "") + "."
    return redirect("/jobs", told, "good" if gone else "warn")
