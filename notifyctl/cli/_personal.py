"""Addresses and numbers in texts that nobody can vouch for: as they may be shown."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["holds_personal", "without_personal"]

#: A mail address, or a number with its country code.
_PERSONAL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:\+|\b00)\d[\d ().-]{6,}\d")


def without_personal(text: str) -> str:
    """The text, every address and number in it masked."""
    return _PERSONAL.sub(_masked, text)


def holds_personal(text: str) -> list[str]:
    """The addresses and numbers in a text."""
    return _PERSONAL.findall(text)


def _masked(found: re.Match[str]) -> str:
    from notifyctl.cli._jobs import masked

    if "@" in found[0]:
        return masked("email", found[0])
    return masked("whatsapp", re.sub(r"[^\d+]", "", found[0]))
