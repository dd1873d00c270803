"""Orders over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.states import State
from tests.support.intake import posted, waiting
from tests.support.order_payloads import a_native_order, a_shopify_cod_order, a_woocommerce_order

if TYPE_CHECKING:
    import httpx

    from tests.support.serving import Serving


def test_order_becomes_the_messages_that_follow_from_it(serving: Serving, shop: httpx.Client) -> None:
    """Each with its id; told again, they are known."""
    first = posted(shop, a_native_order())
    again = posted(shop, a_native_order())

    (order,) = first.json()["orders"]
    assert first.status_code == again.status_code == 202
    assert [(one["queue"], one["template"], one["known"]) for one in order["planned"]] == [
        ("email", "order_confirmation", False),
        ("whatsapp", "order_confirmation", False),
    ]
    assert [one["known"] for one in again.json()["orders"][0]["planned"]] == [True, True]
    assert [one["id"] for one in again.json()["orders"][0]["planned"]] == [one["id"] for one in order["planned"]]
    assert (first.json()["superseded"], first.json()["spooled"]) == (0, False)
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_order_without_a_way_to_its_customer_says_so(serving: Serving, shop: httpx.Client) -> None:
    """A part that does not follow is no fault of the order."""
    answer = posted(shop, a_native_order(customer={"email": "ada@example.com"}))

    assert answer.json()["orders"][0]["skipped"] == [{"queue": "whatsapp", "reason": "the order has no phone number"}]
    assert waiting(serving.app) == {"email": 1}


def test_order_that_is_cancelled_takes_back_what_waits(serving: Serving, shop: httpx.Client) -> None:
    """Its confirmation is not sent; one that is told late is not queued any more."""
    first = posted(shop, a_native_order()).json()["orders"][0]["planned"][0]["id"]
    cancelled = posted(shop, a_native_order(event="cancelled"))
    late = posted(shop, a_native_order(id="2", event="cancelled")), posted(shop, a_native_order(id="2"))

    assert cancelled.json()["superseded"] == 2
    assert serving.app.inspector.job(first).state is State.CANCELLED
    assert late[1].json()["orders"][0]["planned"] == []
    assert {one["reason"] for one in late[1].json()["orders"][0]["skipped"]} == {
        "the order was cancelled or refunded since"
    }


def test_order_that_says_something_else_now_stays_as_it_was_queued(shop: httpx.Client) -> None:
    """The answer tells; the first message is the one that goes."""
    first = posted(shop, a_native_order()).json()["orders"][0]["planned"][0]
    changed = posted(shop, a_native_order(totals={"total": "99.00"})).json()["orders"][0]["planned"][0]

    assert changed == {**first, "known": True, "changed": True}


@pytest.mark.parametrize("order", [a_shopify_cod_order(), a_woocommerce_order()])
def test_order_of_a_shop_system_is_told_by_its_shape(serving: Serving, shop: httpx.Client, order: Any) -> None:
    """As by `order import`."""
    assert posted(shop, order).json()["orders"][0]["planned"]
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_orders_in_an_array_are_all_taken_or_none(serving: Serving, shop: httpx.Client) -> None:
    """Each fault is named by its place; nothing of the request was queued."""
    good = [a_native_order(id=str(number)) for number in range(3)]
    wrong = posted(shop, [good[0], {**a_native_order(), "totals": {"total": "x"}}, 5, {"id": "7"}])
    right = posted(shop, good)

    assert wrong.status_code == 422
    assert wrong.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/1/totals/total", "/2", "/3"]
    assert [order["order"] for order in right.json()["orders"]] == ["0", "1", "2"]
    assert waiting(serving.app) == {"email": 3, "whatsapp": 3}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 422, "not JSON"),
        (b"{", 422, "not JSON"),
        (b"\xff", 422, "not UTF-8"),
        (b"[]", 422, "expected 1 to 500 orders"),
        (b"5", 422, "must be a JSON object"),
        (b"[" * 100_000, 422, "nested too deeply"),
        (b'{"id": 1e400}', 422, "no order in a format"),
        (b'{"id": NaN}', 422, "no usual size"),
        (b" " * 1_048_577, 413, "bytes at most"),
    ],
)
def test_body_that_is_no_order_is_refused(shop: httpx.Client, body: bytes, status: int, said: str) -> None:
    """In words that repeat nothing of it."""
    answer = shop.post("/api/orders", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_body_of_another_type_is_refused(shop: httpx.Client) -> None:
    """A form is what another site could make a browser send."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = shop.post("/api/orders", content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415


@pytest.mark.parametrize("query", ["event=gone", "platform=amazon", "dry_run=maybe", "shop=" + "x" * 65, "shop=%00"])
def test_parameter_that_is_not_known_is_refused(shop: httpx.Client, query: str) -> None:
    """By its name."""
    answer = posted(shop, a_native_order(), f"/api/orders?{query}")

    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json()["detail"]


def test_dry_run_tells_what_would_follow(serving: Serving, shop: httpx.Client) -> None:
    """And queues nothing."""
    answer = posted(shop, a_native_order(), "/api/orders?dry_run=true&event=shipped&shop=other")

    assert answer.status_code == 200
    assert answer.json()["dry_run"] is True
    assert answer.json()["orders"][0]["planned"][0] == {"queue": "email", "template": "order_shipped"}
    assert waiting(serving.app) == {}


@pytest.mark.parametrize("role", ["viewer", "support", "operator"])
def test_only_producers_hand_over(serving: Serving, role: str) -> None:
    """Whoever may look at everything may not order mails."""
    with serving.client(role) as client:
        assert posted(client, a_native_order()).status_code == 403
    with serving.client(None) as client:
        assert posted(client, a_native_order()).status_code == 401
    assert waiting(serving.app) == {}
