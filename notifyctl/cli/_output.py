"""What commands print: data on standard output in the form asked for, messages on standard error.

A record is a dict in the shape of its JSON: ISO 8601 times, string ids. Columns say which parts of it a table or a
CSV file shows, and how. Knows no command.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any

import typer

from notifyctl.views import versioned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Column", "Output", "Record", "View", "paint", "plain", "say", "write"]

Record = Mapping[str, Any]

_COLOURS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}


class Output(StrEnum):
    """The forms of data on standard output."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    ID = "id"


def plain(value: Any) -> str:
    """A value as people read it in a table; what would move their cursor is taken out."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = ", ".join(map(plain, value))
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table and of a CSV file.

    Attributes:
        key: The part of the record.
        title: What a table calls it; the key by default.
        show: The text of a value in a table.
        width: Longer texts are broken into lines of this many characters in a list.
    """

    key: str
    title: str = ""
    show: Callable[[Any], str] = plain
    width: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """How the user wants to see data.

    Attributes:
        output: The form.
        table: One of tabulate's formats.
    """

    output: Output = Output.TABLE
    table: str = "simple"

    def many(self, records: Iterable[Record], columns: Sequence[Column], *, id_key: str = "id", none: str = "") -> None:
        """Print a list.

        Args:
            records: What to print.
            columns: What a table or CSV file shows of it.
            id_key: The part that is a record's id.
            none: What to tell a person where the list is empty.
        """
        if self.output is Output.TABLE:
            found = list(records)
            if found:
                write(self._table(found, columns))
            elif none:
                say(none)
        elif self.output is Output.CSV:
            write(_csv(records, columns))
        elif self.output is Output.JSON:
            write(json.dumps([versioned(record) for record in records], ensure_ascii=False, indent=2) + "\n")
        else:
            write("".join(self._line(record, id_key) for record in records))

    def one(self, record: Record, columns: Sequence[Column], *, id_key: str = "id") -> None:
        """Print one record; as a table, one line for each part that has a value."""
        if self.output is Output.TABLE:
            lines = [(column.title or column.key, column.show(record.get(column.key))) for column in columns]
            write(_tabulated([line for line in lines if line[1]], "plain" if self.table == "simple" else self.table))
        elif self.output is Output.CSV:
            write(_csv([record], columns))
        elif self.output is Output.JSON:
            write(json.dumps(versioned(record), ensure_ascii=False, indent=2) + "\n")
        else:
            write(self._line(record, id_key))

    def _table(self, records: Sequence[Record], columns: Sequence[Column]) -> str:
        rows = [[column.show(record.get(column.key)) for column in columns] for record in records]
        numbers = [all(isinstance(record.get(column.key), int) for record in records) for column in columns]
        layout = {
            "headers": [column.title or column.key for column in columns],
            "colalign": ["right" if number else "left" for number in numbers],
            "maxcolwidths": [column.width for column in columns],
        }
        return _tabulated(rows, self.table, **layout)

    def _line(self, record: Record, id_key: str) -> str:
        if self.output is Output.ID:
            return f"{record[id_key]}\n"
        return json.dumps(versioned(record), ensure_ascii=False) + "\n"


def _tabulated(rows: Sequence[Sequence[str]], table: str, **layout: Any) -> str:
    from tabulate import tabulate

    # ids that look like numbers must stay as they are
    return tabulate(rows, tablefmt=table, disable_numparse=True, **layout) + "\n"


def _csv(records: Iterable[Record], columns: Sequence[Column]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.key for column in columns)
    for record in records:
        values = (record.get(column.key) for column in columns)
        writer.writerow(json.dumps(value) if isinstance(value, list | dict | bool) else value for value in values)
    return text.getvalue()


def write(text: str) -> None:
    """Print data.

    Raises:
        typer.Exit: Quietly, where the reader has gone, as with `| head`.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still buffered must not complain at the very end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def say(message: str) -> None:
    """Print a message for people."""
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)  # noqa: T201 - this is the one place


def paint(text: str, colour: str, stream: IO[str]) -> str:
    """A text in a colour, where the stream shows colours. Never the only sign of anything."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if shows_colours(stream) else text


def shows_colours(stream: IO[str]) -> bool:
    """Whether colours are wanted: NO_COLOR, then CLICOLOR_FORCE, then what the stream is."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
