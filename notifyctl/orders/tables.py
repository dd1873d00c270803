"""Orders as a table (CSV): one row for each item of an order, the columns named as the fields of our own JSON format.

    id,currency,customer.email,items.name,items.quantity,items.total,totals.total,payment.cash_on_delivery
    10482,USD,ada@example.com,Mug,2,18.00,29.35,yes
    10482,,,Tea towel,1,11.35,,

Rows that follow each other with the same shop, id and event are one order; what is said once need not be repeated. Read
row by row, into the objects that `notifyctl.orders.native` understands; Shopify's own export is told by its columns.
"""

from __future__ import annotations

import csv
from difflib import get_close_matches
from typing import IO, TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.shopify_export import is_shopify_export, read_shopify_export

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COLUMNS", "is_header", "read_table"]

#: Columns of the row at hand; the others belong to the whole order.
_OF_ROWS: Final = (
    "items.name", "items.quantity", "items.total",
    "shipment.tracking.carrier", "shipment.tracking.number", "shipment.tracking.url",
)  # fmt: skip

_FLAGS: Final = (
    "payment.cash_on_delivery", "payment.paid", "refund.full", "shipment.partial", "totals.tax_included",
)  # fmt: skip

#: Every column that a table may have.
COLUMNS: Final = (
    "shop", "id", "number", "event", "created_at", "cancelled_at", "locale", "currency",
    "customer.name", "customer.email", "customer.phone", "customer.country",
    "items.name", "items.quantity", "items.total",
    "totals.subtotal", "totals.discount", "totals.shipping", "totals.fees", "totals.tax", "totals.tax_included",
    "totals.total", "payment.method", "payment.cash_on_delivery", "payment.paid", "payment.paid_at",
    "shipment.id", "shipment.tracking.carrier", "shipment.tracking.number", "shipment.tracking.url",
    "shipment.partial", "shipment.shipped_at", "refund.id", "refund.amount", "refund.full", "refund.refunded_at",
    "shipping_address", "url",
)  # fmt: skip

_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SAME_ORDER: Final = ("shop", "id", "event", "shipment.id", "refund.id")
_DELIMITERS: Final = ",;\t"
_MAX_ROWS: Final = 10_000
_MAX_LINE_BYTES: Final = 1024 * 1024


def is_header(line: bytes) -> bool:
    """Return whether a file's first line is the header of a table, be it one with wrong names."""
    text = line.decode("utf-8", "replace")
    return not text.lstrip().startswith(("{", "[", "]", "}")) and len(_names(text)) >= 3


def read_table(stream: IO[bytes], head: bytes, number: int) -> Iterator[tuple[int, dict[str, Any] | InvalidOrder]]:
    """Yield the orders of a table, each with the line that it starts on; or why one of them cannot be read.

    Args:
        stream: What follows the header.
        head: The header.
        number: The number of its line.
    """
    text = head.decode("utf-8", "replace")
    names = _names(text)
    if is_shopify_export(names):
        yield from read_shopify_export(_rows(stream, _delimiter(text), number), names)
        return
    if fault := _wrong_header(names):
        yield number, fault
        return
    begun: _Begun | None = None
    for line, cells in _rows(stream, _delimiter(text), number):
        row = dict(zip(names, cells, strict=False))
        if begun is None or not begun.goes_on(row):
            if begun is not None:
                yield begun.line, begun.order()
            begun = _Begun(line, row)
        begun.add(line, row, "" if len(cells) == len(names) else _LENGTHS.format(len(cells), len(names)))
    if begun is not None:
        yield begun.line, begun.order()


_LENGTHS: Final = "this row has {} fields, and the header has {}"


class _Begun:
    """An order whose rows are not all read yet.

    Attributes:
        line: The line of its first row.
    """

    def __init__(self, line: int, row: dict[str, str]) -> None:
        self.line = line
        self._first = row
        self._fault: InvalidOrder | None = None
        self._items: list[dict[str, Any]] = []
        self._tracking: list[dict[str, Any]] = []
        self._rows = 0

    def goes_on(self, row: dict[str, str]) -> bool:
        """Return whether a row belongs to the same order; only its id has to be repeated."""
        if row.get("id", "") != self._first.get("id", ""):
            return False
        return all(row.get(name, "") in ("", self._first.get(name, "")) for name in _SAME_ORDER)

    def add(self, line: int, row: dict[str, str], fault: str) -> None:
        """Take one row."""
        self._rows += 1
        if self._rows > _MAX_ROWS:
            fault = f"one order has more than {_MAX_ROWS} rows"
        if not fault and any("\udc80" <= character <= "\udcff" for cell in row.values() for character in cell):
            fault = "not UTF-8"
        if fault:
            self._fault = self._fault or InvalidOrder(f"line {line}: {fault}")
            return
        for name, cell in row.items():
            if name not in _OF_ROWS and cell not in ("", self._first.get(name, "")):
                message = f"line {line} says something else than the order's first row"
                self._fault = self._fault or InvalidOrder(message, path="/" + name.replace(".", "/"))
        for prefix, found in (("items.", self._items), ("shipment.tracking.", self._tracking)):
            told = {name.removeprefix(prefix): row.get(name, "") for name in _OF_ROWS if name.startswith(prefix)}
            if any(told.values()):
                found.append({name: cell for name, cell in told.items() if cell})

    def order(self) -> dict[str, Any] | InvalidOrder:
        """Return the order in our own JSON format, or why it cannot be read."""
        if self._fault is not None:
            return self._fault
        order: dict[str, Any] = {"customer": {}, "payment": {}}
        for name, cell in self._first.items():
            if name in _OF_ROWS or not cell:
                continue
            *parents, key = name.split(".")
            place = order
            for parent in parents:
                place = place.setdefault(parent, {})
            place[key] = _WORDS.get(cell.lower(), cell) if name in _FLAGS else cell
        if self._items:
            order["items"] = self._items
        if self._tracking:
            order.setdefault("shipment", {})["tracking"] = self._tracking
        if "shipping_address" in order:
            order["shipping_address"] = order["shipping_address"].replace("|", "\n").split("\n")
        return order


def _rows(stream: IO[bytes], delimiter: str, number: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows after the header that are not empty, each with the line that it starts on."""
    reader = csv.reader(_texts(stream), delimiter=delimiter)
    while True:
        line = number + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = ["\udcff"]  # told as a row that cannot be read
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]


def _texts(stream: IO[bytes]) -> Iterator[str]:
    while line := stream.readline(_MAX_LINE_BYTES):
        yield line.decode("utf-8", "surrogateescape").replace("\0", "")


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _names(header: str) -> list[str]:
    row = next(csv.reader([header], delimiter=_delimiter(header)), [])
    return [name.strip().lower() for name in row]


def _wrong_header(names: list[str]) -> InvalidOrder | None:
    if not set(names) & set(COLUMNS):
        # it may be a row of data: nothing of it is repeated
        hint = f"Known columns: {', '.join(COLUMNS)}."
        return InvalidOrder("the first line of a table must name its columns, such as id and customer.email", hint=hint)
    for name in names:
        if name not in COLUMNS:
            meant = get_close_matches(name, COLUMNS, n=1)
            hint = f"Did you mean {meant[0]}?" if meant else f"Known columns: {', '.join(COLUMNS)}."
            return InvalidOrder("this column is not known", path="/" + name.replace(".", "/")[:60], hint=hint)
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        return InvalidOrder("this column stands there twice", path="/" + twice.replace(".", "/"))
    if "id" not in names:
        return InvalidOrder("this column is missing", path="/id")
    return None
