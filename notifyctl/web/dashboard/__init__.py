"""The dashboard: what operators and support people see in a browser, rendered here, live with a little script.

A module per page or two has the routes, `templates/` what they look like, `pages` makes one of the other. Pages change
nothing but by a form (POST), and answer it with the way to a page. The parts that pages are made of are described in
`templates/components.html.j2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.web.dashboard import (
    audit,
    cancels,
    dead_letters,
    doctor,
    edits,
    entrance,
    jobs,
    orders,
    outbox,
    overview,
    previews,
    providers,
    purges,
    reference,
    replays,
    retries,
    workers,
)
from notifyctl.web.dashboard.assets import Assets

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["install"]

_PAGES = (
    entrance,
    overview,
    edits,
    cancels,
    jobs,
    orders,
    dead_letters,
    retries,
    purges,
    replays,
    workers,
    providers,
    previews,
    outbox,
    audit,
    doctor,
    reference,
)


def install(web: FastAPI) -> None:
    """Add the pages to an application, and have its problems shown as pages."""
    web.state.problem_page = entrance.problem_page
    web.state.checkup = doctor.Checkup(web.state.core)
    for page in _PAGES:
        web.include_router(page.router, include_in_schema=False)
    web.mount("/static", Assets(), name="static")
