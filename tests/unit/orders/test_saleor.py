"""Saleor's orders, as it tells customers of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from notifyctl.errors import InvalidOrder
from notifyctl.notification import Channel
from notifyctl.orders import OrderEvent, Phone, Platform, order_notifications, parse_order
from tests.support.order_payloads import a_saleor_payload, real, totals_of


def _told(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the customer's mails say, by template."""
    planned = order_notifications(parse_order(payload)).planned
    return {
        plan.notification.template: dict(plan.notification.data)
        for plan in planned
        if plan.notification.channel is Channel.EMAIL
    }


def test_saleor_order_is_read() -> None:
    """Whose it is, what is in it and what it adds up to."""
    order = parse_order(a_saleor_payload("order_confirmation"))

    assert (order.id, order.number, order.event) == ("T3JkZXI6MQ==", "1042", OrderEvent.PLACED)
    assert (order.customer_name, order.email, order.locale) == ("Ada Lovelace", "ada@example.com", "pt-BR")
    assert (order.phone, order.phone_region, order.other_phones) == ("(212) 555-0142", "US", (Phone("", "GB"),))
    assert [(item.name, item.quantity, item.total) for item in order.items] == [
        ("Mug, blue", Decimal(2), Decimal("18.00"))
    ]
    totals = totals_of(order)
    assert (totals.total, totals.shipping, totals.discount, totals.tax) == (
        Decimal("21.00"), Decimal("5.00"), Decimal("2.00"), Decimal("3.35"),
    )  # fmt: skip
    assert order.shipping_address[0] == "Ada Lovelace"
    assert order.url == "https://shop.example.com/orders/1"


def test_saleor_order_is_confirmed_when_its_payment_arrived() -> None:
    """That it was placed says nothing of the payment."""
    placed = order_notifications(parse_order(a_saleor_payload("order_confirmation")))
    paid = _told(a_saleor_payload("order_payment_confirmation"))

    assert placed.planned == []
    assert {skip.reason for skip in placed.skipped} == {"awaiting payment"}
    assert paid["order_confirmation"]["payment"] == "paid"


def test_saleor_shipment_tells_what_is_in_it() -> None:
    """With its number, and whether more is to come."""
    line = a_saleor_payload("order_confirmation")["payload"]["order"]["lines"][0]
    parcel = {
        "fulfillment": {"id": "Rjox", "tracking_number": "EP1"},
        "physical_lines": [{"order_line": line, "quantity": 1}],
    }
    part = _told(a_saleor_payload("order_fulfillment_confirmation", **parcel))["order_shipped"]
    whole = {**parcel, "physical_lines": [{"order_line": line, "quantity": 2}]}

    assert part["items"] == [{"name": "Mug, blue", "quantity": "1"}]
    assert part["shipments"] == [{"number": "EP1"}]
    assert part["partial"] is True
    assert "partial" not in _told(a_saleor_payload("order_fulfillment_confirmation", **whole))["order_shipped"]


def test_saleor_tracking_may_be_an_address_or_nothing() -> None:
    """Shops type either into the one field."""
    linked = a_saleor_payload("order_fulfillment_update", fulfillment={"tracking_number": "https://t.example.com/1"})

    assert _told(linked)["order_shipped"]["shipments"] == [{"url": "https://t.example.com/1"}]
    without = _told(a_saleor_payload("order_fulfillment_confirmation", fulfillment={"tracking_number": ""}))
    assert without["order_shipped"]["shipments"] == []


def test_saleor_cancellation_and_refund_are_told() -> None:
    """A cancellation also makes wrong what still waits."""
    cancelled = order_notifications(parse_order(a_saleor_payload("order_canceled")))
    refunded = _told(a_saleor_payload("order_refund_confirmation", amount="21.00", currency="USD"))

    assert {plan.notification.template for plan in cancelled.planned} == {"order_cancelled"}
    assert (Channel.EMAIL, "shop:T3JkZXI6MQ%3D%3D:placed:email") in cancelled.superseded
    assert refunded["order_refunded"]["refund_full"] is True


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (a_saleor_payload("account_confirmation"), "/notify_event"),
        ({"notify_event": "order_confirmation", "payload": {}}, "/payload/order/id"),
        (a_saleor_payload("order_refund_confirmation", amount="-1"), "/payload/amount"),
        (a_saleor_payload("order_refund_confirmation"), "/payload/amount"),
    ],
)
def test_saleor_payload_that_cannot_be_used_is_refused_by_place(payload: dict[str, Any], place: str) -> None:
    """As every other one."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order(payload)

    assert caught.value.path == place


def test_saleor_real_payload_is_read() -> None:
    """That of Saleor's own documentation."""
    order = parse_order(real("saleor-order_confirmation.json"), platform=Platform.SALEOR)

    assert (order.event, order.items[0].name) == (OrderEvent.PLACED, "Apple Juice, 1l")
    assert totals_of(order).total == Decimal("240.82")
