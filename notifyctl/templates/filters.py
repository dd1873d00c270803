"""What templates can do with a value: amounts, numbers, dates, links, and colours that can be read on another.

Every filter refuses what it cannot use with a message that does not repeat it. Knows no template.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from jinja2 import pass_context

from notifyctl.errors import RenderError
from notifyctl.templates import money as amounts
from notifyctl.templates.language import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.runtime import Context

__all__ = ["FILTERS"]

_MAX_DIGITS: Final = 18
_COLOUR: Final = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@pass_context  # keeps Jinja2 from working out a constant amount once, in no language
def money(_context: Context, amount: Decimal | float | str, currency: str, locale: str = "") -> str:
    """Return an amount as customers read it; see `notifyctl.templates.money`."""
    return amounts.money(amount, currency, locale)


@pass_context
def day(_context: Context, moment: str | date, width: str = "long") -> str:
    """Return the day of an ISO 8601 time, as in ``January 31, 2026`` or ``31. Januar 2026``.

    Args:
        moment: The time; the day is that of its own zone.
        width: ``short``, ``medium``, ``long`` or ``full``.

    Raises:
        RenderError: If it is no such time.
    """
    from babel.dates import format_date  # noqa: PLC0415 - only what writes a date needs it

    try:
        found = moment if isinstance(moment, date) else datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        raise RenderError("a date must be an ISO 8601 time such as 2026-01-31T18:00:00Z") from None
    return format_date(found, format=width, locale=current().date_locale)


@pass_context
def number(_context: Context, value: Decimal | float | str) -> str:
    """Return a number as customers write it, as in ``0,75``; what is no number stays as it is."""
    from babel.numbers import format_decimal  # noqa: PLC0415

    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    usable = found.is_finite() and found.adjusted() < _MAX_DIGITS
    return format_decimal(found, locale=current().money_locale, decimal_quantization=False) if usable else str(value)


def link(address: str) -> str:
    """Return a web address for an ``href``, and refuse every scheme that could run something."""
    if not re.fullmatch(r"https?://\S+", str(address)):
        raise RenderError("a link must start with https:// or http:// and hold no blanks")
    return address


def readable_on(background: str) -> str:
    """Return the colour of a text on a background: white or near black, whichever stands out more (WCAG 2)."""
    match = _COLOUR.fullmatch(str(background))
    if match is None:
        raise RenderError("a colour must be written as #1f4d3f")
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 4.5 else "#16181a"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "day": day,
    "link": link,
    "money": money,
    "number": number,
    "readable_on": readable_on,
}
