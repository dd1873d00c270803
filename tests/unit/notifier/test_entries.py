"""What lies in the spool: written by one process, read by another, perhaps of another release."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from notifyctl.engine.jobs import NewJob
from notifyctl.engine.states import Lane
from notifyctl.errors import SpoolError
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier.drafts import Draft
from notifyctl.notifier.entries import Supersession, message_row, read, supersession_row
from notifyctl.spool import Row

NOW_MS = 1_793_534_400_000
ADA = Notification(Channel.EMAIL, Recipient("ada@example.com", "Ada"), "test_message", {"note": "é"}, "10482")


def a_draft(**changes: object) -> Draft:
    """A draft whose job has a value of its own in every field that is not hashed later."""
    payload = ADA.encode()
    job = NewJob(
        job_id="a",
        message=b'{"any": "\xff"}',
        payload=payload,
        lane=Lane.HIGH,
        expires_at_ms=NOW_MS + 90_000,
        fields={"template": "test_message", "order": "10482"},
    )
    job = replace(job, **changes)  # type: ignore[arg-type]
    return Draft(ADA, payload, "shop:10482:placed", ("shop:10482:cancelled",), lambda: job)


def test_entry_of_a_message_is_read_as_it_was_written() -> None:
    """Every field of the job, whatever fields it has; the notification; the keys."""
    draft = a_draft(due_at_ms=NOW_MS + 60_000)
    row = message_row(draft, NOW_MS)

    found = read(row)

    assert isinstance(found, Draft)
    assert {field.name: getattr(found.job, field.name) for field in fields(NewJob)} == {
        field.name: getattr(draft.job, field.name) for field in fields(NewJob)
    }
    assert (found.notification, found.payload, found.key, found.unless) == (ADA, ADA.encode(), draft.key, draft.unless)
    assert (row.id, row.queue, row.tag) == ("a", "email", "shop:10482:placed")


def test_entry_counts_a_delay_from_when_it_was_spooled() -> None:
    """However long it lies there; what was due at a moment stays due then."""
    delayed, timed = read(message_row(a_draft(delay_ms=5_000), NOW_MS)), read(message_row(a_draft(due_at_ms=7), NOW_MS))

    assert isinstance(delayed, Draft)
    assert isinstance(timed, Draft)
    assert (delayed.job.due_at_ms, delayed.job.delay_ms) == (NOW_MS + 5_000, 0)
    assert timed.job.due_at_ms == 7


def test_entry_of_superseded_keys_is_read_as_it_was_written() -> None:
    """It has an id, and no tag: told twice, it is done twice."""
    first, second = (supersession_row(Channel.WHATSAPP, ["k1", "k2"]) for _ in "12")

    assert read(first) == Supersession(("k1", "k2"))
    assert (first.queue, first.tag) == ("whatsapp", "")
    assert first.id != second.id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"v": 1}',
        b'{"v": 1, "kind": "supersession", "keys": ["k"]}',
        b'{"v": 1, "kind": "message", "key": "", "unless": [], "job": {}}',
        json.dumps({**json.loads(message_row(a_draft(), NOW_MS).body), "job": {"from": "a later release"}}).encode(),
    ],
)
def test_entry_that_cannot_be_read_is_an_error_of_the_spool(body: bytes) -> None:
    """Whatever it is; nothing of it is repeated."""
    with pytest.raises(SpoolError, match="not an entry"):
        read(Row("a", "fax", body))


def test_entry_of_another_version_says_which() -> None:
    """So that an operator knows which release to use."""
    with pytest.raises(SpoolError, match="version 2; this release reads 1"):
        read(Row("a", "email", b'{"v": 2}'))
