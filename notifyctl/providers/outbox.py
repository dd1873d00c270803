"""The sandbox: a provider that writes each message into a folder instead of sending it.

Mails become ``.eml`` files that any mail program opens, WhatsApp messages ``.json``. A second send of the
same notification gets a file of its own, so that a duplicate shows. Knows no vendor.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from notifyctl.errors import JobNotFound, Scope, Unavailable, Unsendable
from notifyctl.notification import Channel, EmailPayload, Sent, WhatsAppPayload
from notifyctl.providers.mime import as_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.errors import DeliveryError

    Payload = EmailPayload | WhatsAppPayload

__all__ = ["Outbox", "OutboxEntry"]

_SUFFIXES = {Channel.EMAIL: ".eml", Channel.WHATSAPP: ".json"}


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One message in the outbox.

    Attributes:
        id: Its file's name without the suffix: the notification's id, for a duplicate with ``-2``, ``-3``, …
        notification_id: The notification that it was sent for.
        channel: The channel that it was sent on.
        to: The whole address or number; whoever prints it masks it.
        subject: Empty on WhatsApp.
        text: What the customer would read.
        path: The file.
        written_at_ms: Epoch milliseconds.
    """

    id: str
    notification_id: str
    channel: Channel
    to: str
    subject: str
    text: str
    path: Path
    written_at_ms: int

    def __repr__(self) -> str:
        """Show the id alone: the rest is personal data."""
        return f"OutboxEntry({self.id!r})"

    @property
    def cursor(self) -> str:
        """Its place among all entries: text that sorts as they were written."""
        return _cursor(self.written_at_ms, self.id)


class Outbox:
    """Takes the messages of one channel into a folder.

    Args:
        folder: Made when needed, readable by its owner alone.
        channel: The channel whose messages come here; two channels may share a folder.
        faults: Called with each payload before it is written; what it returns is raised instead. For demos
            and drills.
    """

    name = "outbox"

    def __init__(
        self,
        folder: Path,
        channel: Channel,
        faults: Callable[[Payload], DeliveryError | None] | None = None,
    ) -> None:
        self._folder = folder
        self._channel = channel
        self._suffix = _SUFFIXES[channel]
        self._faults = faults

    def send(self, payload: Payload) -> Sent:
        """Write one message, whole or not at all.

        Returns:
            The acceptance, with the file's name as the provider's id.

        Raises:
            Unavailable: If the folder cannot be written to.
            Unsendable: If the message cannot be put into a file.
            DeliveryError: If `faults` says so.
        """
        fault = self._faults(payload) if self._faults else None
        if fault is not None:
            raise fault
        try:
            content = _encode(payload)
        except ValueError as error:
            raise Unsendable(str(error), provider=self.name, provider_code="header", scope=Scope.CONTENT) from None
        try:
            return Sent(self.name, self._write(payload.notification_id, content))
        except OSError as error:
            raise self._unwritable(error) from error

    def check(self) -> None:
        """See whether the folder can be written to.

        Raises:
            Unavailable: It cannot.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(b".")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> Unavailable:
        return Unavailable(
            f"the outbox cannot be written to: {error.strerror}", provider=self.name, provider_code="disk"
        )

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def entries(self) -> list[OutboxEntry]:
        """Return what is in the outbox, oldest first."""
        found = [self._entry(path) for path in self._files()]
        return sorted(found, key=lambda entry: (entry.written_at_ms, entry.id))

    def latest(self, limit: int, *, before: str = "") -> list[OutboxEntry]:
        """Return so many entries at most, the newest first; reads no more than these.

        Args:
            limit: How many.
            before: Only those that were written before the one with this cursor.
        """
        found = []
        for path in self._files():
            with suppress(FileNotFoundError):  # cleared away meanwhile
                found.append((_cursor(path.stat().st_mtime_ns // 1_000_000, unquote(path.stem)), path))
        older = sorted(((place, path) for place, path in found if not before or place < before), reverse=True)
        return [self._entry(path) for _, path in older[:limit]]

    def read(self, entry_id: str) -> OutboxEntry:
        """Return one message.

        Raises:
            JobNotFound: If there is none with this id.
        """
        path = self._path(entry_id)
        try:
            return self._entry(path)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
                raise
            raise JobNotFound(
                f"no message {entry_id!r} in the {self._channel} outbox",
                hint="notifyctl outbox list shows them.",
            ) from None

    def clear(self) -> int:
        """Delete this channel's messages and return how many there were."""
        files = self._files()
        for path in files:
            path.unlink(missing_ok=True)
        return len(files)

    def _files(self) -> list[Path]:
        # a name that starts with a dot is a message still being written
        return [path for path in self._folder.glob(f"*{self._suffix}") if not path.name.startswith(".")]

    def _path(self, entry_id: str) -> Path:
        # quoted, no id leads out of the folder
        return self._folder / f"{quote(entry_id, safe='')}{self._suffix}"

    def _write(self, notification_id: str, content: bytes) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".draft")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            path = self._path(notification_id)
            copies = count(2)
            while True:
                try:
                    # unlike a rename, a link never replaces what is there
                    os.link(draft, path)
                except FileExistsError:
                    path = self._path(f"{notification_id}-{next(copies)}")
                else:
                    return path.name
        finally:
            Path(draft).unlink()

    def _entry(self, path: Path) -> OutboxEntry:
        content = path.read_bytes()
        decode = _decode_mail if self._channel is Channel.EMAIL else _decode_whatsapp
        notification_id, to, subject, text = decode(content)
        return OutboxEntry(
            id=unquote(path.stem),
            notification_id=notification_id,
            channel=self._channel,
            to=to,
            subject=subject,
            text=text,
            path=path,
            written_at_ms=path.stat().st_mtime_ns // 1_000_000,
        )


def _cursor(written_at_ms: int, entry_id: str) -> str:
    return f"{written_at_ms:015d}-{entry_id}"


def _encode(payload: Payload) -> bytes:
    if isinstance(payload, EmailPayload):
        return as_message(payload).as_bytes()
    fields = {
        "notification_id": payload.notification_id,
        "to": payload.to,
        "content_sid": payload.content_sid,
        "variables": dict(payload.variables),
        "text": payload.text,
        "category": payload.category,
    }
    return json.dumps(fields, ensure_ascii=False, indent=2).encode()


def _decode_mail(content: bytes) -> tuple[str, str, str, str]:
    mail = message_from_bytes(content, policy=default)
    body = mail.get_body(("plain",))
    text = str(body.get_content()).replace("\r\n", "\n") if body else ""
    to = mail["To"].addresses[0].addr_spec
    return str(mail["X-Notification-ID"]), to, str(mail["Subject"]), text


def _decode_whatsapp(content: bytes) -> tuple[str, str, str, str]:
    fields = json.loads(content)
    return fields["notification_id"], fields["to"], "", fields["text"]
