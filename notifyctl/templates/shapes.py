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

_DIGITS: Final = "0123456789"
_WORD: Final = re.compile(r"[a-z]{1,12}|[A-Z]{3}")
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_LINK: Final = re.compile(r"https?://[!-~]+")


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
    if len(text) > _MAX_TEXT and not (len(text) <= _MAX_LINK and _LINK.fullmatch(text)):
        raise _Unlike
    if _WORD.fullmatch(text):
        return text
    if not text.isprintable() or not text.strip() or "    " in text:
        raise _Unlike
    if _AMOUNT.fullmatch(text):
        return ("1" if float(text) else "0") + ("T" if _is_moment(text) else "")
    if text[0] in _DIGITS:
        return "T" if _is_moment(text) else "A text"
    return "https:" if _LINK.fullmatch(text) else "A text"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
