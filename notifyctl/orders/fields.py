"""Read a JSON object field by field, so that every complaint names its place as a JSON pointer (RFC 6901).

Knows no shop system. Messages name fields and what was expected, never a value: values are personal data.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["LOCALE", "Fields", "clean", "web_address"]

#: What a language tag looks like; some shops write ``pt_BR``.
LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")

_MAX_TEXT: Final = 200
_MAX_ID: Final = 64
_MAX_DIGITS: Final = 15
_MAX_PLACES: Final = 30
#: What databases write for a date that there is none of.
_NO_DATE: Final = "0000-00-00"
_USUAL_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,3})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_CONTROLS: Final = ("Cc", "Cs")


class Fields:
    """One object of a payload.

    A field that is absent, null or an empty text counts as not given: shops use all three. What only adorns a message
    is read by methods that refuse nothing: `shown`, `typed`, `price`, `when`, `part` and `rows`.

    Args:
        value: The object.
        path: Its place in the payload.
        decode: Applied to every text; for shops that send HTML entities.
    """

    def __init__(self, value: Mapping[str, Any], path: str = "", decode: Callable[[str], str] = str) -> None:
        self._value = value
        self._path = path
        self._decode = decode

    def path(self, key: str | int) -> str:
        """Return a field's JSON pointer."""
        return f"{self._path}/{str(key).replace('~', '~0').replace('/', '~1')}"

    def only(self, known: Collection[str]) -> None:
        """Refuse fields that are not known, so that a misspelt one cannot go unnoticed."""
        for key in self._value:
            if key not in known:
                meant = get_close_matches(key, known, n=1)
                hint = f"Did you mean {meant[0]}?" if meant else f"Known fields: {', '.join(sorted(known))}."
                raise InvalidOrder("this field is not known", path=self.path(key), hint=hint)

    def value(self, key: str) -> Any:
        """Return whatever a field holds; for what plugins write as they like."""
        return self._value.get(key)

    def given(self, key: str) -> bool:
        """Return whether a field is there and holds something."""
        value = self._value.get(key)
        return value not in (None, "") and not (isinstance(value, str) and value.startswith(_NO_DATE))

    def require(self, *keys: str) -> None:
        """Refuse the object if one of these is not given."""
        for key in keys:
            if not self.given(key):
                raise InvalidOrder("this field is missing", path=self.path(key))

    def text(self, key: str) -> str:
        """Return a text as one line without control characters, cut at 200 characters; empty if not given."""
        value = self._value.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._expected(key, "a text")
        return clean(self._decode(value))

    def verbatim(self, key: str) -> str:
        """Return a text as it is but for blanks around it: for addresses, which must not be mended into others."""
        value = self._value.get(key)
        if not isinstance(value, str | None):
            raise self._expected(key, "a text")
        return self._decode(value or "").strip(" ")

    def loose(self, key: str) -> str:
        """Return a text, or a whole number as one: postcodes, phones and the like come as either."""
        value = self._value.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.verbatim(key)

    def shown(self, key: str) -> str:
        """Return a text as `text` does, or a whole number as one; empty if it is neither."""
        value = self._value.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MAX_ID:
            return str(value)
        return self.text(key) if isinstance(value, str) else ""

    def price(self, key: str) -> Decimal | None:
        """Return a number as `number` does; None if it is none."""
        try:
            return self.number(key)
        except InvalidOrder:
            return None

    def when(self, key: str, *, assume_utc: bool = False) -> datetime | None:
        """Return a moment as `moment` does; None if it is none."""
        try:
            return self.moment(key, assume_utc=assume_utc)
        except InvalidOrder:
            return None

    def part(self, key: str) -> Fields:
        """Return an inner object; an empty one if it is none."""
        value = self._value.get(key)
        return Fields(value if isinstance(value, dict) else {}, self.path(key), self._decode)

    def rows(self, key: str) -> list[Fields]:
        """Return the objects in a list, or in an object that PHP made of one; none if it is neither."""
        value = self._value.get(key)
        found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [Fields(row, f"{self.path(key)}/{at}", self._decode) for at, row in found if isinstance(row, dict)]

    def typed(self, key: str) -> str:
        """Return what somebody typed as their address or number, as `loose` does; empty if it can be neither."""
        value = self._value.get(key)
        readable = isinstance(value, str | int) and not isinstance(value, bool)
        return self.loose(key) if readable else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, each as `text` does, without the empty ones."""
        values = [value for value in self._list(key) if value is not None]
        if not all(isinstance(value, str) for value in values):
            raise self._expected(key, "a list of texts")
        return tuple(line for line in (clean(self._decode(value)) for value in values) if line)

    def identifier(self, key: str) -> str:
        """Return an id exactly as it is: a text or a whole number. Empty if not given."""
        value = self._value.get(key)
        if value in (None, ""):
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MAX_ID:
            return str(value)
        if isinstance(value, Decimal | float):
            raise InvalidOrder(
                "an id must be a whole number or a text: with decimals or an exponent it may have been rounded",
                path=self.path(key),
                hint="Send ids as text.",
            )
        if not isinstance(value, str) or value != clean(value) or len(value) > _MAX_ID:
            raise self._expected(key, f"a whole number, or a text of at most {_MAX_ID} characters")
        return value

    def rounded(self, key: str) -> float | None:
        """Return a number as JavaScript keeps it; None if it is not one."""
        value = self._value.get(key)
        return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None

    def number(self, key: str) -> Decimal | None:
        """Return an exact decimal from a number or its text; None if not given."""
        value = self._value.get(key)
        if value in (None, ""):
            return None
        if isinstance(value, str) and _USUAL_NUMBER.fullmatch(value):
            return Decimal(value)
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
                raise self._expected(key, "a decimal number such as 29.35")
            number = Decimal(str(value))
        except (InvalidOperation, ValueError):
            raise self._expected(key, "a decimal number such as 29.35, with a point and no other marks") from None
        _, digits, exponent = number.as_tuple()
        if not isinstance(exponent, int) or len(digits) + exponent > _MAX_DIGITS or exponent < -_MAX_PLACES:
            raise self._expected(key, "a decimal number of a usual size")
        return number

    def flag(self, key: str) -> bool:
        """Return a boolean; False if not given."""
        value = self._value.get(key)
        if not isinstance(value, bool | None):
            raise self._expected(key, "true or false")
        return bool(value)

    def currency(self, key: str) -> str:
        """Return an ISO 4217 code in capitals."""
        code = self.text(key).upper()
        if not _CURRENCY.fullmatch(code):
            raise self._expected(key, "an ISO 4217 code such as EUR")
        return code

    def moment(self, key: str, *, assume_utc: bool = False) -> datetime | None:
        """Return a date and time with its zone; None if not given."""
        text = self.text(key)
        if not self.given(key):
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is None and assume_utc:
            return moment.replace(tzinfo=UTC)
        if moment is None or moment.tzinfo is None:
            raise self._expected(key, "an ISO 8601 time with its zone, such as 2026-01-31T18:00:00Z")
        return moment

    def child(self, key: str, *, php: bool = False) -> Fields:
        """Return an inner object; an empty one if not given.

        Args:
            key: Its name.
            php: Whether an empty list is an empty object, as it is to PHP.
        """
        value = self._value.get(key)
        if value is None or (php and value == []):
            value = {}
        if not isinstance(value, dict):
            raise self._expected(key, "an object")
        return Fields(value, self.path(key), self._decode)

    def children(self, key: str) -> list[Fields]:
        """Return a list of inner objects; an empty one if not given."""
        children = []
        for index, value in enumerate(self._list(key)):
            if not isinstance(value, dict):
                raise InvalidOrder("expected an object", path=f"{self.path(key)}/{index}")
            children.append(Fields(value, f"{self.path(key)}/{index}", self._decode))
        return children

    def _list(self, key: str) -> list[Any]:
        value = self._value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._expected(key, "a list")
        return value

    def _expected(self, key: str, what: str) -> InvalidOrder:
        return InvalidOrder(f"expected {what}", path=self.path(key))


def web_address(text: str) -> str:
    """Return a web address, or nothing if it is none that a message could link to."""
    return text if re.fullmatch(r"https?://[^\s<>\"]+", text) else ""


def clean(text: str) -> str:
    """Return a text as one line: no control characters, no run of blanks, at most 200 characters."""
    if text.isascii() and text.isprintable() and len(text) <= _MAX_TEXT and "  " not in text:
        return text.strip(" ")
    line = " ".join(text.split())
    kept = "".join(character for character in line if unicodedata.category(character) not in _CONTROLS)
    return kept[:_MAX_TEXT].strip()
