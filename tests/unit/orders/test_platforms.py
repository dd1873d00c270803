"""Whose payload it is, and what it is wrapped in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifyctl.errors import InvalidOrder
from notifyctl.orders import OrderEvent, Shop, load_payload, parse_order, parse_orders
from tests.support.order_payloads import (
    a_fulfilment,
    a_native_order,
    a_shopify_order,
    a_woocommerce_order,
    captured,
    example,
    real,
)


@pytest.mark.parametrize("name", ["square-order_created.json"])
def test_payload_of_an_unknown_system_is_refused(name: str) -> None:
    """With the formats that are known."""
    with pytest.raises(InvalidOrder, match="no order in a format that is known") as caught:
        parse_order(real(name))

    assert "/billing and /line_items (WooCommerce's)" in caught.value.hint


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"billing": {}, "order_key": "wc_1", "id": 1, "total": "1", "currency": "USD"}, "/line_items"),
        ({"financial_status": "paid", "order_number": 7, "id": 7, "currency": "USD"}, "/total_price"),
        ({"id": "7", "items": [], "totals": {"total": 1}, "currency": "USD"}, "/customer"),
        ({"orders": [{"items": [], "totals": {}}]}, "/orders/0/id"),
    ],
)
def test_payload_that_lacks_something_is_still_recognised(payload: dict[str, Any], path: str) -> None:
    """Two of a system's own fields are enough to say what is missing."""
    with pytest.raises(InvalidOrder, match="missing") as caught:
        parse_order(payload)

    assert caught.value.path == path


def test_page_of_orders_is_read_order_by_order() -> None:
    """One that is wrong does not keep the others back."""
    page = {
        "orders": [
            a_shopify_order(),
            5,
            a_shopify_order(total_price="x"),
            a_shopify_order(id=8, admin_graphql_api_id=None),
        ]
    }

    first, not_one, wrong, last = parse_orders(page)

    assert not isinstance(first, InvalidOrder)
    assert not isinstance(last, InvalidOrder)
    assert isinstance(not_one, InvalidOrder)
    assert isinstance(wrong, InvalidOrder)
    assert (first.id, last.id) == ("5123456789012", "8")
    assert (not_one.path, wrong.path) == ("/orders/1", "/orders/2/total_price")
    assert list(parse_orders({"orders": []})) == []
    with pytest.raises(InvalidOrder, match="expected one order, and this payload has 4"):
        parse_order(page)


@pytest.mark.parametrize("name", ["X-Shopify-Topic", "x-shopify-topic", "Shopify-Topic"])
def test_captured_delivery_is_told_by_its_header(name: str) -> None:
    """In capitals or not, as a text or a list; the header is nearer to the sender than the capture's own field."""
    for value in ("orders/cancelled", ["orders/cancelled"]):
        payload = {"headers": {name: value}, "topic": "orders/create", "body": a_shopify_order()}

        assert parse_order(payload).event is OrderEvent.CANCELLED


def test_captured_body_may_be_text() -> None:
    """Some tools keep what came as it came; others call it the payload."""
    text = json.dumps(a_shopify_order(), default=str)

    assert parse_order({"topic": "orders/create", "body": text}).id == "5123456789012"
    assert parse_order({"topic": "orders/create", "payload": load_payload(text.encode())}).event is OrderEvent.PLACED
    assert parse_order({"body": a_woocommerce_order()}).id == "10485"
    assert parse_order(captured("fulfillments/create", {"fulfillment": a_fulfilment()})).shipments
    for broken in ("webhook_id=7", "[]", '{"a": NaN'):
        with pytest.raises(InvalidOrder) as caught:
            parse_order({"headers": {}, "body": broken})
        assert caught.value.path == "/body"


def test_order_without_a_language_has_the_shops() -> None:
    """Of every platform; one that names its own keeps it."""
    german = Shop(locale="de")
    legacy = example("woocommerce-legacy-order.json")
    silent = a_shopify_order(customer_locale=None)

    for payload in (a_native_order(), a_woocommerce_order(), legacy, silent, a_fulfilment()):
        assert parse_order(payload).locale == "en"
        assert parse_order(payload, shop=german).locale == "de"
    for payload in (a_native_order(locale="pt-BR"), a_shopify_order(customer_locale="pt_BR")):
        assert parse_order(payload, shop=german).locale == "pt-BR"


def test_own_format_is_recognised_wrapped_and_bare() -> None:
    """As the others are."""
    for payload in (a_native_order(), {"order": a_native_order()}, {"orders": [a_native_order()]}):
        assert parse_order(payload).shop == "corner-shop"
