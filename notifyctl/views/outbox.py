"""Messages in the outbox as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.errors import JobNotFound
from notifyctl.views.personal import masked, without_personal
from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.providers.outbox import OutboxEntry

__all__ = ["entries", "entry_record", "find_entry", "whole_entry_record"]


def entries(app: App, channel: str | None = None, *, limit: int = 0) -> list[OutboxEntry]:
    """The messages of one channel, or of all, the oldest first.

    Args:
        app: Where the outbox is.
        channel: One alone; None for all.
        limit: So many of the newest at most, and no other is read; 0 = all.
    """
    from notifyctl.notification import Channel

    boxes = [app.outbox(each) for each in Channel if channel in (None, each.value)]
    found = [entry for box in boxes for entry in (box.latest(limit) if limit else box.entries())]
    return sorted(found, key=lambda entry: entry.cursor)[-limit:]


def find_entry(app: App, message_id: str) -> OutboxEntry:
    """The message of this id.

    Raises:
        JobNotFound: There is none.
    """
    from notifyctl.notification import Channel

    for channel in Channel:
        try:
            return app.outbox(channel).read(message_id)
        except JobNotFound:
            continue
    raise JobNotFound(f"no message {message_id!r} in the outbox", hint="'notifyctl outbox list' shows them.")


def entry_record(entry: OutboxEntry, *, reveal: bool = False) -> dict[str, Any]:
    """A message as a record, without its text."""
    return {
        "id": entry.id,
        "job": entry.notification_id,
        "channel": entry.channel.value,
        "to": entry.to if reveal else masked(entry.channel, entry.to),
        "subject": entry.subject,
        "file": str(entry.path),
        "written_at": iso(entry.written_at_ms),
    }


def whole_entry_record(entry: OutboxEntry, *, reveal: bool = False) -> dict[str, Any]:
    """A message as a record, with what its customer would read."""
    text = entry.text if reveal else without_personal(entry.text)
    return {**entry_record(entry, reveal=reveal), "text": text}
