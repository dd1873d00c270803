"""Bytes to JSON objects: one webhook's body, or a file of many orders, a broken one among them or not.

Numbers stay exact: decimals as `Decimal`, ids as whole numbers of any length. Knows no shop system beyond
WooCommerce's ping, which is no JSON.
"""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from notifyctl.errors import InvalidOrder
from notifyctl.orders.woocommerce import is_ping

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_ARRAY_BYTES", "MAX_PAYLOAD_BYTES", "load_payload", "read_payloads"]

#: The most bytes one order may have.
MAX_PAYLOAD_BYTES: Final = 5 * 1024 * 1024

#: The most bytes a file may have whose orders are one JSON array: it is held in memory. JSON lines have no limit.
MAX_ARRAY_BYTES: Final = 100 * 1024 * 1024

#: How a line begins that goes on with an object; after a broken one it says nothing new.
_INSIDE: Final = b" \t}]"

_UNUSUAL: Final = "nested too deeply, or a number of no usual size"
_ONE_LINE_EACH: Final = "Write one order a line, for example with: jq -c '.[]'"


#: A line and its number; None for one that is too long.
_Line: TypeAlias = tuple[int, bytes | None]

#: What a file holds there: an order, or why it is none.
_Found: TypeAlias = tuple[int, dict[str, Any] | InvalidOrder]


class _Unfinished(InvalidOrder):
    """A JSON text that is right as far as it goes, and stops too early."""


def load_payload(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a webhook's body or a line of a file holds.

    Raises:
        InvalidOrder: If it is not one JSON object in UTF-8.
    """
    if is_ping(body):
        raise InvalidOrder(
            "this is WooCommerce's ping, which it sends when a webhook is saved; there is no order in it",
            hint="Nothing is wrong: the webhook works, and orders follow.",
        )
    if len(body) > MAX_PAYLOAD_BYTES:
        raise _too_long()
    value = _parse(_text(body))
    if not isinstance(value, dict):
        raise _no_object()
    return value


def read_payloads(stream: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | InvalidOrder]]:
    """Yield each order of a file, with the number of the line that it starts on.

    The file has JSON lines, or JSON objects over several lines each, or one JSON array. A broken order is yielded
    as its error, and the ones after it still come; only what follows a break inside an array is lost, and said so.

    Args:
        stream: Binary, such as ``sys.stdin.buffer``. Read line by line; only an array is held in memory.
    """
    lines = _lines(stream)
    for number, line in lines:
        if line is None or line.strip():
            is_array = line is not None and line.lstrip().startswith(b"[")
            following = chain([(number, line)], lines)
            yield from _array(following) if is_array else _objects(following)
            return


def _objects(lines: Iterator[_Line]) -> Iterator[_Found]:
    """Yield the objects of a file, be they on one line or over several."""
    begun: _Begun | None = None
    broken = False
    for number, line in lines:
        if line is None:
            yield begun.number if begun else number, _too_long()
            begun, broken = None, True
            continue
        if not line.strip():
            continue
        if begun and _starts_anew(line):
            yield begun.number, begun.error
            begun = None
        if begun:
            start, found = begun.number, begun.add(line)
            if found is None:
                continue
            begun = None
        elif broken and line[:1] in _INSIDE:
            continue
        else:
            start, found = number, _load(line)
            if isinstance(found, _Unfinished):
                begun = _Begun(number, line, found)
                continue
        broken = isinstance(found, InvalidOrder)
        yield start, found
    if begun:
        yield begun.number, begun.end()


class _Begun:
    """A JSON object over several lines, of which the end is not read yet: a closing brace in the first column.

    Attributes:
        number: The line that it starts on.
        error: What its first line lacks by itself.
    """

    def __init__(self, number: int, line: bytes, error: InvalidOrder) -> None:
        self.number = number
        self.error = error
        self._lines = [line]
        self._size = len(line)
        self._try_at = 0

    def add(self, line: bytes) -> dict[str, Any] | InvalidOrder | None:
        """Take the next line; return the object, or why it is none, once that is certain."""
        self._lines.append(line)
        self._size += len(line)
        if self._size > MAX_PAYLOAD_BYTES:
            return _too_long()
        if not line.startswith(b"}") or self._size < self._try_at:
            return None
        found = self.end()
        if isinstance(found, _Unfinished):
            # Without indents every inner brace looks like the end: don't parse it all again for each.
            self._try_at = 2 * self._size
            return None
        return found

    def end(self) -> dict[str, Any] | InvalidOrder:
        """Return what the lines so far are."""
        return _load(b"".join(self._lines))


def _starts_anew(line: bytes) -> bool:
    """Return whether a line is the start of another object, so that the one begun was broken off.

    Inside an object a brace in the first column stands alone, if there is one at all.
    """
    return line.startswith(b"{") and line.strip() != b"{"


def _lines(stream: IO[bytes]) -> Iterator[_Line]:
    """Yield each line with its number; None for one that is too long, which is skipped without being kept."""
    number = 0
    while line := stream.readline(MAX_PAYLOAD_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) <= MAX_PAYLOAD_BYTES or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_PAYLOAD_BYTES)
        yield number, None


def _array(lines: Iterator[_Line]) -> Iterator[_Found]:
    """Yield the elements of an array that takes all these lines."""
    first, parts, size = 0, [], 0
    for number, line in lines:
        first = first or number
        size += MAX_ARRAY_BYTES + 1 if line is None else len(line)
        if size > MAX_ARRAY_BYTES:
            yield first, InvalidOrder("this array is too long to be read at once", hint=_ONE_LINE_EACH)
            return
        parts.append(line or b"")
    try:
        text = _text(b"".join(parts))
    except InvalidOrder as error:
        yield first, error
        return
    yield from _elements(text, first)


def _elements(text: str, number: int) -> Iterator[_Found]:
    """Yield the elements of an array that is the whole text, and starts on the line of this number."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
    counted, position = 0, _skip(text, text.index("[") + 1)
    more = not text.startswith("]", position)
    while more:
        number += text.count("\n", counted, position)
        counted = position
        try:
            element, position = decoder.raw_decode(text, position)
        except (ValueError, ArithmeticError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else _UNUSUAL
            yield number, InvalidOrder(f"not JSON: {reason}; the array was not read further", hint=_ONE_LINE_EACH)
            return
        yield number, element if isinstance(element, dict) else _no_object()
        position = _skip(text, position)
        more = text.startswith(",", position)
        position = _skip(text, position + 1) if more else position
    if text[position:].strip() != "]":
        number += text.count("\n", counted, position)
        yield number, InvalidOrder("not JSON: expected a comma or the end of the array", hint=_ONE_LINE_EACH)


def _skip(text: str, position: int) -> int:
    """Return the position of the next character that is not JSON's white space."""
    while text[position : position + 1] in (" ", "\t", "\r", "\n"):
        position += 1
    return position


def _load(body: bytes) -> dict[str, Any] | InvalidOrder:
    try:
        return load_payload(body)
    except InvalidOrder as error:
        return error


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidOrder(f"not UTF-8: byte {error.start + 1} cannot be read") from None


def _parse(text: str) -> Any:
    """Return what a JSON text says; an error repeats nothing of it."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        kind = _Unfinished if error.pos >= len(text.rstrip()) else InvalidOrder
        line = f"line {error.lineno} of it, " if error.lineno > 1 else ""
        raise kind(f"not JSON: {error.msg}, {line}column {error.colno}") from None
    except (ValueError, ArithmeticError, RecursionError):
        raise InvalidOrder(f"not JSON: {_UNUSUAL}") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _no_object() -> InvalidOrder:
    return InvalidOrder("an order must be a JSON object")


def _too_long() -> InvalidOrder:
    return InvalidOrder(f"this order is longer than {MAX_PAYLOAD_BYTES // 1024 // 1024} MB")
