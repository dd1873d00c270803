"""What a worker checks before it starts: what it will use, and that messages can go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.cli import Result

ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef", "TWILIO_AUTH_TOKEN": "token"}
TWILIO = {**ACCOUNT, "TWILIO_WHATSAPP_FROM": "+15005550006", "TWILIO_BASE_URL": "http://127.0.0.1:9"}
SID = "HX0123456789abcdef0123456789abcdef"


def test_worker_of_one_queue_minds_no_other(ok: Callable[..., Result], queued: Callable[..., list[str]]) -> None:
    """WhatsApp lacks its sender: mail goes all the same."""
    queued(1)

    ok("worker", "--drain", "--queue", "email", **ACCOUNT)

    assert ok("stats", "email", "-o", "json").json()["completed"] == 1


@pytest.mark.usefixtures("redis_url")
@pytest.mark.parametrize("queues", [(), ("--queue", "whatsapp")])
def test_worker_refuses_a_half_configured_queue_of_its_own(queues: tuple[str, ...]) -> None:
    """It is told at the start, with what to do."""
    result = run("worker", "--drain", *queues, **ACCOUNT)

    assert result.code == 4
    assert "WhatsApp sender" in result.err


def test_worker_names_templates_that_cannot_go(ok: Callable[..., Result]) -> None:
    """Those without a ContentSid, and the setting; not those that have one."""
    err = ok("worker", "--drain", NOTIFYCTL_CONTENT_SID_TEST_MESSAGE=SID, **TWILIO).err
    (line,) = [line for line in err.splitlines() if line.startswith("warning")]

    assert "order_confirmation" in line
    assert "NOTIFYCTL_CONTENT_SID_" in line
    assert "test_message" not in line


def test_worker_says_nothing_of_templates_that_it_does_not_send(ok: Callable[..., Result]) -> None:
    """Neither a worker of mail alone, nor one whose messages go to the outbox."""
    assert "warning" not in ok("worker", "--drain", "--queue", "email", **TWILIO).err
    assert "warning" not in ok("worker", "--drain").err


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_message_from_a_template_that_cannot_go_is_refused(ok: Callable[..., Result], dry: tuple[str, ...]) -> None:
    """At the command, and nothing is queued; with its id, it is taken."""
    words = ("send", "whatsapp", "+447700900123", "--template", "test_message", "--var", "note=Hello", *dry)

    result = run(*words, **TWILIO)

    assert result.code == 1
    assert "no approved WhatsApp template" in result.err
    assert "NOTIFYCTL_CONTENT_SID_TEST_MESSAGE" in result.err
    assert ok("stats", "whatsapp", "-o", "json").json()["waiting"] == 0
    ok(*words, NOTIFYCTL_CONTENT_SID_TEST_MESSAGE=SID, **TWILIO)
