"""The sandbox provider's folder."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from notifyctl.errors import JobNotFound, Permanent, Scope, Throttled, Unavailable
from notifyctl.notification import Channel
from notifyctl.providers.outbox import Outbox
from tests.support.payloads import a_whatsapp, an_email

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "state" / "outbox"


def test_outbox_writes_a_mail_for_its_owner_alone(folder: Path) -> None:
    """The file's name is the provider's id; nobody else may read folder or file."""
    sent = Outbox(folder, Channel.EMAIL).send(an_email())

    assert (sent.provider, sent.provider_id) == ("outbox", "n-10482.eml")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "n-10482.eml").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["n-10482.eml"]


def test_outbox_shows_a_mail_as_an_entry(folder: Path) -> None:
    """An entry has what the customer would see, and a repr without it."""
    outbox = Outbox(folder, Channel.EMAIL)
    outbox.send(an_email(subject="Größe 🎉"))

    (entry,) = outbox.entries()

    assert entry == outbox.read("n-10482")
    assert (entry.id, entry.notification_id, entry.channel) == ("n-10482", "n-10482", Channel.EMAIL)
    assert (entry.to, entry.subject, entry.text) == ("ada@example.org", "Größe 🎉", "Thank you, Ada.\n")
    assert entry.path == folder / "n-10482.eml"
    assert entry.written_at_ms == entry.path.stat().st_mtime_ns // 1_000_000
    assert repr(entry) == "OutboxEntry('n-10482')"


def test_outbox_shows_a_whatsapp_message_as_an_entry(folder: Path) -> None:
    """The file is JSON with all that Twilio would have got."""
    outbox = Outbox(folder, Channel.WHATSAPP)
    sent = outbox.send(a_whatsapp())

    entry = outbox.read("n-10482")

    assert sent.provider_id == "n-10482.json"
    assert (entry.to, entry.subject, entry.text) == ("+15005550006", "", "Ada, we have your order 10482.")
    assert json.loads(entry.path.read_bytes())["variables"] == {"1": "Ada", "2": "10482"}


def test_outbox_keeps_a_duplicate_beside_the_first(folder: Path) -> None:
    """A second and third send of one notification never overwrite: a duplicate must show."""
    outbox = Outbox(folder, Channel.EMAIL)

    ids = [outbox.send(an_email(subject=f"No. {n}")).provider_id for n in (1, 2, 3)]

    assert ids == ["n-10482.eml", "n-10482-2.eml", "n-10482-3.eml"]
    assert [entry.subject for entry in outbox.entries()] == ["No. 1", "No. 2", "No. 3"]
    assert {entry.notification_id for entry in outbox.entries()} == {"n-10482"}
    assert outbox.read("n-10482-2").subject == "No. 2"


def test_outbox_channels_share_a_folder_in_peace(folder: Path) -> None:
    """Each channel lists and clears its own."""
    mails, messages = Outbox(folder, Channel.EMAIL), Outbox(folder, Channel.WHATSAPP)
    mails.send(an_email())
    messages.send(a_whatsapp())

    assert mails.clear() == 1

    assert mails.entries() == []
    assert len(messages.entries()) == 1


@pytest.mark.parametrize("entry_id", ["n-1", "../../etc/passwd", "", "a/b", "é" * 200])
def test_outbox_without_the_entry_says_so(folder: Path, entry_id: str) -> None:
    """An unknown id is an error with a hint, wherever it tries to point, and however long it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.raises(JobNotFound) as caught:
        Outbox(folder, Channel.EMAIL).read(entry_id)

    assert caught.value.hint


def test_outbox_stays_in_its_folder_whatever_the_id(folder: Path) -> None:
    """A slash in an id makes no path, and the entry is found by that id."""
    outbox = Outbox(folder, Channel.EMAIL)

    outbox.send(an_email(notification_id="../odd id"))

    assert [path.parent for path in folder.iterdir()] == [folder]
    assert outbox.read("../odd id").notification_id == "../odd id"


def test_outbox_never_written_to_is_empty(folder: Path) -> None:
    """Listing and clearing need no folder, and make none."""
    outbox = Outbox(folder, Channel.EMAIL)

    assert outbox.entries() == []
    assert outbox.clear() == 0
    outbox.close()
    assert not folder.exists()


def test_outbox_fails_where_it_is_told_to(folder: Path) -> None:
    """A fault is raised instead of writing, and only for the payloads that it is meant for."""
    fault = Throttled("drill", provider="outbox", retry_after_s=5)
    outbox = Outbox(folder, Channel.EMAIL, faults=lambda p: fault if p.notification_id == "n-1" else None)

    outbox.send(an_email(notification_id="n-2"))
    with pytest.raises(Throttled):
        outbox.send(an_email(notification_id="n-1"))

    assert [entry.id for entry in outbox.entries()] == ["n-2"]


def test_outbox_that_cannot_be_written_is_transient(folder: Path) -> None:
    """A file where the folder should be: surely not taken, and may be mended."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")

    with pytest.raises(Unavailable, match="outbox"):
        Outbox(folder, Channel.EMAIL).send(an_email())


def test_outbox_refuses_a_header_with_a_line_break(folder: Path) -> None:
    """The sandbox is as strict as SMTP."""
    with pytest.raises(Permanent) as caught:
        Outbox(folder, Channel.EMAIL).send(an_email(subject="x\nBcc: eve@example.net"))

    assert caught.value.scope is Scope.CONTENT
    assert not folder.exists()
