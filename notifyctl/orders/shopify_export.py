"""Shopify's own export of orders (Orders, Export, CSV), read as its REST API would tell them.

https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders

One row for each item; all but the first row of an order have its name and the item alone. Times are written as
``2026-01-31 13:00:00 -0500``; numbers that a spreadsheet might mend begin with an apostrophe.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_shopify_export", "read_shopify_export"]

_MARKS: Final = frozenset({"name", "email", "financial status", "lineitem name", "lineitem quantity"})
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4})")
_MAX_ROWS: Final = 10_000

_TEXTS: Final = {
    "name": "name", "email": "email", "phone": "phone", "currency": "currency", "total": "total_price",
    "discount amount": "total_discounts", "taxes": "total_tax", "outstanding balance": "total_outstanding",
}  # fmt: skip
_STATUSES: Final = {"financial status": "financial_status", "fulfillment status": "fulfillment_status"}
_TIMES: Final = {"created at": "created_at", "cancelled at": "cancelled_at", "fulfilled at": "updated_at"}
_ADDRESS: Final = {
    "name": "name", "company": "company", "address1": "address1", "address2": "address2", "city": "city", "zip": "zip",
    "province": "province_code", "country": "country_code", "phone": "phone",
}  # fmt: skip


def is_shopify_export(names: list[str]) -> bool:
    """Return whether a table's columns, in small letters, are those of the export."""
    return set(names) >= _MARKS


def read_shopify_export(
    rows: Iterator[tuple[int, list[str]]], names: list[str]
) -> Iterator[tuple[int, dict[str, Any] | InvalidOrder]]:
    """Yield each order in the form of the REST API, or why it cannot be read, with the line that it starts on.

    Args:
        rows: The cells of each row after the header, and its line.
        names: The columns, in small letters.
    """
    begun: list[dict[str, str]] = []
    start, fault = 0, ""
    for line, cells in rows:
        row = dict(zip(names, (cell.removeprefix("'") for cell in cells), strict=False))
        if begun and row.get("name") != begun[0].get("name"):
            yield start, InvalidOrder(fault) if fault else _order(begun)
            begun, fault = [], ""
        start = start if begun else line
        if len(cells) != len(names):
            fault = f"line {line}: this row has {len(cells)} fields, and the header has {len(names)}"
        elif len(begun) >= _MAX_ROWS:
            fault = f"line {line}: one order has more than {_MAX_ROWS} rows"
            continue
        begun.append(row)
    if begun:
        yield start, InvalidOrder(fault) if fault else _order(begun)


def _order(rows: list[dict[str, str]]) -> dict[str, Any]:
    first = rows[0]
    currency = first.get("currency", "")
    order: dict[str, Any] = {field: first.get(column) for column, field in _TEXTS.items()}
    order |= {field: (first.get(column) or "").lower() for column, field in _STATUSES.items()}
    order |= {field: _TIME.sub(r"\1T\2\3", first.get(column) or "") for column, field in _TIMES.items()}
    order["id"] = first.get("id") or first.get("name")
    order["payment_gateway_names"] = (first.get("payment method") or "").split(" + ")
    order["shipping_address"] = _address(first, "shipping")
    order["billing_address"] = _address(first, "billing")
    order["line_items"] = [
        {
            "name": row.get("lineitem name"),
            "quantity": row.get("lineitem quantity"),
            "price": row.get("lineitem price"),
            "requires_shipping": row.get("lineitem requires shipping") != "false",
        }
        for row in rows
        if row.get("lineitem name")
    ]
    if first.get("shipping method") or _amount(first, "shipping"):
        money = {"amount": first.get("shipping"), "currency_code": currency}
        order["total_shipping_price_set"] = {"shop_money": money}
        order["shipping_lines"] = [{"price": first.get("shipping")}]
    total = _amount(first, "total")
    order["taxes_included"] = _amount(first, "subtotal") + _amount(first, "shipping") == total
    if refunded := _amount(first, "refunded amount"):
        order["current_total_price"] = str(total - refunded)
    return order


def _amount(row: dict[str, str], column: str) -> Decimal:
    """Return an amount; 0 where there is none, or none that can be read: who reads the order says so."""
    try:
        return Decimal(row.get(column) or "0")
    except InvalidOperation:
        return Decimal(0)


def _address(row: dict[str, str], kind: str) -> dict[str, str]:
    return {field: row.get(f"{kind} {column}") or "" for column, field in _ADDRESS.items()}
