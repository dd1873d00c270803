"""The wall clock, in one place: whoever needs the time asks here, so that tests can hand in another.

The queue's own clock is the server's (`TIME`); this one is for what happens outside it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final, Protocol

__all__ = ["Clock", "from_ms", "now_ms", "to_ms"]

#: Of the years 1 to 9999, which is what a datetime can be.
_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_000


class Clock(Protocol):
    """Something that tells the time in epoch milliseconds."""

    def __call__(self) -> int:
        """Return epoch milliseconds."""
        ...


def now_ms() -> int:
    """Return the time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as epoch milliseconds.

    Raises:
        ValueError: If the datetime is naive: nobody can say which moment it means.
    """
    if moment.tzinfo is None:
        raise ValueError("expected a datetime with a time zone")
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """Return epoch milliseconds as an aware UTC datetime; the first or last that there is for those beyond it."""
    return datetime.fromtimestamp(min(max(ms, _FIRST_MS), _LAST_MS) / 1000, tz=UTC)
