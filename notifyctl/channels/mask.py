"""Addresses and numbers as they may be shown: enough to recognise them by. Loads next to nothing for it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["mask_address", "mask_number"]

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")


def mask_address(address: str) -> str:
    """Return an address for output, such as ``a***@e***.com``: enough to recognise it by."""
    local, at, domain = address.rpartition("@")
    name, dot, ending = domain.rpartition(".")
    if not (local and at and name and dot and ending):
        return "***"
    return f"{local[0]}***@{name[0]}***.{ending}"


def mask_number(number: str) -> str:
    """Return a number for output, such as ``+44******23``: country and last two digits."""
    if not _E164.fullmatch(number):
        return "***"
    import phonenumbers  # noqa: PLC0415 - a quarter of what a list takes to start

    try:
        country = str(phonenumbers.parse(number, None).country_code)
    except phonenumbers.NumberParseException:
        country = ""
    return f"+{country}******{number[-2:]}"
