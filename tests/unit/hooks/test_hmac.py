"""Shopify, WooCommerce and Square: who signed a delivery, and what it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from notifyctl.errors import HookRejected
from notifyctl.hooks import Delivery, Request, Shopify, Square, WooCommerce
from tests.support.hooks import hmac_base64, shopify_headers, woocommerce_headers

if TYPE_CHECKING:
    from notifyctl.hooks import Hook

BODY = b'{"id": 1}'
SECRET, BEFORE = "the present one", "the one before"
URL = "https://shop.example.com/api/hooks/square"

HOOKS: list[tuple[Hook, str, bytes]] = [
    (Shopify([SECRET.encode(), BEFORE.encode()]), "x-shopify-hmac-sha256", b""),
    (WooCommerce([SECRET.encode(), BEFORE.encode()]), "x-wc-webhook-signature", b""),
    (Square([SECRET.encode(), BEFORE.encode()], URL), "x-square-hmacsha256-signature", URL.encode()),
]


@pytest.mark.parametrize(("hook", "header", "prefix"), HOOKS)
@pytest.mark.parametrize("secret", [SECRET, BEFORE])
def test_hook_takes_what_either_secret_signed(hook: Hook, header: str, prefix: bytes, secret: str) -> None:
    """While a secret is changed, deliveries come with both."""
    hook.read(Request({header: hmac_base64(secret, prefix + BODY)}, BODY))


@pytest.mark.parametrize(("hook", "header", "prefix"), HOOKS)
def test_hook_refuses_all_else_in_the_same_words(hook: Hook, header: str, prefix: bytes) -> None:
    """No signature, a stranger's, another body's, no text at all: nobody learns which part was wrong."""
    good = hmac_base64(SECRET, prefix + BODY)
    forged = [
        ({}, BODY),
        ({header: ""}, BODY),
        ({header: hmac_base64("guessed", prefix + BODY)}, BODY),
        ({header: good}, BODY + b" "),
        ({header: good.lower()}, BODY),
        ({header: good + "="}, BODY),
        ({header: "\xff\x00"}, BODY),
        ({header: hmac_base64(SECRET, prefix)}, b"{}"),
    ]

    told = set()
    for headers, body in forged:
        with pytest.raises(HookRejected) as caught:
            hook.read(Request(headers, body))
        told.add((caught.value.message, caught.value.hint))

    assert len(told) == 1


@pytest.mark.parametrize("hook", [Shopify([]), WooCommerce([]), Square([], URL)])
def test_hook_without_a_secret_takes_nothing(hook: Hook) -> None:
    """Not even what an empty secret would sign."""
    signed = {
        name: hmac_base64("", URL.encode() + BODY if "square" in name else BODY)
        for name in ("x-shopify-hmac-sha256", "x-wc-webhook-signature", "x-square-hmacsha256-signature")
    }

    with pytest.raises(HookRejected):
        hook.read(Request(signed, BODY))


def test_square_signature_is_bound_to_the_address_of_its_subscription() -> None:
    """What was signed for another address is a stranger's."""
    hook = Square([SECRET.encode()], URL)

    with pytest.raises(HookRejected):
        hook.read(Request({"x-square-hmacsha256-signature": hmac_base64(SECRET, b"https://x/" + BODY)}, BODY))


def test_shopify_delivery_has_its_id_and_topic_whichever_way_headers_are_called() -> None:
    """Newer deliveries drop the X."""
    headers = shopify_headers(SECRET, BODY, topic="Orders/Create", delivery="b54557e4")
    newer = {name.removeprefix("x-"): value for name, value in headers.items()}
    hook = Shopify([SECRET.encode()])

    assert hook.read(Request(headers, BODY)) == Delivery("b54557e4", "orders/create")
    assert hook.read(Request(newer, BODY)) == Delivery("b54557e4", "orders/create")


def test_woocommerce_delivery_has_its_id_and_topic() -> None:
    """From its headers."""
    headers = woocommerce_headers(SECRET, BODY, topic="order.updated", delivery="17")

    assert WooCommerce([SECRET.encode()]).read(Request(headers, BODY)) == Delivery("17", "order.updated")


@pytest.mark.parametrize("body", [b"webhook_id=12", b"webhook_id=1"])
def test_woocommerce_ping_is_nothing_to_do(body: bytes) -> None:
    """It has no signature, and must be taken for the webhook to be saved."""
    assert "ping" in WooCommerce([SECRET.encode()]).read(Request({}, body)).nothing


@pytest.mark.parametrize("body", [b"webhook_id=", b"webhook_id=1&order=2", b'{"webhook_id": 1}', b"webhook_id=1\n"])
def test_woocommerce_ping_is_nothing_else(body: bytes) -> None:
    """Whatever only looks like one has to be signed."""
    with pytest.raises(HookRejected):
        WooCommerce([SECRET.encode()]).read(Request({}, body))


@pytest.mark.parametrize(
    ("event", "known"), [({"event_id": "e-1"}, "e-1"), ({"event_id": 1}, ""), ([], ""), ("not json", "")]
)
def test_square_event_is_known_by_its_id_and_leads_to_nothing(event: object, known: str) -> None:
    """It names an order and holds nothing of it; the answer says what to do."""
    body = event.encode() if isinstance(event, str) else json.dumps(event).encode()
    shown = {"x-square-hmacsha256-signature": hmac_base64(SECRET, URL.encode() + body)}

    delivery = Square([SECRET.encode()], URL).read(Request(shown, body))

    assert delivery.id == known
    assert "/api/orders" in delivery.nothing
