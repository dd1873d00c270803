"""Orders as a table (CSV)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from notifyctl.errors import InvalidOrder
from notifyctl.orders import OrderEvent, order_notifications, parse_order, read_payloads
from notifyctl.orders.tables import COLUMNS
from tests.support.order_payloads import EXAMPLES, ROOT

HEAD = "id,currency,customer.email,items.name,items.total,totals.total,payment.cash_on_delivery"


def read(text: str | bytes) -> list[tuple[int, Any]]:
    """What a file of this content holds, with the line of each."""
    return list(read_payloads(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def test_table_row_is_an_item_of_an_order() -> None:
    """Rows of one id are one order; what is said once need not be repeated."""
    rows = f"\ufeff{HEAD}\r\n10482,USD,ada@example.com,Mug,18.00,29.35,yes\r\n10482,,,Tea towel,11.35,,\r\n\r\n7,EUR,,Mug,9,9,no\r\n"

    (first, mug), (second, other) = read(rows)

    assert (first, second) == (2, 5)
    order = parse_order(mug)
    assert [(item.name, item.total) for item in order.items] == [
        ("Mug", Decimal("18.00")),
        ("Tea towel", Decimal("11.35")),
    ]
    assert (order.email, order.payment.cash_on_delivery) == ("ada@example.com", True)
    assert parse_order(other).id == "7"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_table_may_have_other_delimiters(delimiter: str) -> None:
    """Spreadsheets write semicolons in half the world."""
    ((_, order),) = read(f"{HEAD}\n1,USD,ada@example.com,Mug,1,1,true\n".replace(",", delimiter))

    assert parse_order(order).items[0].name == "Mug"


def test_table_cells_may_hold_delimiters_and_line_breaks() -> None:
    """An address has a line break or a bar between its lines; lines are still counted right."""
    rows = (
        f'{HEAD},shipping_address\n1,USD,,"Mug, green",1,1,no,"Ada\n12 Example Road|Springfield"\n2,USD,,Mug,1,1,no,\n'
    )

    (first, order), (second, _) = read(rows)

    assert (first, second) == (2, 4)
    assert parse_order(order).shipping_address == ("Ada", "12 Example Road", "Springfield")


def test_table_tells_events_apart() -> None:
    """The same order, placed and shipped, is two tellings; two parcels of it are one."""
    head = "id,event,customer.email,shipment.id,shipment.tracking.number,shipment.tracking.carrier"
    rows = f"{head}\n1,shipped,ada@example.com,s1,EP1,Example Post\n1,,,,EP2,Example Post\n1,delivered,ada@example.com,s1,,\n"

    shipped, delivered = (parse_order(order) for _, order in read(rows))

    assert [parcel.number for parcel in shipped.shipments[0].parcels] == ["EP1", "EP2"]
    assert (shipped.event, delivered.event) == (OrderEvent.SHIPPED, OrderEvent.DELIVERED)


@pytest.mark.parametrize(
    ("rows", "path", "message"),
    [
        (
            "1,USD,a@example.com,Mug,1,1,no\n1,USD,b@example.com,Pen,1,1,no",
            "/customer/email",
            "line 3 says something else",
        ),
        ("1,USD,a@example.com,Mug,1,1\n", "", "line 2: this row has 6 fields, and the header has 7"),
        ("1,USD,a@example.com,Mug,1,1,no,more\n", "", "line 2: this row has 8 fields"),
        (b"1,USD,a@example.com,M\xfcg,1,1,no\n", "", "line 2: not UTF-8"),
        (f'1,USD,a@example.com,"{"x" * 200_000}",1,1,no\n', "", "line 2: "),
    ],
)
def test_table_row_that_cannot_be_read_is_an_error(rows: str | bytes, path: str, message: str) -> None:
    """It refuses its own order alone, and repeats nothing of it."""
    body = rows.encode() if isinstance(rows, str) else rows

    found = read(HEAD.encode() + b"\n" + body.rstrip(b"\n") + b"\n9,USD,,Mug,1,1,no\n")

    (_, fault), (_, after) = found
    assert isinstance(fault, InvalidOrder)
    assert (fault.path, fault.message.startswith(message)) == (path, True)
    assert "@" not in fault.message
    assert after["id"] == "9"


@pytest.mark.parametrize(
    ("head", "path", "told"),
    [
        (HEAD + ",customer.emial", "/customer/emial", "Did you mean customer.email?"),
        (HEAD + ",id", "/id", "twice"),
        (HEAD.removeprefix("id,"), "/id", "missing"),
        ("Order,Mail,Status,Total", "", "id, number, event"),
        ("7,ada@example.com,Ada,12.00", "", "must name its columns"),
    ],
)
def test_table_header_is_checked(head: str, path: str, told: str) -> None:
    """A wrong column refuses the file at once; a row of data in its place is not repeated."""
    ((line, fault),) = read(f"{head}\n1,2,3\n")

    assert isinstance(fault, InvalidOrder)
    assert (line, fault.path) == (1, path)
    assert told in f"{fault.message} {fault.hint}"
    assert "@" not in fault.message + fault.hint


def test_table_values_are_judged_as_in_json() -> None:
    """A wrong cell is refused with the place that it has in our JSON format."""
    ((_, order),) = read(f"{HEAD}\n1,USD,,Mug,a lot,1,perhaps\n")

    with pytest.raises(InvalidOrder) as caught:
        parse_order(order)

    assert caught.value.path == "/items/0/total"


def test_table_of_the_documentation_leads_to_messages() -> None:
    """The example has every kind of event; each order of it can be told of, and its columns are documented."""
    with (EXAMPLES / "orders.csv").open("rb") as stream:
        orders = [parse_order(order) for _, order in read_payloads(stream) if isinstance(order, dict)]

    assert {order.event for order in orders} == set(OrderEvent) - {OrderEvent.DRAFTED}
    assert all(order_notifications(order).planned for order in orders)
    reference = Path(ROOT / "docs/reference/order-format.md").read_text(encoding="utf-8")
    assert all(f"`{column}`" in reference for column in COLUMNS)


def test_table_of_rows_without_end_is_not_kept() -> None:
    """More rows of one order than anybody orders are an error, not memory."""
    rows = io.StringIO()
    csv.writer(rows).writerows([["1", "USD", "", "Mug", "1", "1", "no"]] * 10_002)

    ((_, fault),) = read(f"{HEAD}\n{rows.getvalue()}")

    assert isinstance(fault, InvalidOrder)
    assert "10000 rows" in fault.message
