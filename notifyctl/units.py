"""Durations and rates as people write them: `90s`, `1h30m`, `10/s`, `600/min`, `off`.

Pure parsing and printing. Knows no setting and no limiter.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Rate", "format_duration", "parse_duration"]

_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_RATE = re.compile(r"(\d+)\s*/\s*(\d*)\s*([a-z]+)")

#: How a rate's period may be called, beside the duration units.
_PERIOD_UNITS = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "day": "d"}

#: More than anybody means, and few enough to be exact in Lua, whose numbers are doubles.
_MOST = 1_000_000_000
_LONGEST_MS = 366 * 86_400_000


def parse_duration(text: str) -> timedelta:
    """Return what a text such as `250ms`, `90s`, `1h30m` or `2d` means, in whole milliseconds.

    Raises:
        ValueError: If it is not a duration. A bare number is none: it does not say of what.
    """
    compact = "".join(text.split()).lower()
    if not _DURATION.fullmatch(compact):
        raise ValueError("expected a duration such as 30s, 1h30m or 250ms")
    total_ms = sum(float(amount) * _UNIT_MS[unit] for amount, unit in _PART.findall(compact))
    try:
        return timedelta(milliseconds=round(total_ms))
    except OverflowError as error:
        raise ValueError("expected a duration of less than a million years") from error


def format_duration(duration: timedelta) -> str:
    """Return a duration as the shortest text that `parse_duration` reads back, to the millisecond."""
    rest_ms = round(duration / timedelta(milliseconds=1))
    sign, rest_ms = ("-", -rest_ms) if rest_ms < 0 else ("", rest_ms)
    parts = []
    for unit, unit_ms in _UNIT_MS.items():
        amount, rest_ms = divmod(rest_ms, unit_ms)
        if amount:
            parts.append(f"{amount}{unit}")
    return sign + ("".join(parts) or "0s")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many in any period.

    Attributes:
        count: How many; 0 means that there is no limit.
        period_ms: The period's length in milliseconds; a year at most.
    """

    count: int
    period_ms: int = 1_000

    def __post_init__(self) -> None:
        if self.count < 0 or self.period_ms < 1:
            raise ValueError("a rate has a count of 0 or more and a period of at least 1 ms")
        if self.count > _MOST or self.period_ms > _LONGEST_MS:
            raise ValueError(f"a rate is at most {_MOST:,} in a period of at most a year")

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Return what a text such as `10/s`, `600/min`, `1/5s` or `off` means.

        Raises:
            ValueError: If it is not a rate, or is one of 0: to stop a queue, pause it.
        """
        wanted = text.strip().lower()
        if wanted == "off":
            return cls(0)
        match = _RATE.fullmatch(wanted)
        unit = match and _PERIOD_UNITS.get(match[3], match[3])
        if not match or unit not in _UNIT_MS or not int(match[1]) or match[2] == "0":
            raise ValueError("expected a rate such as 10/s or 600/min, or off")
        return cls(int(match[1]), int(match[2] or 1) * _UNIT_MS[unit])

    @property
    def unlimited(self) -> bool:
        """Whether there is no limit at all."""
        return self.count == 0

    @property
    def per_second(self) -> float:
        """The same as a number per second; infinite where there is no limit."""
        return math.inf if self.unlimited else self.count * 1_000 / self.period_ms

    def __str__(self) -> str:
        if self.unlimited:
            return "off"
        period = format_duration(timedelta(milliseconds=self.period_ms)).removeprefix("1")
        if not re.fullmatch(r"\d*[a-z]+", period):
            period = f"{self.period_ms}ms"
        return f"{self.count}/{'min' if period == 'm' else period}"
