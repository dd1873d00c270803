"""Whatever a shop system sends, the answer is orders or refusals with their place; never a crash."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from notifyctl.channels.validation import validate_notification
from notifyctl.errors import InvalidInput, InvalidOrder
from notifyctl.orders import Order, Platform, order_notifications, parse_orders
from notifyctl.templates.catalog import Catalog
from tests.support.order_payloads import (
    ADDRESS,
    LINE,
    a_fulfilment,
    a_native_order,
    a_refund,
    a_shopify_cod_order,
    a_woocommerce_order,
    as_sent,
    captured,
    example,
)

CATALOG = Catalog()

VALUES: tuple[Any, ...] = (
    None, "", " ", "x", "\x00\n", "a" * 300, "1e999", "NaN", "-5", "0", 0, -1, 10**40, 2.5, True, False, [], {}, [None],
    [[]], [{}], {"id": None}, ["x"], "\ud800", "2026-01-31T18:00:00Z", "<b>&amp;</b>", "{{ 7*7 }}",
)  # fmt: skip

PAYLOADS: dict[str, dict[str, Any]] = {
    "shopify": captured(
        "orders/updated",
        a_shopify_cod_order(
            fulfillments=[a_fulfilment()],
            refunds=[a_refund(order_adjustments=[{"kind": "shipping_refund", "amount": "-1.00"}])],
            customer={"first_name": "Ada", "default_address": ADDRESS},
            line_items=[LINE],
            financial_status="partially_refunded",
        ),
    ),
    "fulfilment": a_fulfilment(),
    "refund": {"refunds": [a_refund()]},
    "woocommerce": a_woocommerce_order(
        status="completed",
        refunds=[{"id": 1, "total": "-5.00"}],
        fee_lines=[{"total": "1.00", "total_tax": "0.10"}],
        meta_data=[{"key": "_wc_shipment_tracking_items", "value": [{"tracking_number": "EP1001"}]}],
    ),
    "legacy": {"order": example("woocommerce-legacy-order.json")["order"]},
    "notifyctl": a_native_order(
        event="shipped",
        shipment={"id": 1, "tracking": [{"carrier": "Example Post", "number": "EP1"}], "items": [{"name": "Mug"}]},
        refund={"amount": "1.00", "items": [{"name": "Mug", "quantity": 1}]},
    ),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload, itself excluded."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, held in inner for place in [(*path, key), *places(held, (*path, key))]]


def changed(payload: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A payload with another value in one place."""
    copied = copy.deepcopy(payload)
    held: Any = copied
    for key in place[:-1]:
        held = held[key]
    held[place[-1]] = value
    return copied


def points_into(path: str, payload: Any) -> bool:
    """Whether all of a JSON pointer but its last part is there."""
    for part in path.split("/")[1:-1]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(payload, list) and name.isdecimal() and int(name) < len(payload):
            payload = payload[int(name)]
        elif isinstance(payload, dict) and name in payload:
            payload = payload[name]
        else:
            return False
    return path == "" or path.startswith("/")


@pytest.mark.parametrize("name", list(PAYLOADS))
def test_wrong_value_anywhere_is_an_order_or_a_refusal(name: str) -> None:
    """Each field of each platform's payload replaced with all kinds of values."""
    payload = as_sent(PAYLOADS[name])
    platform = Platform.NATIVE if name == "notifyctl" else None

    for place in places(payload):
        for value in VALUES:
            broken = changed(payload, place, value)
            for found in parse_orders(broken, platform=platform):
                if isinstance(found, Order):
                    order_notifications(found, catalog=CATALOG)
                else:
                    assert isinstance(found, InvalidOrder)
                    assert points_into(found.path, broken), found.path


@pytest.mark.parametrize("name", list(PAYLOADS))
def test_what_is_planned_of_a_strange_order_can_be_sent(name: str) -> None:
    """Of an order with odd texts in it, each message passes the check at the door."""
    payload = as_sent(PAYLOADS[name])
    texts = ("\x00\n", "a" * 300, "<b>&amp;</b>", "{{ 7*7 }}", "\u202e\u200b", "     ", "\ud800")

    for place in places(payload):
        for value in texts:
            for found in parse_orders(changed(payload, place, value)):
                planned = order_notifications(found, catalog=CATALOG).planned if isinstance(found, Order) else []
                for plan in planned:
                    try:
                        validate_notification(plan.notification, CATALOG).encode()
                    except InvalidInput as error:
                        pytest.fail(f"{name} {place} {value!r}: {error}")


def test_payload_of_anything_is_refused_or_empty() -> None:
    """Objects that are no orders at all."""
    for value in VALUES:
        for key in ("order", "orders", "body", "payload", "id", "customer", "line_items", "refunds"):
            payload = {key: value, "headers": {}}
            assert all(isinstance(found, InvalidOrder) for found in parse_orders(json.loads(json.dumps(payload))))
