"""What a message can do without never keeps an order back."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.notification import Channel
from notifyctl.orders import Outcome, order_notifications, parse_order
from tests.support.order_payloads import ADDRESS, a_shopify_cod_order, a_woocommerce_order


def outcome(payload: dict[str, Any]) -> Outcome:
    """What follows from a payload."""
    return order_notifications(parse_order(payload))


def addresses(payload: dict[str, Any]) -> dict[Channel, str]:
    """Where the messages go."""
    return {plan.notification.channel: plan.notification.to.address for plan in outcome(payload).planned}


@pytest.mark.parametrize("bad", ["garbage", "555-555-SHIP", 5, {"a": 1}, True])
def test_unusable_address_does_not_hide_a_good_one(bad: Any) -> None:
    """The first that can be sent to is taken, wherever in the list it is."""
    home = ADDRESS | {"phone": "07700 900123", "country_code": "GB"}
    shopify = a_shopify_cod_order(phone=bad, email=bad, shipping_address=ADDRESS | {"phone": bad}, billing_address=home)
    woo = a_woocommerce_order()
    woo["billing"] = woo["billing"] | {"phone": bad}
    woo["shipping"] = woo["billing"] | {"phone": "+44 7700 900789"}

    assert addresses(shopify) == {Channel.EMAIL: "ada@example.com", Channel.WHATSAPP: "+447700900123"}
    assert addresses(woo)[Channel.WHATSAPP] == "+447700900789"


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"number": "# 727 "}, "# 727"),
        ({"number": 727}, "727"),
        ({"number": []}, "10485"),
        ({"meta_data": [{"id": 1, "key": 123, "value": "x"}, {"key": None}, 5]}, "10485"),
        ({"meta_data": {}}, "10485"),
        ({"meta_data": {"3": {"key": "note", "value": 1}}}, "10485"),
        ({"date_paid_gmt": "0000-00-00T00:00:00", "date_paid": "0000-00-00 00:00:00"}, "10485"),
        ({"date_created_gmt": "yesterday", "date_modified_gmt": 5, "date_completed_gmt": []}, "10485"),
        ({"shipping": "none", "shipping_lines": {}, "fee_lines": {}, "refunds": {}, "coupon_lines": 5}, "10485"),
        ({"discount_total": "free", "shipping_total": [], "total_tax": {}, "fee_lines": [{"total": "x"}]}, "10485"),
        ({"payment_method_title": 5, "number": None}, "10485"),
    ],
)
def test_woocommerce_order_is_not_refused_for_what_it_could_do_without(changes: dict[str, Any], number: str) -> None:
    """Its message goes out, without what cannot be read; a date of zeros is none, so nothing is paid."""
    mail, note = outcome(a_woocommerce_order(**changes)).planned

    assert mail.notification.data["order_number"] == number
    assert {mail.notification.data["payment"], note.notification.data["payment"]} == {"cod"}


def test_woocommerce_empty_billing_of_php_is_an_order_without_a_customer() -> None:
    """An empty list is an empty object to PHP; nobody can be told, and the reason says so."""
    assert {skip.reason for skip in outcome(a_woocommerce_order(billing=[])).skipped} == {
        "the order has no mail address", "the order has no phone number",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": "yesterday"},
        {"customer": "Ada", "customer_locale": 5, "order_status_url": {}},
        {"name": 1042},
        {"billing_address": [], "shipping_lines": {"a": 1}},
        {"shipping_address": {**ADDRESS, "company": 7, "zip": 62700, "city": [], "first_name": {}}},
    ],
)
def test_shopify_order_is_not_refused_for_what_it_could_do_without(changes: dict[str, Any]) -> None:
    """Its message goes out, without what cannot be read."""
    assert {plan.notification.template for plan in outcome(a_shopify_cod_order(**changes)).planned} == {
        "order_confirmation"
    }


def test_unusable_addresses_alone_are_told_of() -> None:
    """Where none is usable, the reason is about the first; a wrong type refuses no order."""
    shopify = a_shopify_cod_order(email="ada", contact_email="", customer=None)
    woo = a_woocommerce_order(billing={"email": 5, "phone": [], "country": "GB"})

    assert [skip.reason for skip in outcome(shopify).skipped] == [
        "expected a mail address that can be sent to, such as ada@example.com"
    ]
    assert [skip.channel for skip in outcome(woo).skipped] == list(Channel)
