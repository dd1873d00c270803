"""Moments, durations and figures as the pages say them, and lines over time as shapes.

Takes moments as epoch milliseconds or, as records have them, as ISO 8601 text. Knows no page.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from notifyctl.clock import from_ms, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Shape", "ago", "chat", "figure", "iso", "lasting", "moment", "pattern", "pretty", "spark"]

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_WIDTH, _HEIGHT, _FOOT = 240, 40, 10


def _at(value: int | str) -> datetime:
    return from_ms(value) if isinstance(value, int) else datetime.fromisoformat(value)


def iso(value: int | str) -> str:
    """A moment as ISO 8601 in UTC."""
    return _at(value).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(value: int | str) -> str:
    """A moment as `24 Nov 2026, 18:02:10 UTC`."""
    at = _at(value)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"


def ago(value: int | str) -> str:
    """A moment as seen from now: `3 min ago`, `in 20 s`."""
    distance_ms = now_ms() - round(_at(value).timestamp() * 1000)
    if abs(distance_ms) < 1000:
        return "now"
    words = lasting(abs(distance_ms))
    return f"in {words}" if distance_ms < 0 else f"{words} ago"


def lasting(ms: int) -> str:
    """A duration in its largest unit: `3 min`, `840 ms`."""
    for size, unit in _STEPS:
        if ms >= size * 1000:
            return f"{ms // (size * 1000)} {unit}"
    return f"{ms} ms" if ms else "0 s"


def figure(number: float) -> str:
    """A number with its thousands apart: `12,345`; one place behind the point where it is no whole number."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.1f}" if number else "0"


def chat(text: str) -> Markup:
    """A chat message as WhatsApp shows it: `*bold*` and `_slanted_` words, and links that lead nowhere here."""
    shown = str(escape(text))
    for mark, tag in (("*", "strong"), ("_", "em")):
        sign = re.escape(mark)
        shown = re.sub(
            rf"(?<![\w{sign}]){sign}(\S(?:[^{sign}\n]*\S)?){sign}(?![\w{sign}])", rf"<{tag}>\1</{tag}>", shown
        )
    return Markup(shown)  # noqa: S704 - escaped above


def pretty(value: Any) -> str:
    """A value as JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def pattern(text: str) -> str:
    """What the `pattern` of an input needs to be to take this text alone."""
    return "".join(
        letter if letter.isalnum() or letter in " -_" else f"\\u{{{ord(letter):x}}}" for letter in text
    ).replace("-", "\\-")


@dataclass(frozen=True, slots=True)
class Shape:
    """A line over time, as paths of an SVG drawing.

    Attributes:
        width, height, step: Of the drawing, and of one value in it.
        line, area: The paths.
        marks: Where something bad happened: (x, height).
    """

    width: int
    height: int
    step: float
    line: str
    area: str
    marks: list[tuple[float, float]]


def spark(values: Sequence[float], marks: Sequence[float] = ()) -> Shape:
    """Return the shape of a line over these values, oldest first, with feet of its own scale for the `marks`."""
    values = list(values) or [0]
    most, most_marked = max(*values, 1), max(*marks, 1, 1) if marks else 1
    step = _WIDTH / max(1, len(values) - 1)
    points = [
        f"{number * step:.1f} {_HEIGHT - 1 - (_HEIGHT - 3) * value / most:.1f}" for number, value in enumerate(values)
    ]
    line = "M" + "L".join(points)
    feet = [
        (round(number * step, 1), round(3 + _FOOT * count / most_marked, 1))
        for number, count in enumerate(marks)
        if count
    ]
    return Shape(_WIDTH, _HEIGHT, step, line, f"{line}L{_WIDTH} {_HEIGHT}L0 {_HEIGHT}Z", feet)
