"""How long a provider asks us to wait, read from an answer's headers.

``Retry-After`` is RFC 9110, section 10.2.3: seconds or a date. ``X-RateLimit-Reset`` is SendGrid's, in epoch
seconds.
"""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import Protocol

from notifyctl.clock import to_ms

__all__ = ["LONGEST_S", "SHORTEST_S", "seconds_asked"]

#: The bounds of any wait a provider may ask for: a broken clock or header stops a queue no longer than this.
SHORTEST_S, LONGEST_S = 1.0, 3600.0


class Headers(Protocol):
    """An answer's headers, found regardless of case."""

    def get(self, name: str, /) -> str | None:
        """Return the header's value, or None."""
        ...


def seconds_asked(headers: Headers, *, now_ms: int) -> float | None:
    """Return the seconds to wait, between `SHORTEST_S` and `LONGEST_S`; None where the headers do not say."""
    asked = _delay(headers.get("Retry-After"), now_ms)
    if asked is None:
        reset_s = _number(headers.get("X-RateLimit-Reset"))
        asked = None if reset_s is None else reset_s - now_ms / 1000
    return None if asked is None else min(max(asked, SHORTEST_S), LONGEST_S)


def _delay(value: str | None, now_ms: int) -> float | None:
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        return (to_ms(parsedate_to_datetime(value)) - now_ms) / 1000
    except (ValueError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
