"""What is kept of a vendor's words, and what is not."""

from __future__ import annotations

import logging

import pytest

from notifyctl.providers.redact import MAX_CHARS, quieten, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("550 5.1.1 <ada@example.org>: no such user", "ada@example.org"),
        ("rejected: o'neill+shop@example.org.", "neill"),
        ('bad address "Ada L"@example.org', "Ada L"),
        ("no mailbox für@exämple.org here", "exämple"),
        ("The 'To' number whatsapp:+15005550006 is not valid", "15005550006"),
        ("number +1 (500) 555-0006 is blocked", "555"),
        ("number 4915112345678 is blocked", "4915112345678"),
        ("key SG.abcdefgh12345.zyx-_987 is revoked", "abcdefgh12345"),
        ("/Accounts/AC0123456789abcdef0123456789abcdef/Messages", "0123456789abcdef"),
        ("user SK0123456789abcdef0123456789abcdef", "0123456789abcdef"),
        ("sent Authorization: Bearer abc.def-123", "abc.def-123"),
        ("sent Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ],
)
def test_redact_removes_addresses_numbers_and_keys(text: str, secret: str) -> None:
    """No address, number or key is left."""
    assert secret not in redact(text)


@pytest.mark.parametrize("text", ["550 5.1.1 user unknown", "HTTP 429 after 30 s", "queued as 4F2A1B"])
def test_redact_keeps_what_an_operator_needs(text: str) -> None:
    """Codes, durations and queue ids stay as they are."""
    assert redact(text) == text


def test_redact_removes_known_values_in_any_case() -> None:
    """The recipient's name and the part before the @ are hidden even where they stand alone."""
    told = redact("ADA unknown; mail for Ada Lovelace refused", "ada@example.org", "Ada Lovelace")

    assert told == "[recipient] unknown; mail for [recipient] refused"


def test_redact_leaves_short_known_values_in_words() -> None:
    """A two-letter local part does not eat the letters of ordinary words, nor does a longer one inside them."""
    assert redact("this mailbox is full", "is@example.org", "box@example.org") == "this mailbox is full"


def test_redact_returns_one_short_line() -> None:
    """Line breaks are flattened, and a long text is cut."""
    told = redact("first\r\nsecond " + "x y " * 500)

    assert told.startswith("first second x")
    assert len(told) == MAX_CHARS


def test_quieten_raises_a_logger_and_never_lowers_it() -> None:
    """A chatty logger goes to WARNING, one that is stricter stays there."""
    logging.getLogger("tests.chatty").setLevel(logging.DEBUG)
    logging.getLogger("tests.strict").setLevel(logging.CRITICAL)

    quieten("tests.chatty", "tests.strict")

    assert logging.getLogger("tests.chatty").level == logging.WARNING
    assert logging.getLogger("tests.strict").level == logging.CRITICAL
