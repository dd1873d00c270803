"""Dead letters: what they have in common, and which they are."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.engine.states import State
from notifyctl.engine.tally import By
from notifyctl.views.times import iso
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.filters import read_filters
from notifyctl.web.dashboard.jobs import choices, job_rows, pace, trouble
from notifyctl.web.dashboard.links import url
from notifyctl.web.dashboard.pages import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.app import App
    from notifyctl.engine.tally import Count
    from notifyctl.views.filters import Chosen
    from notifyctl.web.dashboard.filters import Asked

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_PAGE: Final = 50
#: So many groups are shown, each with an example.
_GROUPS: Final = 9
_GROUPINGS: Final = {By.CODE: "Cause", By.TEMPLATE: "Template", By.PROVIDER: "Provider", By.HOUR: "Hour"}
_HOUR_MS: Final = 3_600_000


@router.get("/dead-letters")
def dead_letters(request: Request, core: Core, me: Visitor, by: str = "code", cursor: str = "") -> Response:
    """Show the dead letters that fit, and what they have in common."""
    began = time.monotonic()
    asked = read_filters(core, request.query_params, State.DEAD)
    grouping = By(by) if by in _GROUPINGS else By.CODE
    counts: Sequence[Count] = ()
    shown: Sequence[Count] = ()
    groups, rows, after = [], [], ""
    if asked.chosen is not None:
        counts = core.inspector.tally(grouping, asked.chosen.where, asked.chosen.queues)
        shown = counts[-_GROUPS:] if grouping is By.HOUR else counts[:_GROUPS]
        groups = [
            _group(asked, grouping, one) | {"example": _example(core, asked.chosen, grouping, one)} for one in shown
        ]
        page = core.inspector.find(asked.chosen.where, asked.chosen.queues, limit=_PAGE, cursor=cursor)
        rows, after = job_rows(page.jobs), page.cursor
    total = sum(one.count for one in counts)
    return render(
        request, "dead_letters.html.j2", me, status=422 if asked.errors else 200,
        asked=asked, chips=asked.chips("/dead-letters"), choices=choices(core), by=grouping.value,
        groupings=_GROUPINGS.items(), groups=groups, total=total, further=total - sum(one.count for one in shown),
        rows=rows, cursor=cursor, next=_with(request, asked, cursor=after) if after else "",
        retry_url=url("/dead-letters/retry", asked.pairs), purge_url=url("/dead-letters/purge", asked.pairs),
        live=pace(began),
    )  # fmt: skip


def _with(request: Request, asked: Asked, **more: str) -> str:
    by = request.query_params.get("by")
    return url("/dead-letters", [*asked.pairs, *([("by", by)] if by else []), *more.items()])


def _group(asked: Asked, by: By, count: Count) -> dict[str, Any]:
    """Some dead letters with one thing in common: what it is called, and where they are listed alone."""
    if by is By.HOUR:
        name, own = "", {"since": iso(count.first_at_ms), "until": iso(count.last_at_ms)}
    else:
        name, own = count.what.replace("_", " "), {by.value: count.what.partition(",")[0]}
    rest = [pair for pair in asked.pairs if pair[0] not in own]
    narrowed = [*rest, *((key, value) for key, value in own.items() if value)]
    return {
        "name": name or "none",
        "hour_ms": count.first_at_ms // _HOUR_MS * _HOUR_MS if by is By.HOUR else 0,
        "count": count.count,
        "first_at_ms": count.first_at_ms,
        "last_at_ms": count.last_at_ms,
        "href": url("/dead-letters", narrowed),
    }


def _example(core: App, chosen: Chosen, by: By, count: Count) -> str:
    """The error of the newest of a group."""
    where = replace(chosen.where, since_ms=count.last_at_ms, until_ms=count.last_at_ms)
    if by is By.CODE:
        where = replace(where, code=count.what)
    elif by is By.TEMPLATE:
        where = replace(where, template=count.what)
    for job in core.inspector.find(where, chosen.queues, limit=1).jobs:
        return trouble(job)
    return ""
