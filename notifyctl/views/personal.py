"""Addresses and numbers as they may be shown: known ones, and those in texts that nobody can vouch for."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["holds_personal", "masked", "without_personal"]

#: A mail address, its sign as it is or as URLs have it, or a number with its country code. What is taken is not given
#: back (`++`), and begins where a word does: else a long text would be read once for each of its letters.
_PERSONAL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]++(?:@|%40)[\w-]++(?:\.[\w-]++)+|(?:\+|\b00)\d[\d ().-]{6,}\d", re.IGNORECASE
)


def masked(channel: str, address: str) -> str:
    """An address or number of a channel, as it may be shown."""
    from notifyctl.channels.mask import mask_address, mask_number
    from notifyctl.notification import Channel

    return mask_address(address) if channel == Channel.EMAIL else mask_number(address)


def without_personal(text: str) -> str:
    """The text, every address and number in it masked."""
    return _PERSONAL.sub(_masked, text)


def holds_personal(text: str) -> list[str]:
    """The addresses and numbers in a text."""
    return _PERSONAL.findall(text)


def _masked(found: re.Match[str]) -> str:
    if "@" in found[0] or "%40" in found[0]:
        return masked("email", found[0].replace("%40", "@"))
    return masked("whatsapp", re.sub(r"[^\d+]", "", found[0]))
