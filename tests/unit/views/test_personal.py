"""Addresses and numbers in texts: found, and masked as the recipient's own would be."""

from __future__ import annotations

import time

import pytest

from notifyctl.views.personal import holds_personal, without_personal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to ada.l+shop@mail.example.org.", "Write to a***@m***.org."),
        ("https://shop.example.com/o?to=ada%40mail.example.org&n=1", "https://shop.example.com/o?to=a***@m***.org&n=1"),
        ("Call +44 7700 900123 or 00447700900123", "Call +44******23 or ***"),
        ("Order 355512576 of 2026-01-31, 18.00 USD", "Order 355512576 of 2026-01-31, 18.00 USD"),
        ("pid 12, 10/s, id 3r9k2m4p8t6w1x5z", "pid 12, 10/s, id 3r9k2m4p8t6w1x5z"),
    ],
)
def test_what_reaches_a_person_is_masked(text: str, shown: str) -> None:
    """And nothing else: order numbers, dates and ids stay."""
    assert without_personal(text) == shown
    assert bool(holds_personal(text)) is (text != shown)


@pytest.mark.parametrize("piece", ["a", "a.", "a@", "+1 ", "00 ", "+1(", "a-b%40"])
def test_a_long_text_is_masked_in_no_time(piece: str) -> None:
    """Whoever may look at a page can send one in its URL: a megabyte must not hold up all others."""
    began = time.monotonic()
    without_personal(piece * (1_000_000 // len(piece)))
    assert time.monotonic() - began < 2
