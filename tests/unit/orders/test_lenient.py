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


def test_unusable_addresses_alone_are_told_of() -> None:
    """Where none is usable, the reason is about the first; a wrong type refuses no order."""
    shopify = a_shopify_cod_order(email="ada", contact_email="", customer=None)
    woo = a_woocommerce_order(billing={"email": 5, "phone": [], "country": "GB"})

    assert [skip.reason for skip in outcome(shopify).skipped] == [
        "expected a mail address that can be sent to, such as ada@example.com"
    ]
    assert [skip.channel for skip in outcome(woo).skipped] == list(Channel)
