"""A JSON array of any length, element by element: only the element at hand is held in memory."""

from __future__ import annotations

import codecs
import json
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ArrayFault", "elements"]

_CHUNK_BYTES: Final = 256 * 1024
_BLANKS: Final = " \t\r\n"


class ArrayFault(Exception):
    """Where and why an array could not be read further.

    Args:
        line: Counted from 1, in the whole file.
        reason: What was expected; repeats nothing of the file.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def elements(stream: IO[bytes], begun: bytes, line: int, *, longest: int) -> Iterator[tuple[int, Any]]:
    """Yield each element of an array, with the line that it starts on.

    Args:
        stream: What follows; read in chunks.
        begun: What was read of the array already, from its bracket on or blanks before it.
        line: The line that this began on.
        longest: The most characters that one element may have.

    Raises:
        ArrayFault: If what follows is not the rest of an array.
    """
    yield from _Text(stream, begun, line, longest).elements()


class _Text:
    """The part of the text that is not read yet; what was read is forgotten."""

    def __init__(self, stream: IO[bytes], begun: bytes, line: int, longest: int) -> None:
        self._stream = stream
        self._line = line
        self._longest = longest
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = self._counted = 0
        self._ended = False
        self._json = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
        self._take(begun)

    def elements(self) -> Iterator[tuple[int, Any]]:
        self._next()
        self._at += 1  # the bracket
        if self._next() == "]":
            self._at += 1
        else:
            more = True
            while more:
                self._next()
                yield self._lines(), self._element()
                mark = self._next()
                if mark not in (",", "]"):
                    raise self._fault("expected a comma or the end of the array")
                self._at += 1
                more = mark == ","
        if self._next():
            raise self._fault("expected nothing after the end of the array")

    def _element(self) -> Any:
        """Return the element that starts here, reading on until it is whole."""
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                reason = error.msg
            except (ValueError, ArithmeticError, RecursionError):
                raise self._fault("nested too deeply, or a number of no usual size") from None
            else:
                # a number may go on in what is not read yet
                if end < len(self._text) or self._ended:
                    self._at = end
                    return found
                reason = ""
            self._text = self._text[self._at :]
            self._at = self._counted = 0
            if self._ended or len(self._text) > self._longest:
                raise self._fault(reason or "this element is too long")
            wanted = max(2 * len(self._text), _CHUNK_BYTES)
            while len(self._text) < wanted and not self._ended:
                self._read()

    def _next(self) -> str:
        """Go to the next character that is no blank, and return it; empty at the end."""
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if character not in _BLANKS:
                    return character
                self._at += 1
            if self._ended:
                return ""
            self._lines()
            self._text, self._at, self._counted = "", 0, 0
            self._read()

    def _lines(self) -> int:
        """Return the line that is reached."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _read(self) -> None:
        chunk = self._stream.read(_CHUNK_BYTES)
        self._take(chunk)
        if not chunk:
            self._ended = True

    def _take(self, chunk: bytes) -> None:
        try:
            self._text += self._utf8.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise self._fault("not UTF-8") from None

    def _fault(self, reason: str) -> ArrayFault:
        return ArrayFault(self._lines(), reason)


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")
