"""Moments as people write them: `2h` (ago), `yesterday 18:00`, ISO 8601. Knows no command and no request."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, time, timedelta

from notifyctl.units import parse_duration

__all__ = ["read_time"]

_DAYS = {"today": 0, "yesterday": 1}
_ON_A_DAY = re.compile(r"(today|yesterday)?\s*(\d{1,2}:\d\d(?::\d\d)?)?", re.IGNORECASE)


def read_time(text: str, *, now: datetime | None = None) -> datetime:
    """Return the moment that a text means.

    Args:
        text: ISO 8601; or `2h`, which is two hours ago; or `yesterday 18:00`, `today`, `18:00`, `2026-05-01`. Without
            a zone it is this machine's.
        now: The present, in tests.

    Raises:
        ValueError: It means none.
    """
    now = now or datetime.now().astimezone()
    with suppress(ValueError, OverflowError):
        return now - parse_duration(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _on_a_day(text, now)
    try:
        return moment if moment.tzinfo else moment.astimezone()
    except (OverflowError, OSError):
        raise ValueError("expected a time within living memory") from None


def _on_a_day(text: str, now: datetime) -> datetime:
    found = _ON_A_DAY.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise ValueError("expected a time such as 2h (ago), 'yesterday 18:00', or ISO 8601: 2026-05-01T18:00Z")
    day = now.date() - timedelta(days=_DAYS[(found[1] or "today").lower()])
    try:
        hours, minutes, seconds, *_ = *map(int, (found[2] or "0:00").split(":")), 0
        return datetime.combine(day, time(hours, minutes, seconds))
    except ValueError:
        raise ValueError(f"there is no such time of day as {found[2]}") from None
