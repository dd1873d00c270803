"""Shopify's payloads, real ones among them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from notifyctl.errors import InvalidOrder
from notifyctl.notification import Channel
from notifyctl.orders import OrderEvent, Platform, Shop, order_notifications, parse_order
from notifyctl.orders.rules import happenings
from tests.support.order_payloads import (
    ADDRESS,
    LINE,
    a_fulfilment,
    a_refund,
    a_shopify_cod_order,
    a_shopify_order,
    captured,
    real,
    reasons,
    told,
)


def test_shopify_real_test_order_is_cancelled_whatever_its_topic_says() -> None:
    """Shopify's own test order comes as created and is cancelled: no confirmation of it."""
    order = parse_order(real("shopify-orders_create.json"))

    planned, skipped, _ = order_notifications(order)

    assert (order.event, order.cancelled) == (OrderEvent.PLACED, True)
    assert planned == []
    assert {skip.reason for skip in skipped} == {"the order is cancelled"}


def test_shopify_real_test_order_without_its_topic_was_never_confirmed() -> None:
    """The exact id, the mail address and the total; its payment is void, so that nobody knows of it."""
    order = parse_order(real("shopify-orders_create.json")["body"])

    planned, skipped, _ = order_notifications(order)

    assert order.id == "820982911946154508"
    assert (order.number, order.email, order.customer_name) == ("#9999", "jon@example.com", "John Smith")
    assert order.totals is not None
    assert order.totals.total == Decimal("388.00")
    assert planned == []
    assert {skip.reason for skip in skipped} == {"nothing was confirmed"}


def test_shopify_real_fulfilment_is_a_parcel_on_its_way() -> None:
    """It names the order by its own number, and what to track; its phone is none."""
    order = parse_order(real("shopify-fulfillments_create.json"))

    planned, skipped, _ = order_notifications(order)

    (mail,) = planned
    assert mail.idempotency_key == "shop:820982911946154500:shipped:123456:email"
    assert mail.notification.data["order_number"] == "#9999"
    assert mail.notification.data["shipments"][0]["number"] == "1z827wk74630"
    assert mail.notification.data["shipping_address"][-2:] == ["Shippington, KY 40003", "United States"]
    assert [skip.channel for skip in skipped] == [Channel.WHATSAPP]


def test_shopify_order_is_read_in_full() -> None:
    """Every fact lands where it belongs."""
    order = parse_order(a_shopify_order(), shop=Shop("corner-shop"))

    assert (order.shop, order.id, order.number, order.event) == ("corner-shop", "5123456789012", "#1042", None)
    assert (order.customer_name, order.email, order.phone) == ("Ada Lovelace", "ada@example.com", "(212) 555-0142")
    assert (order.items[0].name, order.items[0].total) == ("Linen shirt - White / M", Decimal("20.00"))
    totals = order.totals
    assert totals is not None
    assert (totals.subtotal, totals.discount, totals.shipping) == (Decimal("20.00"), Decimal("2.00"), Decimal("10.00"))
    assert (totals.tax, totals.total, totals.tax_included) == (Decimal("1.35"), Decimal("29.35"), False)
    assert (order.payment.paid, order.payment.method) == (True, "Shopify Payments")
    assert order.shipping_address == ("Ada Lovelace", "12 Example Road", "Springfield, IL 62700", "United States")
    assert order.created_at == datetime(2026, 1, 31, 18, tzinfo=UTC)
    assert order.locale == "en-US"
    assert order.url.startswith("https://shop.example.com/")


@pytest.mark.parametrize(
    ("topic", "changes", "expected"),
    [
        ("orders/create", {}, ["placed"]),
        ("orders/create", {"financial_status": "pending"}, []),
        ("orders/create", {"financial_status": "authorized"}, []),
        ("orders/create", {"financial_status": "partially_paid"}, []),
        ("orders/paid", {}, ["placed"]),
        ("orders/updated", {}, ["placed"]),
        ("orders/fulfilled", {"fulfillments": [a_fulfilment()]}, ["shipped:4123456789012"]),
        ("orders/updated", {"fulfillments": [a_fulfilment()]}, ["shipped:4123456789012"]),
        ("orders/cancelled", {"cancelled_at": "2026-02-01T09:00:00Z", "financial_status": "voided"}, []),
        ("orders/updated", {"cancelled_at": "2026-02-01T09:00:00Z"}, ["cancelled"]),
        ("orders/delete", {}, []),
        ("draft_orders/create", {}, []),
        (
            "orders/updated",
            {"financial_status": "partially_refunded", "refunds": [a_refund()]},
            ["refunded:929361462", "placed"],
        ),
    ],
)
def test_shopify_topic_and_state_tell_the_event(topic: str, changes: dict[str, Any], expected: list[str]) -> None:
    """The topic names the event, where it names one; the state decides whether anything follows."""
    assert told(captured(topic, a_shopify_order(**changes))) == expected


def test_shopify_cash_on_delivery_is_confirmed_before_it_is_paid() -> None:
    """By the built-in gateway, that of the Indian app, or a name from the settings."""
    named = Shop(cod_methods=frozenset({"nachnahme"}))
    for gateways in (["Cash on Delivery (COD)"], ["cash_on_delivery"], ["", "NACHNAHME"]):
        order = parse_order(a_shopify_cod_order(payment_gateway_names=gateways), shop=named)

        planned, skipped, _ = order_notifications(order)

        assert skipped == []
        assert {plan.notification.data["payment"] for plan in planned} == {"cod"}
    old = a_shopify_cod_order(payment_gateway_names=[], gateway="Cash on Delivery (COD)")
    assert parse_order(old).payment.cash_on_delivery
    assert told(captured("orders/paid", a_shopify_cod_order(financial_status="paid"))) == ["paid"]


def test_shopify_cash_that_was_taken_is_not_asked_for() -> None:
    """Cash on delivery and paid: the confirmation says paid."""
    order = parse_order(captured("orders/create", a_shopify_cod_order(financial_status="paid")))

    assert order_notifications(order).planned[0].notification.data["payment"] == "paid"


def test_shopify_authorized_money_can_count() -> None:
    """A shop that takes the money when it ships may confirm before."""
    payload = a_shopify_order(financial_status="authorized")

    assert not parse_order(payload).payment.paid
    assert parse_order(payload, shop=Shop(confirm_authorized=True)).payment.paid


def test_shopify_addresses_and_phones_have_an_order_of_preference() -> None:
    """The first that is given counts, a phone with the country of its own address; a point of sale knows none."""
    home = {**ADDRESS, "phone": "07700 900123", "country_code": "GB"}
    bare = a_shopify_order(
        email="", contact_email=None, phone=" ", shipping_address=None, billing_address=None, shipping_lines=[],
        customer={"email": "home@example.com", "first_name": None, "last_name": None, "default_address": home},
    )  # fmt: skip
    till = a_shopify_order(email="", contact_email=None, customer=None, shipping_address=None, billing_address=None)

    order = parse_order(bare)

    assert (order.email, order.phone, order.phone_region) == ("home@example.com", "07700 900123", "GB")
    assert (order.customer_name, order.shipping_address) == ("", ())
    assert told(till) == []
    assert reasons(till) == {"the order has no mail address", "the order has no phone number"}


def test_shopify_digital_goods_are_not_on_their_way() -> None:
    """No address and no row for shipping; they are fulfilled as soon as they are paid, which confirms the order."""
    line = {**LINE, "requires_shipping": False}
    sent = a_fulfilment(
        line_items=[line], tracking_numbers=[], tracking_number=None, tracking_urls=[], tracking_url=None
    )
    goods = {"line_items": [line], "fulfillments": [sent], "fulfillment_status": "fulfilled"}
    none: dict[str, Any] = {"shipping_address": None, "shipping_lines": [], "total_shipping_price_set": None}

    order = parse_order(a_shopify_order(**goods, **none))

    assert order.totals is not None
    assert (order.shipping_address, order.totals.shipping, order.shipments) == ((), None, ())
    assert told(a_shopify_order(**goods)) == ["placed"]
    for payload in (captured("orders/fulfilled", a_shopify_order(**goods)), sent):
        assert reasons(payload) == {"nothing of it is on its way"}


def test_shopify_order_without_its_fulfilments_is_still_shipped() -> None:
    """A tool may have left them out; the status says so, and there is nothing to track."""
    assert told(a_shopify_order(fulfillments=None, fulfillment_status="fulfilled")) == ["shipped"]


def test_shopify_parcels_pair_numbers_with_addresses() -> None:
    """Several numbers of one carrier; an address that is no link is left out."""
    payload = a_fulfilment(
        tracking_numbers=["EP1", "EP2", "EP3"], tracking_urls=["https://tracking.example.com/1", "javascript:alert(1)"]
    )

    (shipment,) = parse_order(payload).shipments

    assert [(parcel.number, parcel.url) for parcel in shipment.parcels] == [
        ("EP1", "https://tracking.example.com/1"),
        ("EP2", ""),
        ("EP3", ""),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["shipped:4123456789012"]),
        (
            {"tracking_numbers": [], "tracking_number": None, "tracking_urls": [], "tracking_url": None},
            ["shipped:4123456789012"],
        ),
        ({"status": "pending"}, ["shipped:4123456789012"]),
        (
            {
                "status": "pending",
                "tracking_numbers": [],
                "tracking_number": "",
                "tracking_urls": [],
                "tracking_url": "",
            },
            [],
        ),
        ({"status": "cancelled"}, []),
        ({"status": "failure"}, []),
        ({"shipment_status": "in_transit"}, ["shipped:4123456789012"]),
        ({"shipment_status": "delivered"}, ["delivered:4123456789012"]),
    ],
)
def test_shopify_fulfilment_tells_whether_anything_is_on_its_way(changes: dict[str, Any], expected: list[str]) -> None:
    """A failed or waiting one is no shipment; the same names inside an order count the same."""
    payload = a_fulfilment(**changes)

    assert told(payload) == told(captured("fulfillments/update", payload)) == expected
    inside = told(a_shopify_order(fulfillments=[payload]))
    assert inside == (expected or ["placed"])


def test_shopify_shipments_know_whether_they_are_all() -> None:
    """A part is one by the order's word or by its quantities; what needs no shipping does not count."""
    two = [a_fulfilment(line_items=[{**LINE, "quantity": 1}]), a_fulfilment(id=2, admin_graphql_api_id=None)]
    download = {**LINE, "id": 12, "requires_shipping": False}

    whole = parse_order(a_shopify_order(fulfillments=[a_fulfilment()], line_items=[LINE, download]))
    parts = parse_order(a_shopify_order(fulfillments=two, fulfillment_status="partial"))
    alone = parse_order(a_shopify_order(fulfillments=two[:1], fulfillment_status="fulfilled"))

    assert [shipment.partial for shipment in whole.shipments] == [False]
    assert [(shipment.id, shipment.partial) for shipment in parts.shipments] == [("4123456789012", True), ("2", True)]
    assert [shipment.partial for shipment in alone.shipments] == [False]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": None, "admin_graphql_api_id": None}, "/id"),
        ({"id": 5.1e12, "admin_graphql_api_id": None}, "/id"),
        ({"admin_graphql_api_id": "gid://shopify/Order/7"}, "/admin_graphql_api_id"),
        ({"total_price": None}, "/total_price"),
        ({"total_price": "29,35"}, "/total_price"),
        ({"currency": "$"}, "/currency"),
        ({"line_items": None}, "/line_items"),
        ({"line_items": [{"quantity": "two"}]}, "/line_items/0/quantity"),
        ({"fulfillments": [5]}, "/fulfillments/0"),
        ({"refunds": [{"transactions": [{"amount": "x"}]}]}, "/refunds/0/transactions/0/amount"),
    ],
)
def test_shopify_fault_is_named_by_its_place(changes: dict[str, Any], path: str) -> None:
    """In the payload as it came, wrapped or not."""
    payload = a_shopify_order(**changes)

    for wrapped, prefix in (
        (payload, ""),
        (captured("orders/create", payload), "/body"),
        ({"order": payload}, "/order"),
    ):
        with pytest.raises(InvalidOrder) as caught:
            parse_order(wrapped)
        assert caught.value.path == prefix + path


def test_shopify_ids_are_exact() -> None:
    """The global id has every digit that JavaScript rounded away; without it an exact whole number counts."""
    rounded = a_shopify_order(id=820982911946154500, admin_graphql_api_id="gid://shopify/Order/820982911946154508")
    exact = a_shopify_order(id=820982911946154508, admin_graphql_api_id=None)

    assert parse_order(rounded).id == parse_order(exact).id == "820982911946154508"


@pytest.mark.parametrize("topic", ["products/update", "customers/create", "app/uninstalled", "customer.created"])
def test_shopify_topics_about_other_things_are_refused(topic: str) -> None:
    """Whatever the body is."""
    with pytest.raises(InvalidOrder, match="not about an order") as caught:
        parse_order(captured(topic, {"id": 7, "title": "Mug"}))

    assert caught.value.path == "/body"


def test_shopify_drafts_and_checkouts_are_no_orders() -> None:
    """They look much alike, and nobody has ordered yet."""
    draft = a_shopify_order(
        admin_graphql_api_id="gid://shopify/DraftOrder/5123456789012", invoice_url="https://x.example"
    )
    checkout = a_shopify_order(admin_graphql_api_id=None, abandoned_checkout_url="https://shop.example.com/1")

    assert parse_order({"draft_orders": [draft]}).event is OrderEvent.DRAFTED
    assert [happening.event for happening in happenings(parse_order(draft))] == [OrderEvent.DRAFTED]
    with pytest.raises(InvalidOrder, match="checkout"):
        parse_order(checkout)


def test_shopify_can_be_named_as_the_sender() -> None:
    """A payload without the shape is complained about field by field."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order({"id": 5}, platform=Platform.SHOPIFY)

    assert caught.value.path == "/currency"
