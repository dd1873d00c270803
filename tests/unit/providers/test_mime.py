"""A finished mail as RFC 5322 bytes."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest

from notifyctl.providers.mime import as_message
from tests.support.payloads import an_email

if TYPE_CHECKING:
    from email.message import EmailMessage

    from notifyctl.notification import EmailPayload


def parsed(payload: EmailPayload) -> EmailMessage:
    """The mail as its recipient's program reads it."""
    return message_from_bytes(as_message(payload).as_bytes(), policy=default)


def test_mail_has_the_payloads_headers() -> None:
    """Message-ID and Date come from the payload, so that each attempt has the same."""
    mail = parsed(an_email(reply_to="help@example.com"))

    assert {name: mail[name] for name in ("From", "To", "Subject", "Message-ID", "Reply-To")} == {
        "From": "The Shop <shop@example.com>",
        "To": "Ada Lovelace <ada@example.org>",
        "Subject": "Your order 10482",
        "Message-ID": "<n-10482@example.com>",
        "Reply-To": "help@example.com",
    }
    assert mail["Date"] == "Sun, 01 Nov 2026 12:00:00 +0000"
    assert mail["X-Notification-ID"] == "n-10482"


def test_mail_offers_text_and_html() -> None:
    """The two bodies are alternatives, plain text first."""
    mail = parsed(an_email())

    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content() for part in mail.iter_parts()] == [
        "Thank you, Ada.\r\n",
        "<p>Thank you, <b>Ada</b>.</p>\r\n",
    ]


def test_mail_without_html_is_plain_text() -> None:
    """There is no multipart around a single body, and no empty Reply-To."""
    mail = parsed(an_email(html=""))

    assert mail.get_content_type() == "text/plain"
    assert mail["Reply-To"] is None


def test_mail_is_seven_bit_with_crlf_lines() -> None:
    """Whatever the language, every server can relay it."""
    raw = as_message(an_email(text="Grüße 🎉\n" * 3, subject="Größe 🎉", to_name="Jürgen")).as_bytes()

    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert parsed(an_email(subject="Größe 🎉"))["Subject"] == "Größe 🎉"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "field", ["subject", "to", "to_name", "sender", "sender_name", "reply_to", "message_id", "notification_id"]
)
def test_mail_with_a_line_break_in_a_header_is_refused(field: str, line_break: str) -> None:
    """No value can add a header; the error names the header and keeps the value to itself."""
    payload = an_email(**{field: f"x{line_break}Bcc: eve@example.net"})

    with pytest.raises(ValueError, match="cannot be written") as caught:
        as_message(payload).as_bytes()

    assert "eve" not in str(caught.value)


@pytest.mark.parametrize("address", ["", "ada", "ada@", "a@b>", "a@b, c@d", "Ada <a@b>"])
def test_mail_to_no_address_is_refused(address: str) -> None:
    """What is not one bare address cannot become a header."""
    with pytest.raises(ValueError, match="the mail's To"):
        as_message(an_email(to=address))


def test_mail_that_cannot_be_encoded_is_refused() -> None:
    """A lone surrogate has no bytes."""
    with pytest.raises(ValueError, match="cannot be encoded"):
        as_message(an_email(text="half of an emoji: \ud83c"))
