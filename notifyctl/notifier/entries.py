"""What lies in the spool, and its versioned JSON codec: a message to be queued, or keys that are superseded.

A message's times are absolute: its delay has become a due time, its expiry was one already. Keys and addresses stand
in it as they are, since the secret that hashes them may be in Redis alone: the spool's file is its user's own.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from notifyctl.engine.ids import new_id
from notifyctl.engine.jobs import NewJob
from notifyctl.engine.states import Lane
from notifyctl.errors import InvalidInput, SpoolError
from notifyctl.notification import Channel, Notification
from notifyctl.notifier.drafts import Draft
from notifyctl.spool import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Supersession", "content", "message_row", "read", "supersession_row"]

_VERSION = 1
#: The parts of a job that are kept; what is hashed is hashed once it is moved.
_NAMES = [field.name for field in fields(NewJob) if field.name != "unless"]
_BYTES = {field.name for field in fields(NewJob) if field.type == "bytes"}


@dataclass(frozen=True, slots=True)
class Supersession:
    """What waits under these idempotency keys is to be cancelled."""

    keys: tuple[str, ...]


def message_row(draft: Draft, now_ms: int) -> Row:
    """Return a message as a row; its due time counts from now.

    Raises:
        InvalidInput: Its template, a variable or an option cannot be used.
    """
    job = draft.job
    if job.delay_ms:
        job = replace(job, due_at_ms=job.due_at_ms or now_ms + job.delay_ms, delay_ms=0)
    entry = {"kind": "message", "job": _plain(job), "key": draft.key, "unless": draft.unless}
    return Row(job.job_id, draft.notification.channel, _encoded(entry), tag=draft.key, digest=content(draft.payload))


def supersession_row(channel: Channel, keys: Sequence[str]) -> Row:
    """Return superseded keys as a row."""
    return Row(new_id(), channel, _encoded({"kind": "supersession", "keys": keys}))


def content(payload: bytes) -> str:
    """What tells two messages apart in the spool."""
    return sha256(payload).hexdigest()


def read(row: Row) -> Draft | Supersession:
    """Return what is in a row.

    Raises:
        SpoolError: It is of another release, or damaged.
    """
    try:
        entry = json.loads(row.body)
        if entry["v"] != _VERSION:
            raise SpoolError(f"an entry of version {entry['v']}; this release reads {_VERSION}")
        if entry["kind"] == "supersession":
            Channel(row.queue)
            return Supersession(tuple(entry["keys"]))
        job = _job(entry["job"])
        notification = Notification.decode(job.payload)
        return Draft(notification, job.payload, entry["key"], tuple(entry["unless"]), lambda: job)
    except (ValueError, KeyError, TypeError, InvalidInput) as error:
        raise SpoolError("not an entry that this release can read") from error


def _encoded(entry: dict[str, Any]) -> bytes:
    return json.dumps({"v": _VERSION, **entry}, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(job: NewJob) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in _NAMES}
    return {name: b64encode(value).decode() if name in _BYTES else value for name, value in values.items()}


def _job(values: dict[str, Any]) -> NewJob:
    known: dict[str, Any] = {name: b64decode(value) if name in _BYTES else value for name, value in values.items()}
    known |= {"lane": Lane(values["lane"]), "indexes": tuple(values["indexes"])}
    return NewJob(**known)
