"""`notifyctl outbox`: what the sandbox took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.notification import Channel, EmailPayload, WhatsAppPayload
from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result


@pytest.fixture
def taken(app: App) -> App:
    """One message of each channel in the outbox."""
    app.outbox(Channel.EMAIL).send(
        EmailPayload(
            notification_id="mail1", to="ada@example.com", to_name="Ada", sender="shop@example.com", sender_name="",
            reply_to="", subject="Hello", text="To ada@example.com", html="", message_id="<mail1@example.com>",
            created_at_ms=1_793_534_400_000, category="test_message",
        )
    )  # fmt: skip
    app.outbox(Channel.WHATSAPP).send(WhatsAppPayload("chat1", "+447700900123", "", {}, "Hello there", "test_message"))
    return app


def test_list_has_both_channels(taken: App, ok: Callable[..., Result]) -> None:
    """Masked; one channel where it is asked for."""
    found = ok("outbox", "list", "-o", "json").json()

    assert {entry["id"]: entry["to"] for entry in found} == {"mail1": "a***@e***.com", "chat1": "+44******23"}
    assert ok("outbox", "ls", "--channel", "email", "-o", "id").out == "mail1\n"


def test_show_has_the_text_with_the_address_masked(taken: App, ok: Callable[..., Result]) -> None:
    """Unless it is to be revealed."""
    assert "To a***@e***.com" in ok("outbox", "show", "mail1").out
    assert ok("outbox", "show", "chat1", "-o", "json").json()["text"] == "Hello there"
    assert "To ada@example.com" in ok("outbox", "show", "mail1", "--reveal").out
    assert run("outbox", "show", "nothing").code == 3


def test_clear_asks_first(taken: App, ok: Callable[..., Result]) -> None:
    """And needs no server."""
    assert run("outbox", "clear").code == 1
    assert ok("outbox", "clear", "--dry-run").out == "would be deleted: 2\n"

    assert ok("outbox", "clear", "--yes", REDIS_URL="redis://127.0.0.1:1").out == "deleted 2\n"
    assert ok("outbox", "list").err == "the outbox is empty\n"
