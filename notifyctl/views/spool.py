"""What lies in the spool, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.errors import SpoolError
from notifyctl.views.personal import masked
from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.spool import Row

__all__ = ["spool_record"]


def spool_record(row: Row, app: App, *, reveal: bool = False) -> dict[str, Any]:
    """A row of the spool as a record; for one that cannot be read, why."""
    from notifyctl.notifier.entries import Supersession, read

    elsewhere = row.destination != app.spool.destination
    record: dict[str, Any] = {
        "id": row.id,
        "queue": row.queue,
        "kind": "unknown",
        "state": "held" if row.held else "elsewhere" if elsewhere else row.note or "waiting",
        "template": "",
        "order": "",
        "to": None,
        "spooled_at": iso(row.at_ms),
        "due_at": None,
        "expires_at": None,
        "destination": row.destination,
        "why": row.held or (row.destination if elsewhere else ""),
    }
    try:
        entry = read(row)
    except SpoolError as error:
        return record | {"why": row.held or error.message}
    if isinstance(entry, Supersession):
        return record | {"kind": "supersession"}
    about, job = entry.notification, entry.job
    return record | {
        "kind": "message",
        "template": about.template,
        "order": about.order_id,
        "to": about.to.address if reveal else masked(about.channel, about.to.address),
        "due_at": iso(job.due_at_ms),
        "expires_at": iso(job.expires_at_ms),
    }
