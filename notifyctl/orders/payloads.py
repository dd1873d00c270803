"""Bytes to JSON objects: one webhook's body, or a file of many orders, a broken one among them or not.

Numbers stay exact: decimals as `Decimal`, ids as whole numbers of any length. Of a file no more than one order is held
in memory, whatever its form. Knows no shop system beyond WooCommerce's ping, which is no JSON.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from notifyctl.errors import InvalidOrder
from notifyctl.orders.arrays import ArrayFault, elements
from notifyctl.orders.tables import is_header, read_table
from notifyctl.orders.woocommerce import is_ping

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_PAYLOAD_BYTES", "load_payload", "load_payloads", "read_payloads"]

#: The most bytes one order may have, or one page of a REST answer. Files may have any length.
MAX_PAYLOAD_BYTES: Final = 10 * 1024 * 1024

#: How much of a file is looked at to see what it is.
_HEAD_BYTES: Final = 64 * 1024

#: How a line begins that goes on with an object; after a broken one it says nothing new.
_INSIDE: Final = b" \t}]"

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


def load_payloads(body: bytes, *, most: int) -> Iterator[tuple[str, dict[str, Any] | InvalidOrder]]:
    """Yield the JSON object that a request's body holds, or each of an array, with its place as a JSON pointer.

    Args:
        body: JSON in UTF-8.
        most: So many may be in an array.
    """
    try:
        value = _parse(_text(body))
    except InvalidOrder as error:
        yield "", error
        return
    if not isinstance(value, list):
        yield "", value if isinstance(value, dict) else _no_object()
    elif not 0 < len(value) <= most:
        yield "", InvalidOrder(f"expected 1 to {most} orders, and here are {len(value)}", hint="Send them in parts.")
    else:
        for place, element in enumerate(value):
            yield f"/{place}", element if isinstance(element, dict) else _no_object()


def read_payloads(stream: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | InvalidOrder]]:
    """Yield each order of a file, with the number of the line that it starts on.

    The file has JSON lines, or JSON objects over several lines each, or one JSON array, or is a table (CSV) with a
    header. A broken order is yielded as its error, and the ones after it still come; only what follows a break inside
    an array is lost, and said so.

    Args:
        stream: Binary, such as ``sys.stdin.buffer``. Read piece by piece.
    """
    number, head = 0, b""
    while not head.strip():
        number += 1
        head = stream.readline(_HEAD_BYTES)
        if not head:
            return
        if number == 1:
            head = head.removeprefix(b"\xef\xbb\xbf")
    if head.lstrip().startswith(b"["):
        yield from _array(stream, head, number)
    elif is_header(head):
        yield from read_table(stream, head, number)
    else:
        yield from _objects(_lines(stream, head, number))


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


def _lines(stream: IO[bytes], head: bytes, number: int) -> Iterator[_Line]:
    """Yield each line with its number; None for one that is too long, which is skipped without being kept.

    Args:
        stream: What follows.
        head: The begin of the first line, or all of it.
        number: The number of that line.
    """
    line = head if head.endswith(b"\n") else head + stream.readline(MAX_PAYLOAD_BYTES + 1)
    while line:
        if len(line) <= MAX_PAYLOAD_BYTES:
            yield number, line
        else:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_PAYLOAD_BYTES)
            yield number, None
        number += 1
        line = stream.readline(MAX_PAYLOAD_BYTES + 1)


def _array(stream: IO[bytes], head: bytes, number: int) -> Iterator[_Found]:
    """Yield the elements of an array that takes all of a file from here on."""
    try:
        for line, element in elements(stream, head, number, longest=MAX_PAYLOAD_BYTES):
            yield line, element if isinstance(element, dict) else _no_object()
    except ArrayFault as fault:
        message = f"not JSON: {fault.reason}; the array was not read further"
        yield fault.line, InvalidOrder(message, hint=_ONE_LINE_EACH)


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
        raise InvalidOrder("not JSON: nested too deeply, or a number of no usual size") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _no_object() -> InvalidOrder:
    return InvalidOrder("an order must be a JSON object")


def _too_long() -> InvalidOrder:
    return InvalidOrder(f"this payload is longer than {MAX_PAYLOAD_BYTES // 1024 // 1024} MB")
