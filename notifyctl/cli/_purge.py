"""Giving up all dead letters that filters find."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from notifyctl.cli._bulk import ask, line_of
from notifyctl.cli._context import connected, operator, progress
from notifyctl.cli._output import Column, Output, say, write
from notifyctl.engine.tally import By
from notifyctl.errors import BrokerUnavailable, JobNotFound
from notifyctl.views.replays import came_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.cli._output import View
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.purge import Purged
    from notifyctl.views.filters import Chosen

__all__ = ["purge_all"]

_SAMPLE = 3


def purge_all(chosen: Chosen, view: View, *, yes: bool, dry_run: bool, reason: str, limit: int) -> None:
    """Ask, and give up what the filters find.

    Raises:
        Refused: The user does not agree, or cannot be asked.
        BrokerUnavailable: Redis cannot be reached any more: it was said how many are gone.
    """
    inspector = connected().inspector
    found = sum(count.count for count in inspector.tally(By.QUEUE, chosen.where, chosen.queues))
    meant = min(found, limit) if limit else found
    if dry_run:
        _show(view, "would be purged", meant, 0)
        return
    if meant:
        ask(f"dead letters to be given up for good: {meant}", _sample(inspector, chosen, meant), yes=yes)
    done: list[Purged] = []
    with progress("purged", meant) as bar:

        def tell(so_far: Purged) -> None:
            done[:] = [so_far]
            bar.to(so_far.purged + so_far.changed)

        try:
            purged = inspector.purge(chosen.where, chosen.queues, limit=limit, by=operator(), why=reason, tell=tell)
        except BrokerUnavailable:
            say("stopped: " + came_of("purged", *((done[0].purged, {"changed": done[0].changed}) if done else (0, {}))))
            raise
    _show(view, "purged", purged.purged, purged.changed)


def _sample(inspector: Inspector, chosen: Chosen, count: int) -> Iterator[str]:
    """The first that would go: the oldest."""
    pages = inspector.sifted(chosen.where, inspector.all_of(chosen.queues))
    ids = (one.job_id for _, page in pages for one in page)
    for job_id in islice(ids, _SAMPLE):
        with suppress(JobNotFound):  # it went a moment ago
            yield line_of(inspector.job(job_id))
    if count > _SAMPLE:
        yield f"… and {count - _SAMPLE} more"


def _show(view: View, past: str, done: int, changed: int) -> None:
    if view.output is Output.TABLE:
        write(came_of(past, done, {"changed": changed}) + "\n")
        return
    record = {"result": past, "count": done, "changed": changed}
    view.one(record, [Column(name) for name in record], id_key="count")
