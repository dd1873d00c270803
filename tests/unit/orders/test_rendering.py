"""What follows from each event on each channel, of each platform's order, through the templates that come with us."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.channels.email import render_email
from notifyctl.channels.validation import validate_notification
from notifyctl.channels.whatsapp import render_whatsapp
from notifyctl.notification import Channel
from notifyctl.orders import OrderEvent, Planned, made_up_orders, order_notifications, parse_order
from notifyctl.settings.messages import MessageRule, MessagesSettings
from notifyctl.templates.catalog import Catalog
from tests.support.order_payloads import (
    a_fulfilment,
    a_native_order,
    a_refund,
    a_shopify_cod_order,
    a_shopify_order,
    a_woocommerce_order,
    captured,
)

CATALOG = Catalog()
SHOP = {"name": "Corner Shop"}
EVENTS = [event for event in OrderEvent if event is not OrderEvent.DRAFTED]

#: All that is off by default is on here.
ALL_ON = MessagesSettings.model_validate({"paid": {"whatsapp": MessageRule("payment_received")}})

GONE = {"cancelled_at": "2026-02-01T09:00:00Z"}
BACK = {"financial_status": "partially_refunded", "refunds": [a_refund()]}
HERE = a_fulfilment(shipment_status="delivered")
SENT_META = [{"key": "_wc_shipment_tracking_items", "value": [{"tracking_number": "EP1001"}]}]

PAYLOADS: dict[str, dict[OrderEvent, dict[str, Any]]] = {
    "notifyctl": {
        OrderEvent.PLACED: a_native_order(),
        OrderEvent.PAID: a_native_order(event="paid"),
        OrderEvent.SHIPPED: a_native_order(
            event="shipped", shipment={"tracking": [{"number": "EP1"}], "partial": True}
        ),
        OrderEvent.DELIVERED: a_native_order(event="delivered"),
        OrderEvent.CANCELLED: a_native_order(event="cancelled"),
        OrderEvent.REFUNDED: a_native_order(event="refunded", refund={"amount": "9.00"}),
    },
    "shopify": {
        OrderEvent.PLACED: captured("orders/create", a_shopify_cod_order()),
        OrderEvent.PAID: captured("orders/paid", a_shopify_cod_order(financial_status="paid")),
        OrderEvent.SHIPPED: captured("fulfillments/create", a_fulfilment()),
        OrderEvent.DELIVERED: captured("fulfillments/update", HERE),
        OrderEvent.CANCELLED: captured("orders/cancelled", a_shopify_order(**GONE)),
        OrderEvent.REFUNDED: captured("orders/updated", a_shopify_order(**BACK, fulfillments=[])),
    },
    "woocommerce": {
        OrderEvent.PLACED: a_woocommerce_order(),
        OrderEvent.PAID: a_woocommerce_order(date_paid_gmt="2026-02-01T09:00:00"),
        OrderEvent.SHIPPED: a_woocommerce_order(status="completed", meta_data=SENT_META),
        OrderEvent.DELIVERED: a_woocommerce_order(status="delivered"),
        OrderEvent.CANCELLED: a_woocommerce_order(status="cancelled"),
        OrderEvent.REFUNDED: a_woocommerce_order(
            status="refunded", date_paid_gmt="2026-02-01T09:00:00", refunds=[{"id": 1, "total": "-38.50"}]
        ),
    },
}

TEMPLATES = {
    OrderEvent.PLACED: "order_confirmation",
    OrderEvent.PAID: "payment_received",
    OrderEvent.SHIPPED: "order_shipped",
    OrderEvent.DELIVERED: "order_delivered",
    OrderEvent.CANCELLED: "order_cancelled",
    OrderEvent.REFUNDED: "order_refunded",
}


def text_of(plan: Planned) -> str:
    """All that a customer reads of a message."""
    checked = validate_notification(plan.notification, CATALOG, shop=SHOP)
    if plan.notification.channel is Channel.WHATSAPP:
        return render_whatsapp(checked, job_id="j1", catalog=CATALOG, shop=SHOP).text
    mail = render_email(
        checked,
        job_id="j1",
        created_at_ms=0,
        sender="orders@example.com",
        sender_name="",
        reply_to="",
        shop=SHOP,
        catalog=CATALOG,
    )
    assert len(mail.html) > 0
    return f"{mail.subject}\n{mail.text}"


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("platform", list(PAYLOADS))
def test_every_event_of_every_platform_renders(platform: str, event: OrderEvent, channel: Channel) -> None:
    """The right template, with the order's number in it and nothing of a program's."""
    order = parse_order(PAYLOADS[platform][event])

    # WooCommerce tells no event: cash on delivery that has arrived is named by the caller
    named = event if (platform, event) == ("woocommerce", OrderEvent.PAID) else None
    planned, *_ = order_notifications(order, named, messages=ALL_ON, catalog=CATALOG)

    plan = next(plan for plan in planned if plan.notification.channel is channel)
    assert plan.notification.template == TEMPLATES[event]
    text = text_of(plan)
    assert order.number in text
    assert not any(mark in text for mark in ("None", "Decimal", "[]", "{", "}", "Undefined"))


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_renders_for_customers_everywhere(event: OrderEvent) -> None:
    """Names, goods and amounts of many languages, with cash on delivery and without."""
    for order in made_up_orders(60, seed=11, events=[event]):
        for plan in order_notifications(order, messages=ALL_ON, catalog=CATALOG).planned:
            assert order.number in text_of(plan)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_renders_with_the_least_that_is_known(event: OrderEvent) -> None:
    """An id, a customer and what the event cannot do without."""
    least = {
        "id": "7",
        "event": event,
        "currency": "EUR",
        "customer": {"email": "ada@example.com", "phone": "+447700900123"},
        "items": [{"name": "Mug", "total": 1}],
        "totals": {"total": "1.00"},
        "payment": {"paid": True},
    }
    if event is OrderEvent.REFUNDED:
        least["refund"] = {"amount": 1}
    if event not in (OrderEvent.PLACED, OrderEvent.PAID):
        for name in ("items", "totals", "payment"):
            del least[name]

    for plan in order_notifications(parse_order(least), messages=ALL_ON, catalog=CATALOG).planned:
        assert "7" in text_of(plan)
