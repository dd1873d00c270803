"""Dead letters as JSON lines, as many as there are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from notifyctl.cli._context import connected, operator
from notifyctl.cli._output import Output, View
from notifyctl.views.jobs import whole_job_record

if TYPE_CHECKING:
    from notifyctl.views.filters import Chosen

__all__ = ["export_all"]

_CHUNK = 100


def export_all(chosen: Chosen, *, limit: int | None, reveal: bool) -> None:
    """Print what the filters find, page by page."""
    inspector, view = connected().inspector, View(Output.JSONL)
    jobs = islice(inspector.search(chosen.where, chosen.queues), limit)
    if reveal:
        inspector.note("revealed", "dead letters, exported", by=operator())
    while page := list(islice(jobs, _CHUNK)):
        view.many((whole_job_record(job, reveal=reveal) for job in page), ())
