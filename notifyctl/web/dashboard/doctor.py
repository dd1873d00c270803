"""What doctor finds, as a page; and in short, for the overview."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notifyctl.doctor import Finding, Status, run_checks
from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.pages import render

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["Checkup", "router"]

router = APIRouter()

_FRESH_S = 30


class Checkup:
    """The findings of the last look, as checks take too long for a page that is refreshed all the time.

    Args:
        core: What is checked.
    """

    def __init__(self, core: App) -> None:
        self._core = core
        self._lock = threading.Lock()
        self._findings: list[Finding] = []
        self._until = 0.0

    def findings(self, *, at_once: bool = False) -> list[Finding]:
        """What was found half a minute ago at most, or is found now."""
        with self._lock:
            if at_once or time.monotonic() >= self._until:
                self._findings = run_checks(self._core.settings, lambda: self._core.client("operator"))
                self._until = time.monotonic() + _FRESH_S
            return self._findings


@router.get("/doctor", response_class=HTMLResponse)
def doctor(request: Request, caller: Visitor) -> HTMLResponse:
    """Run the checks, and show what they found."""
    checkup: Checkup = request.app.state.checkup
    findings = checkup.findings(at_once=True)
    counts = {status: sum(finding.status is status for finding in findings) for status in Status}
    return render(request, "doctor.html.j2", caller, findings=findings, counts=counts)
