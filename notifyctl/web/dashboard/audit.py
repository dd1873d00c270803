"""The audit log: who changed what, and why; who looked at whose address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from notifyctl.moments import read_time
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.pages import render, with_query

__all__ = ["router"]

router = APIRouter()

_PAGE = 50
_FILTERS = {"verb": "", "what": "", "by": "by", "since": "since", "until": "until"}

Text = Annotated[str, Query(max_length=200)]


@router.get("/audit", response_class=HTMLResponse)
def audit(
    request: Request,
    core: Core,
    caller: Visitor,
    verb: Text = "",
    what: Text = "",
    by: Text = "",
    since: Text = "",
    until: Text = "",
    cursor: Text = "",
) -> HTMLResponse:
    """List what was done, the newest first."""
    asked = {
        "verb": verb.strip(),
        "what": what.strip(),
        "by": by.strip(),
        "since": since.strip(),
        "until": until.strip(),
    }
    errors: dict[str, str] = {}
    since_ms, until_ms = (_moment(name, asked[name], errors) for name in ("since", "until"))
    page = core.audit.entries(
        _PAGE,
        cursor=cursor,
        verb=asked["verb"],
        what=asked["what"],
        by=asked["by"],
        since_ms=since_ms,
        until_ms=until_ms,
    )
    active = [
        (f"{_FILTERS[name]} {value}".strip(), with_query(request, **{name: None, "cursor": None}))
        for name, value in asked.items()
        if value
    ]
    return render(
        request, "audit.html.j2", caller, asked=asked, errors=errors, active=active, entries=page.entries,
        cursor=cursor, next_cursor=page.cursor,
    )  # fmt: skip


def _moment(name: str, text: str, errors: dict[str, str]) -> int:
    """A time as epoch ms; 0 where there is none, or one that means nothing, which `errors` then says."""
    if not text:
        return 0
    try:
        return round(read_time(text).timestamp() * 1000)
    except ValueError as error:
        errors[name] = str(error)
        return 0
