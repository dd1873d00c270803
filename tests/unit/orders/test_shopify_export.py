"""Shopify's own export of orders."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from notifyctl.errors import InvalidOrder
from notifyctl.notification import Channel
from notifyctl.orders import Order, order_notifications, parse_order, read_payloads
from tests.support.order_payloads import EXAMPLES, totals_of

EXPORT = (EXAMPLES / "shopify-export.csv").read_text(encoding="utf-8")


def orders(text: str = EXPORT) -> list[Order]:
    """The orders of an export."""
    return [parse_order(order) for _, order in read_payloads(io.BytesIO(text.encode())) if isinstance(order, dict)]


def keys(order: Order) -> list[str]:
    """What customers are told of an order by mail."""
    planned = order_notifications(order).planned
    return [plan.idempotency_key for plan in planned if plan.notification.channel is Channel.EMAIL]


def test_export_is_read_as_the_rest_api_would_tell_it() -> None:
    """Rows are items, apostrophes are no part of a number, and the keys are those of every other way in."""
    cash, shipped, refunded = orders()

    assert (cash.id, cash.number, cash.payment.cash_on_delivery) == ("5123456789012", "#1042", True)
    assert [(item.name, item.total) for item in cash.items] == [
        ("Linen shirt - White / M", Decimal("16.00")),
        ("Tea towel", Decimal("4.00")),
    ]
    totals = totals_of(cash)
    assert (totals.discount, totals.shipping, totals.tax, totals.tax_included) == (
        Decimal("2.00"), Decimal("10.00"), Decimal("1.35"), False,
    )  # fmt: skip
    assert cash.shipping_address == ("Ada Lovelace", "12 Example Road", "Springfield, IL 62700", "US")
    assert cash.created_at is not None
    assert totals_of(shipped).tax_included
    assert refunded.phone == "+447700900456"
    assert keys(cash) == ["shop:5123456789012:placed:email"]
    assert keys(shipped) == ["shop:5123456789011:shipped:email"]
    assert keys(refunded) == ["shop:5123456789010:refunded:partial:email", "shop:5123456789010:placed:email"]


@pytest.mark.parametrize(
    ("old", "new", "message", "path"),
    [
        ("2,Tea towel,2.00,true", "2,Tea towel,2.00", "line 3: this row has 40 fields", ""),
        ("16.00,true", "x,true", "expected a decimal number", "/line_items/0/price"),
        ("10.00,1.35,29.35", "10.00,1.35,", "missing", "/total_price"),
        (",5123456789012,", ",5.1e12,", "", ""),
    ],
)
def test_export_that_is_damaged_refuses_the_order_alone(old: str, new: str, message: str, path: str) -> None:
    """The others are read; a text is taken for an id as it is."""
    text = EXPORT.replace(old, new)
    assert text != EXPORT

    first, *others = (found for _, found in read_payloads(io.BytesIO(text.encode())))

    assert len(others) == 2
    if not message:
        assert isinstance(first, dict)
        assert parse_order(first).id == "5.1e12"
        return
    with pytest.raises(InvalidOrder, match=message) as caught:
        raise first if isinstance(first, InvalidOrder) else AssertionError(parse_order(first))
    assert caught.value.path == path


def test_export_tells_of_the_rest_of_an_order_after_its_part() -> None:
    """An order that is partly fulfilled, and all of it in a later export, are two messages."""
    whole = orders()[1]
    part = orders(EXPORT.replace(",fulfilled,", ",partial,"))[1]

    assert keys(part) == ["shop:5123456789011:shipped:partial:email"]
    assert keys(whole) == ["shop:5123456789011:shipped:email"]


def test_export_tells_of_refunds_in_part_once() -> None:
    """Its amount is the sum so far: ten and then twenty are not thirty, and only the whole is told of again."""
    ten, twenty = (
        orders(EXPORT.replace("Shopify Payments,5.00", f"Shopify Payments,{sum_so_far}"))[2]
        for sum_so_far in ("10.00", "20.00")
    )
    whole = orders(EXPORT.replace(",partially_refunded,", ",refunded,").replace("Payments,5.00", "Payments,30.00"))[2]

    assert [refund.amount for refund in (*ten.refunds, *twenty.refunds)] == [Decimal("10.00"), Decimal("20.00")]
    assert keys(ten) == keys(twenty) == ["shop:5123456789010:refunded:partial:email", "shop:5123456789010:placed:email"]
    assert keys(whole) == ["shop:5123456789010:refunded:email"]


def test_export_of_one_endless_order_is_not_kept() -> None:
    """More rows of one order than anybody orders are an error, not memory."""
    head, first, row, *_ = EXPORT.splitlines()

    ((line, fault),) = read_payloads(io.BytesIO("\n".join([head, first, *[row] * 10_001]).encode()))

    assert line == 2
    assert isinstance(fault, InvalidOrder)
    assert "10000 rows" in fault.message
