"""Deliveries of shop systems over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.web.conftest import HOOKS
from tests.support.hooks import hmac_base64, shopify_headers, woocommerce_headers
from tests.support.intake import planned_ids, waiting
from tests.support.order_payloads import a_shopify_cod_order, a_shopify_order, a_woocommerce_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.serving import Serving

SHOPIFY, WOOCOMMERCE = HOOKS["shopify"]["secret"], HOOKS["woocommerce"]["secret"]


@pytest.fixture
def anybody(serving: Serving) -> Iterator[httpx.Client]:
    """Shop systems show no token."""
    with serving.client(None) as client:
        yield client


def encoded(payload: dict[str, Any]) -> bytes:
    """A body as it is sent."""
    return json.dumps(payload, default=str).encode()


ORDER = encoded(a_shopify_cod_order())


def test_shopify_delivery_becomes_messages(serving: Serving, anybody: httpx.Client) -> None:
    """Signed with the present secret, or with the one before it while it is changed."""
    for number, secret in enumerate((SHOPIFY, HOOKS["shopify"]["previous_secret"])):
        headers = shopify_headers(secret, ORDER, delivery=str(number))
        answer = anybody.post("/api/hooks/shopify", content=ORDER, headers=headers)
        assert answer.status_code == 202
        assert answer.json()["orders"][0]["planned"][0]["template"] == "order_confirmation"

    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_forged_delivery_changes_nothing(serving: Serving, anybody: httpx.Client) -> None:
    """No secret, a wrong one, another body, the secret of another platform; nothing is parsed before."""
    good = shopify_headers(SHOPIFY, ORDER)
    forged: list[tuple[dict[str, str], bytes]] = [
        ({}, ORDER),
        (shopify_headers("guessed", ORDER), ORDER),
        (shopify_headers(WOOCOMMERCE, ORDER), ORDER),
        (good, ORDER.replace(b"ada@example.com", b"eve@example.com")),
        ({}, b"[" * 100_000),
    ]
    answers = [anybody.post("/api/hooks/shopify", content=body, headers=headers) for headers, body in forged]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert "ada" not in "".join(answer.text for answer in answers)
    assert waiting(serving.app) == {}


def test_replayed_delivery_has_the_first_answer(serving: Serving, anybody: httpx.Client) -> None:
    """By its id; under another id, each message is known by its own key."""
    first = anybody.post("/api/hooks/shopify", content=ORDER, headers=shopify_headers(SHOPIFY, ORDER))
    again = anybody.post("/api/hooks/shopify", content=ORDER, headers=shopify_headers(SHOPIFY, ORDER))
    other = anybody.post("/api/hooks/shopify", content=ORDER, headers=shopify_headers(SHOPIFY, ORDER, delivery="d-2"))

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert planned_ids(other) == planned_ids(first)
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_two_deliveries_of_one_id_are_both_taken(serving: Serving, anybody: httpx.Client) -> None:
    """The id is in a header that nobody signed: another body is another delivery."""
    other = encoded(a_shopify_order(id=5123456789013, admin_graphql_api_id=None))
    for body in (ORDER, other):
        answer = anybody.post("/api/hooks/shopify", content=body, headers=shopify_headers(SHOPIFY, body))
        assert answer.status_code == 202

    assert waiting(serving.app) == {"email": 2, "whatsapp": 2}


def test_cancelled_order_of_a_hook_takes_back_what_waits(serving: Serving, anybody: httpx.Client) -> None:
    """The confirmation does not go; the cancellation does."""
    cancelled = encoded(a_shopify_cod_order(cancelled_at="2026-02-01T10:00:00Z"))
    anybody.post("/api/hooks/shopify", content=ORDER, headers=shopify_headers(SHOPIFY, ORDER))
    headers = shopify_headers(SHOPIFY, cancelled, topic="orders/cancelled", delivery="d-2")

    answer = anybody.post("/api/hooks/shopify", content=cancelled, headers=headers)

    assert answer.json()["superseded"] == 2
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_woocommerce_ping_and_orders_are_taken(serving: Serving, anybody: httpx.Client) -> None:
    """The ping is a form without a signature, and has no effect."""
    ping = anybody.post("/api/hooks/woocommerce", data={"webhook_id": "12"})
    body = encoded(a_woocommerce_order())
    order = anybody.post("/api/hooks/woocommerce", content=body, headers=woocommerce_headers(WOOCOMMERCE, body))

    assert (ping.status_code, "ping" in ping.json()["nothing"]) == (200, True)
    assert order.status_code == 202
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_woocommerce_deleted_order_takes_back_what_waits(serving: Serving, anybody: httpx.Client) -> None:
    """Its topic alone says what happened: the body holds the id."""
    order = a_woocommerce_order()
    for body, topic in ((encoded(order), "order.created"), (encoded({"id": order["id"]}), "order.deleted")):
        headers = woocommerce_headers(WOOCOMMERCE, body, topic=topic, delivery=topic)
        answer = anybody.post("/api/hooks/woocommerce", content=body, headers=headers)

    assert answer.json()["superseded"] == 2
    assert waiting(serving.app) == {}


@pytest.mark.parametrize(
    ("body", "topic", "said"),
    [
        (encoded({"id": 1, "title": "Mug"}), "products/update", "about products"),
        (encoded({"id": 1}), "orders/create", ""),
        (b"not json", "orders/create", "not JSON"),
    ],
)
def test_genuine_delivery_that_leads_to_nothing_is_taken(
    serving: Serving, anybody: httpx.Client, body: bytes, topic: str, said: str
) -> None:
    """Shopify would try again for hours, and then end the subscription."""
    headers = shopify_headers(SHOPIFY, body, topic=topic)
    answer = anybody.post("/api/hooks/shopify", content=body, headers=headers)

    assert answer.status_code == 200
    assert said in answer.json()["nothing"]
    assert waiting(serving.app) == {}


def test_square_event_is_taken_and_says_what_to_do(anybody: httpx.Client) -> None:
    """It holds nothing of an order."""
    body = encoded({"event_id": "e-1", "type": "order.created"})
    signed = hmac_base64(HOOKS["square"]["secret"], HOOKS["square"]["url"].encode() + body)

    taken = anybody.post("/api/hooks/square", content=body, headers={"x-square-hmacsha256-signature": signed})
    forged = anybody.post("/api/hooks/square", content=body, headers={"x-square-hmacsha256-signature": "x"})

    assert (taken.status_code, forged.status_code) == (200, 401)
    assert "/api/orders" in taken.json()["nothing"]


@pytest.mark.parametrize("platform", ["saleor", "amazon", "%2e%2e", "SHOPIFY"])
def test_hook_that_is_not_set_up_is_refused(anybody: httpx.Client, platform: str) -> None:
    """Whatever is sent there."""
    assert anybody.post(f"/api/hooks/{platform}", content=ORDER).status_code == 404


def test_huge_delivery_is_refused_unread(serving: Serving, anybody: httpx.Client) -> None:
    """Before its signature is looked at, whether it says its length or not."""
    huge = b" " * (1024 * 1024 + 1)

    assert anybody.post("/api/hooks/shopify", content=huge).status_code == 413
    assert anybody.post("/api/hooks/shopify", content=iter([huge])).status_code == 413
    assert waiting(serving.app) == {}
