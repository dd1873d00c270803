"""What Shopify's orders say of money: currencies, edits, refunds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from notifyctl.orders import order_notifications, parse_order
from tests.support.order_payloads import (
    LINE,
    a_fulfilment,
    a_refund,
    a_shopify_cod_order,
    a_shopify_order,
    captured,
    reasons,
    told,
    totals_of,
)


def test_shopify_amounts_are_in_the_customers_currency() -> None:
    """All of them, or none: where one is not told in it, everything is in the shop's."""

    def pair(usd: str, eur: str) -> dict[str, Any]:
        return {
            "shop_money": {"amount": usd, "currency_code": "USD"},
            "presentment_money": {"amount": eur, "currency_code": "EUR"},
        }

    sets = {
        "total_price_set": pair("29.35", "27.00"),
        "total_discounts_set": pair("2.00", "1.80"),
        "total_shipping_price_set": pair("10.00", "9.20"),
    }
    line = {**LINE, "price_set": pair("10.00", "9.20")}

    abroad = parse_order(a_shopify_order(presentment_currency="EUR", line_items=[line], **sets))
    mixed = parse_order(a_shopify_order(presentment_currency="EUR", **sets))

    assert abroad.totals is not None
    assert mixed.totals is not None
    assert (abroad.currency, abroad.items[0].total) == ("EUR", Decimal("18.40"))
    assert (abroad.totals.total, abroad.totals.shipping, abroad.totals.discount, abroad.totals.tax) == (
        Decimal("27.00"), Decimal("9.20"), Decimal("1.80"), None,
    )  # fmt: skip
    assert (mixed.currency, mixed.totals.total) == ("USD", Decimal("29.35"))


def test_shopify_shipping_in_another_currency_is_not_free() -> None:
    """Where it is told in neither of the order's currencies, no message says what it costs."""
    yen = {"presentment_money": {"amount": "700", "currency_code": "JPY"}}
    silent = {"total_shipping_price_set": yen, "shipping_lines": [{"title": "Standard", "price_set": yen}]}

    assert totals_of(parse_order(a_shopify_order(**silent))).shipping is None


def test_shopify_edited_order_shows_what_is_left_of_it() -> None:
    """A row that was taken off before shipping is neither listed nor charged."""
    lines = [{**LINE, "current_quantity": 1}, {**LINE, "id": 12, "current_quantity": 0}]

    order = parse_order(a_shopify_cod_order(line_items=lines, current_total_price="19.35", total_outstanding="19.35"))

    assert order.totals is not None
    assert [item.quantity for item in order.items] == [1]
    assert (order.totals.total, order.totals.due) == (Decimal("19.35"), Decimal("19.35"))


@pytest.mark.parametrize("transactions", [[], [{"kind": "refund", "status": "failure", "amount": "9.50"}]])
@pytest.mark.parametrize("status", ["paid", "partially_refunded"])
def test_shopify_row_that_an_edit_took_off_is_gone(status: str, transactions: list[dict[str, Any]]) -> None:
    """Shopify notes it as a refund of no money: the confirmation shows what is left, and the parcel is all of that."""
    lines = [{**LINE, "quantity": 1, "current_quantity": 1}, {**LINE, "id": 12, "current_quantity": 0}]
    removed = {"refunds": [a_refund(transactions=transactions)], "current_total_price": "19.35"}
    sent = a_fulfilment(line_items=lines[:1])

    order = parse_order(a_shopify_order(line_items=lines, financial_status=status, fulfillments=[sent], **removed))

    assert [item.quantity for item in order.items] == [1]
    assert totals_of(order).total == Decimal("19.35")
    assert [shipment.partial for shipment in order.shipments] == [False]


@pytest.mark.parametrize("status", ["partially_refunded", "refunded"])
def test_shopify_refund_that_is_not_through_is_not_told(status: str) -> None:
    """The bank has not said yes yet; an order that is to be refunded is not confirmed either."""
    pending = a_refund(transactions=[{"kind": "refund", "status": "pending", "amount": "10.67"}])
    payload = a_shopify_order(financial_status=status, refunds=[pending])

    assert told(payload) == ([] if status == "refunded" else ["placed"])
    assert "the money is not back yet" in reasons(payload)


def test_shopify_free_order_is_confirmed() -> None:
    """A gift costs nothing, so nothing has to be paid; no note asks for 0.00."""
    free = {"total_price": "0.00", "total_discounts": "20.00", "payment_gateway_names": [], "financial_status": "paid"}

    planned, *_ = order_notifications(parse_order(a_shopify_order(**free)))

    assert len(planned) == 2
    assert all("payment" not in plan.notification.data for plan in planned)


def test_shopify_tips_and_duties_are_fees() -> None:
    """What is neither goods nor shipping nor tax."""
    duties = {"shop_money": {"amount": "3.00", "currency_code": "USD"}}

    totals = parse_order(a_shopify_order(total_tip_received="1.50", original_total_duties_set=duties)).totals

    assert totals is not None
    assert totals.fees == Decimal("4.50")


@pytest.mark.parametrize(
    ("changes", "amount", "full"),
    [
        ({"financial_status": "partially_refunded", "refunds": [a_refund()]}, "10.67", False),
        ({"financial_status": "partially_refunded", "refunds": [a_refund(transactions=[])]}, "10.67", False),
        ({"financial_status": "refunded", "refunds": [a_refund()]}, "10.67", True),
        ({"financial_status": "refunded", "refunds": []}, "29.35", True),
        ({"financial_status": "partially_refunded", "refunds": [], "current_total_price": "20.00"}, "9.35", False),
        (
            {"refunds": [a_refund(transactions=[{"kind": "refund", "status": "success", "amount": "29.35"}])]},
            "29.35",
            True,
        ),
    ],
)
def test_shopify_refund_is_what_went_back(changes: dict[str, Any], amount: str, full: bool) -> None:
    """By its transactions; without them by its rows with their tax; without any by what is left of the total."""
    (refund,) = parse_order(a_shopify_order(**changes)).refunds

    assert (refund.amount, refund.full, refund.currency) == (Decimal(amount), full, "")


def test_shopify_refund_of_shipping_counts() -> None:
    """It is an adjustment below 0 beside the rows."""
    shipping = [{"kind": "shipping_refund", "amount": "-5.00", "tax_amount": "-0.50"}, {"kind": "refund_discrepancy"}]
    refund = a_refund(transactions=[], order_adjustments=shipping)

    order = parse_order(a_shopify_order(financial_status="partially_refunded", refunds=[refund]))

    assert order.refunds[0].amount == Decimal("16.17")


@pytest.mark.parametrize(
    "refund",
    [
        a_refund(transactions=[]),
        a_refund(transactions=[{"kind": "refund", "status": "failure", "amount": "5.00"}]),
        a_refund(transactions=[{"kind": "void", "status": "success", "amount": "29.35"}]),
    ],
)
def test_shopify_goods_that_come_back_are_no_refund(refund: dict[str, Any]) -> None:
    """An unpaid order that is cancelled restocks its goods, and no money goes back."""
    assert parse_order(a_shopify_order(financial_status="voided", refunds=[refund])).refunds == ()


def test_shopify_refund_in_another_currency_says_so() -> None:
    """What went back is said in the currency it went back in."""
    transactions = [{"kind": "refund", "status": "success", "amount": "9.50", "currency": "EUR"}]

    order = parse_order(
        a_shopify_order(financial_status="partially_refunded", refunds=[a_refund(transactions=transactions)])
    )

    assert (order.currency, order.refunds[0].currency) == ("USD", "EUR")
    assert not order.refunded_in_full


def test_shopify_refund_by_itself_names_no_customer() -> None:
    """Nothing can be sent, and the reason says what to send instead."""
    for payload in (a_refund(), captured("refunds/create", a_refund()), {"refund": a_refund()}):
        assert told(payload) == []
        assert reasons(payload) == {"a refund by itself names no customer: tell of its order (orders/updated)"}
