"""What people did and what happened by itself, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.engine.audit import AuditEntry
    from notifyctl.engine.events import Event

__all__ = ["audit_record", "event_record"]


def audit_record(entry: AuditEntry) -> dict[str, Any]:
    """An entry of the audit log as a record."""
    return {
        "id": entry.entry_id,
        "at": iso(entry.at_ms),
        "by": entry.by,
        "verb": entry.verb,
        "what": entry.what,
        "filters": dict(entry.filters),
        "counts": dict(entry.counts),
        "why": entry.why,
    }


def event_record(event: Event) -> dict[str, Any]:
    """An event as a record."""
    return {"id": event.event_id, "at": iso(event.at_ms), "kind": event.kind, "about": dict(event.fields)}
