"""What the templates that come with notifyctl can tell of their data: two sets of one shape are filled in alike.

They compare what is one word (``cod``), calculate with amounts, format dates, link to addresses, count rows, and write
every other text down as it is. So its words do not matter, as long as it is one line of usual length. Says nothing of
a shop's own templates, which may do with a value whatever they like.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

__all__ = ["shape"]

#: So many rows are shown one by one in a mail.
_ROWS: Final = 60
_MAX_TEXT: Final = 100
_MAX_LINK: Final = 300
#: So long are amounts that may be dates as well, such as 20260131.
_DATES: Final = (7, 8)

#: What a template may compare, calculate with, or link to; of a moment, what may be one.
_KIND: Final = re.compile(
    r"(?P<word>[a-z]{1,12}|[A-Z]{3})|(?P<zero>0{1,15}(?:\.0{1,15})?)|(?P<amount>[0-9]{1,15}(?:\.[0-9]{1,15})?)"
    r"|(?P<moment>[0-9]{4}-?[0-9W][0-9].*)|(?P<link>https?://[!-~]+)"
)


class _Unlike(Exception):
    """A value that only a template itself can judge."""


def shape(data: Mapping[str, Any]) -> Hashable | None:
    """Return what a template can tell of its variables, to be compared; None where all of it may matter."""
    try:
        return _shape(data)
    except _Unlike:
        return None


def _shape(value: Any) -> Hashable:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return tuple([(name, _shape(part)) for name, part in value.items() if part is not None])
    if isinstance(value, list):
        count = len(value)
        return (min(count, 2) + (count > _ROWS), *dict.fromkeys(map(_shape, value)))
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and 0 <= value < 10**15:
        return "number", type(value).__name__
    raise _Unlike


def _text(text: str) -> str:
    """Return the kind of a text: of one that a template may compare, the text itself."""
    match = _KIND.fullmatch(text)
    kind = match.lastgroup if match else None
    if kind == "word":
        return text
    if len(text) > (_MAX_LINK if kind == "link" else _MAX_TEXT):
        raise _Unlike
    if kind is None or kind == "moment":
        if not text.isprintable() or "    " in text or not text.strip():
            raise _Unlike
        return "T" if kind and _is_moment(text) else "A text"
    if kind == "link":
        return "https:"
    amount = "1" if kind == "amount" else "0"
    return amount + "T" if len(text) in _DATES and _is_moment(text) else amount


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
