"""Payloads as shop systems send them, of made-up people at example domains; each changed as told."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from notifyctl.notification import Channel
from notifyctl.orders import Order, Totals, load_payload, order_notifications, parse_order

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"
_REAL = ROOT / "../shared/data/orders"

#: What a plugin for parcels keeps in a WooCommerce order.
TRACKING = {
    "key": "_wc_shipment_tracking_items",
    "value": [
        {
            "tracking_provider": "example-post",
            "custom_tracking_provider": "",
            "custom_tracking_link": "https://tracking.example.com/EP1001",
            "tracking_number": "EP1001",
            "date_shipped": "1769904000",
        },
        {"custom_tracking_provider": "Sample Parcel", "tracking_number": 20022002},
    ],
}


def real(name: str) -> dict[str, Any]:
    """A payload that a real shop sent, where it is at hand."""
    file = _REAL / name
    if not file.exists():
        pytest.skip(f"no real payloads at ../shared/data/orders: {name} is not there")
    return load_payload(file.read_bytes())


def example(name: str) -> dict[str, Any]:
    """A payload of the documentation."""
    return load_payload((EXAMPLES / name).read_bytes())


def told(payload: dict[str, Any]) -> list[str]:
    """What customers are told of a Shopify payload: event and part of each mail."""
    planned = order_notifications(parse_order(payload)).planned
    mails = [plan for plan in planned if plan.notification.channel is Channel.EMAIL]
    return [plan.idempotency_key.removeprefix("shop:5123456789012:").removesuffix(":email") for plan in mails]


def reasons(payload: dict[str, Any]) -> set[str]:
    """Why channels are skipped."""
    return {skip.reason for skip in order_notifications(parse_order(payload)).skipped}


def _money(amount: str) -> dict[str, Any]:
    return {
        "shop_money": {"amount": amount, "currency_code": "USD"},
        "presentment_money": {"amount": amount, "currency_code": "USD"},
    }


ADDRESS: dict[str, Any] = {
    "first_name": "Ada", "last_name": "Lovelace", "name": "Ada Lovelace", "company": None, "phone": "(212) 555-0142",
    "address1": "12 Example Road", "address2": None, "city": "Springfield", "zip": "62700", "province": "Illinois",
    "province_code": "IL", "country": "United States", "country_code": "US",
}  # fmt: skip

LINE: dict[str, Any] = {
    "id": 11, "name": "Linen shirt - White / M", "title": "Linen shirt", "variant_title": "White / M", "quantity": 2,
    "current_quantity": 2, "price": "10.00", "price_set": _money("10.00"), "total_discount": "0.00",
    "requires_shipping": True,
}  # fmt: skip

SHOPIFY: dict[str, Any] = {
    "id": 5123456789012, "admin_graphql_api_id": "gid://shopify/Order/5123456789012", "name": "#1042",
    "order_number": 1042, "email": "ada@example.com", "contact_email": "ada@example.com", "phone": None,
    "created_at": "2026-01-31T13:00:00-05:00", "cancelled_at": None, "cancel_reason": None, "confirmed": True,
    "currency": "USD", "presentment_currency": "USD", "customer_locale": "en-US", "financial_status": "paid",
    "fulfillment_status": None, "payment_gateway_names": ["shopify_payments"], "test": False,
    "total_price": "29.35", "total_price_set": _money("29.35"), "current_total_price": "29.35",
    "current_total_price_set": _money("29.35"), "subtotal_price": "18.00", "total_line_items_price": "20.00",
    "total_discounts": "2.00", "total_tax": "1.35", "total_outstanding": "0.00", "total_tip_received": "0.00",
    "taxes_included": False, "total_shipping_price_set": _money("10.00"), "discount_codes": [],
    "order_status_url": "https://shop.example.com/1/orders/abc/authenticate?key=def",
    "customer": {"id": 7, "email": "ada@example.com", "phone": None, "first_name": "Ada", "last_name": "Lovelace"},
    "shipping_address": ADDRESS, "billing_address": ADDRESS, "line_items": [LINE],
    "shipping_lines": [{"title": "Standard", "price": "10.00", "discounted_price": "10.00"}],
    "fulfillments": [], "refunds": [],
}  # fmt: skip

FULFILMENT: dict[str, Any] = {
    "id": 4123456789012, "admin_graphql_api_id": "gid://shopify/Fulfillment/4123456789012",
    "order_id": 5123456789012, "name": "#1042.1", "status": "success", "shipment_status": None,
    "created_at": "2026-02-01T09:00:00-05:00", "tracking_company": "Example Post", "tracking_number": "EP000000001",
    "tracking_numbers": ["EP000000001"], "tracking_url": "https://tracking.example.com/EP000000001",
    "tracking_urls": ["https://tracking.example.com/EP000000001"], "email": "ada@example.com",
    "destination": ADDRESS, "line_items": [{**LINE, "quantity": 2}],
}  # fmt: skip

REFUND: dict[str, Any] = {
    "id": 929361462, "admin_graphql_api_id": "gid://shopify/Refund/929361462", "order_id": 5123456789012,
    "created_at": "2026-02-03T10:00:00-05:00", "note": None,
    "refund_line_items": [
        {"id": 1, "quantity": 1, "line_item_id": 11, "subtotal": 10.0, "total_tax": 0.67, "line_item": LINE,
         "subtotal_set": _money("10.00")},
    ],
    "transactions": [{"id": 1, "kind": "refund", "status": "success", "amount": "10.67", "currency": "USD"}],
    "order_adjustments": [],
}  # fmt: skip


def totals_of(order: Order) -> Totals:
    """What an order adds up to, of one that says so."""
    assert order.totals is not None
    return order.totals


def as_sent(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload after its way through JSON, its decimals exact."""
    return load_payload(json.dumps(payload, default=float).encode())


def _changed(payload: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return as_sent({**copy.deepcopy(payload), **changes})


def a_shopify_order(**changes: Any) -> dict[str, Any]:
    """A paid order of Ada's at a Shopify shop."""
    return _changed(SHOPIFY, changes)


def a_shopify_cod_order(**changes: Any) -> dict[str, Any]:
    """The same with cash on delivery, not paid yet."""
    cash = {
        "financial_status": "pending",
        "payment_gateway_names": ["Cash on Delivery (COD)"],
        "total_outstanding": "29.35",
    }
    return _changed(SHOPIFY, cash | changes)


def a_fulfilment(**changes: Any) -> dict[str, Any]:
    """The parcel of that order."""
    return _changed(FULFILMENT, changes)


def a_refund(**changes: Any) -> dict[str, Any]:
    """A part of that order's money, going back."""
    return _changed(REFUND, changes)


def captured(topic: str, body: dict[str, Any]) -> dict[str, Any]:
    """A webhook's delivery, as tools capture it."""
    return {"headers": {"X-Shopify-Topic": topic, "X-Shopify-Test": "false"}, "body": body, "topic": topic}


def a_woocommerce_order(**changes: Any) -> dict[str, Any]:
    """The documented order of a WooCommerce shop, with cash on delivery."""
    return example("woocommerce-order.json") | changes


def a_native_order(**changes: Any) -> dict[str, Any]:
    """An order of Ada's in notifyctl's own format, with cash on delivery."""
    return _changed(
        {
            "shop": "corner-shop",
            "id": "10482",
            "currency": "USD",
            "customer": {"name": "Ada", "email": "ada@example.com", "phone": "+447700900123"},
            "items": [{"name": "Mug", "quantity": 2, "total": "18.00"}],
            "totals": {"total": "29.35", "shipping": "11.35"},
            "payment": {"method": "Cash on delivery", "cash_on_delivery": True},
        },
        changes,
    )


def a_saleor_payload(event: str, **changes: Any) -> dict[str, Any]:
    """What Saleor sends when Ada is to be told of her order."""
    address = {
        "first_name": "Ada", "last_name": "Lovelace", "company_name": "", "street_address_1": "12 Example Road",
        "street_address_2": "", "city": "Springfield", "city_area": "", "postal_code": "62700", "country": "US",
        "country_area": "IL", "phone": "(212) 555-0142",
    }  # fmt: skip
    order = {
        "id": "T3JkZXI6MQ==", "number": "1042", "status": "unfulfilled", "language_code": "pt_BR", "currency": "USD",
        "total_gross_amount": "21.00", "subtotal_gross_amount": "18.00", "shipping_price_gross_amount": "5.00",
        "tax_amount": "3.35", "discount_amount": "2.00", "created": "2026-01-31 18:00:00.121991+00:00",
        "order_details_url": "https://shop.example.com/orders/1", "email": "ada@example.com",
        "lines": [
            {"product_name": "Mug", "variant_name": "blue", "quantity": 2, "unit_price_gross_amount": "9.00",
             "total_gross_amount": "18.00"},
        ],
        "shipping_address": address, "billing_address": {**address, "phone": "", "country": "GB"},
    }  # fmt: skip
    payload = {"order": order, "recipient_email": "ada@example.com", "domain": "shop.example.com"}
    return as_sent({"notify_event": event, "payload": payload | changes})
