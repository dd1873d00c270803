"""What customers are not told, because it is not so, or because they never heard of the order."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.orders import Outcome, Shop, order_notifications, parse_order
from notifyctl.orders.fields import Fields
from notifyctl.orders.woocommerce_tracking import parcels_of
from tests.support.order_payloads import (
    a_fulfilment,
    a_native_order,
    a_shopify_cod_order,
    a_shopify_order,
    a_woocommerce_order,
    captured,
)

GONE = {"cancelled_at": "2026-02-01T09:00:00Z"}


def outcome(payload: dict[str, Any], shop: Shop | None = None) -> Outcome:
    """What follows from a payload."""
    return order_notifications(parse_order(payload, shop=shop or Shop()))


def templates(payload: dict[str, Any], shop: Shop | None = None) -> set[str]:
    """Which messages follow from a payload."""
    return {plan.notification.template for plan in outcome(payload, shop).planned}


def reasons(payload: dict[str, Any]) -> set[str]:
    """Why none follow."""
    return {skip.reason for skip in outcome(payload).skipped}


@pytest.mark.parametrize(
    "payload",
    [
        a_shopify_order(**GONE, financial_status="pending"),
        captured("orders/cancelled", a_shopify_order(**GONE, financial_status="voided")),
        a_woocommerce_order(status="cancelled", payment_method="bacs"),
        a_native_order(event="cancelled", payment={"paid": False}),
    ],
)
def test_abandoned_checkout_is_not_cancelled_aloud(payload: dict[str, Any]) -> None:
    """Never paid, and not on delivery: nothing was confirmed, so there is nothing to take back."""
    assert templates(payload) == set()
    assert reasons(payload) == {"nothing was confirmed"}


@pytest.mark.parametrize(
    ("payload", "shop"),
    [
        (a_shopify_order(**GONE), Shop()),
        (a_shopify_cod_order(**GONE), Shop()),
        (a_shopify_order(**GONE, financial_status="partially_paid"), Shop()),
        (a_shopify_order(**GONE, financial_status="voided"), Shop(confirm_authorized=True)),
        (a_shopify_order(**GONE, financial_status="pending", total_price="0.00"), Shop()),
        (a_woocommerce_order(status="cancelled"), Shop()),
        (a_native_order(event="cancelled", payment=None), Shop()),
    ],
)
def test_order_that_was_confirmed_is_cancelled_aloud(payload: dict[str, Any], shop: Shop) -> None:
    """Paid in whole or part, on delivery, free, or reserved money that counts; also where nothing is said of paying."""
    assert templates(payload, shop) == {"order_cancelled"}


@pytest.mark.parametrize("progress", ["failure", "attempted_delivery", "ready_for_pickup"])
def test_stranded_parcel_is_not_on_its_way(progress: str) -> None:
    """Where the first that is heard of a parcel is that it was not delivered, nothing is told, and why."""
    parcel = a_fulfilment(shipment_status=progress)

    for payload in (parcel, captured("fulfillments/update", parcel), a_shopify_order(fulfillments=[parcel])):
        assert templates(payload) == set()
        assert all(reason.startswith("its parcel") for reason in reasons(payload))


def test_failed_woocommerce_order_is_not_paid() -> None:
    """A date of payment may be left from an earlier try."""
    payload = a_woocommerce_order(status="failed", payment_method="stripe", date_paid_gmt="2026-01-31T19:00:00")

    assert reasons(payload) == {"awaiting payment"}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ups", "UPS"), ("dpd", "DPD"), ("gls", "GLS"), ("usps", "USPS"), ("dhl-de", "DHL"), ("dhl-express", "DHL Express"),
        ("fedex", "FedEx"), ("royal-mail", "Royal Mail"), ("PostNL", "PostNL"), ("example post", "example post"),
    ],
)  # fmt: skip
def test_carriers_are_written_as_they_write_themselves(key: str, name: str) -> None:
    """Plugins keep keys, not names; what has a capital or a blank is a name already."""
    kept = [{"key": "ywot_tracking_code", "value": "EP1001"}, {"key": "ywot_carrier_name", "value": key}]

    assert [parcel.carrier for parcel in parcels_of(Fields({"meta_data": kept}))] == [name]
