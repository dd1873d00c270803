"""Parcels and languages that plugins keep in WooCommerce's metadata."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.orders import order_notifications, parse_order
from tests.support.order_payloads import TRACKING, a_woocommerce_order


def test_woocommerce_tracking_of_plugins_is_read() -> None:
    """Two parcels of one shipment: carrier, number and address, as far as the plugin has them."""
    (shipment,) = parse_order(a_woocommerce_order(status="completed", meta_data=[TRACKING])).shipments

    assert [(parcel.carrier, parcel.number, parcel.url) for parcel in shipment.parcels] == [
        ("Example Post", "EP1001", "https://tracking.example.com/EP1001"),
        ("Sample Parcel", "20022002", ""),
    ]


def test_woocommerce_parts_are_shipments_of_their_own() -> None:
    """Each parcel of an order that is sent in parts is told of once."""
    order = parse_order(a_woocommerce_order(status="partial-shipped", meta_data=[TRACKING]))

    assert [(shipment.id, shipment.partial) for shipment in order.shipments] == [("EP1001", True), ("20022002", True)]


def test_woocommerce_rest_of_an_order_is_told_of_after_its_part() -> None:
    """Without anything to track, the part and the whole are two messages; each is told once."""
    keys = [
        {plan.idempotency_key for plan in order_notifications(parse_order(a_woocommerce_order(status=status))).planned}
        for status in ("partial-shipped", "completed")
    ]

    assert all(keys)
    assert keys[0].isdisjoint(keys[1])


@pytest.mark.parametrize(
    "meta",
    [
        {"key": "_aftership_tracking_number", "value": "EP1001"},
        {"key": "ywot_tracking_code", "value": "EP1001"},
        {"key": "_aftership_tracking_items", "value": {"0": {"tracking_number": "EP1001", "slug": "example-post"}}},
    ],
)
def test_woocommerce_tracking_of_other_plugins_is_read(meta: dict[str, Any]) -> None:
    """Each keeps it under a key of its own."""
    (shipment,) = parse_order(a_woocommerce_order(status="completed", meta_data=[meta])).shipments

    assert [parcel.number for parcel in shipment.parcels] == ["EP1001"]


@pytest.mark.parametrize("value", ["see mail", "", None, [], {"a": 1}, "x" * 90, ["EP1"], True])
def test_woocommerce_metadata_that_is_no_tracking_is_left_out(value: Any) -> None:
    """A customer never reads what a plugin meant for itself."""
    meta = [
        {"key": key, "value": value} for key in ("_aftership_tracking_number", "_wc_shipment_tracking_items", "note")
    ]

    (shipment,) = parse_order(a_woocommerce_order(status="completed", meta_data=meta)).shipments

    assert shipment.parcels == ()


def test_woocommerce_language_of_a_plugin_is_taken() -> None:
    """Translation plugins note the language of the checkout."""
    german = [{"key": "wpml_language", "value": "de"}]
    brazilian = [{"key": "trp_language", "value": "pt_BR"}, {"key": 5, "value": 6}]

    assert parse_order(a_woocommerce_order()).locale == "en"
    assert parse_order(a_woocommerce_order(meta_data=german)).locale == "de"
    assert parse_order(a_woocommerce_order(meta_data=brazilian)).locale == "pt-BR"
