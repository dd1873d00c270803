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


def entries(app: App, channel: str | None = None) -> list[OutboxEntry]:
    """The messages of one channel, or of all, the oldest first."""
    from notifyctl.notification import Channel

    chosen = [each for each in Channel if channel in (None, each.value)]
    found = [entry for each in chosen for entry in app.outbox(each).entries()]
    return sorted(found, key=lambda entry: (entry.written_at_ms, entry.id))


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
