"""notifyctl's own order format."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from notifyctl.channels.validation import validate_notification
from notifyctl.errors import InvalidOrder
from notifyctl.orders import Order, OrderEvent, Shop, load_payload, order_notifications, parse_order, read_payloads
from notifyctl.templates.catalog import Catalog
from tests.support.order_payloads import totals_of

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs/reference/order-format.md").read_text(encoding="utf-8")

LEAST: dict[str, Any] = {
    "id": "10482",
    "currency": "USD",
    "customer": {},
    "items": [{"name": "Mug", "total": "9.90"}],
    "totals": {"total": "9.90"},
    "payment": {},
}


def documented() -> dict[str, Any]:
    """The example of the reference."""
    found = re.search(r"```json\n(.*?)```", REFERENCE, re.DOTALL)
    assert found is not None
    return load_payload(found[1].encode())


def orders_of_examples() -> list[Order]:
    """The orders of the example file."""
    with (ROOT / "docs/examples/orders.jsonl").open("rb") as stream:
        return [parse_order(payload) for _, payload in read_payloads(stream) if isinstance(payload, dict)]


def test_native_example_of_the_reference_is_read_in_full() -> None:
    """The documented example says what the documentation says."""
    order = parse_order(documented(), shop=Shop("ignored"))

    assert (order.shop, order.id, order.number, order.event) == (
        "corner-shop",
        "10482",
        "A-10482",
        OrderEvent.PLACED,
    )
    assert (order.customer_name, order.email, order.phone, order.phone_region) == (
        "Ada Lovelace",
        "ada@example.com",
        "(212) 555-0142",
        "US",
    )
    assert (order.items[0].quantity, order.items[0].total) == (Decimal(2), Decimal("20.00"))
    assert (totals_of(order).discount, totals_of(order).total) == (Decimal("2.00"), Decimal("29.35"))
    assert (order.payment.cash_on_delivery, order.payment.paid) == (True, False)
    assert order.created_at == datetime(2026, 1, 31, 18, tzinfo=UTC)
    assert (order.locale, order.url) == ("en-US", "https://shop.example.com/orders/10482")


def test_native_fields_are_all_documented() -> None:
    """Every field that is known stands in the table of the reference, and in its example."""
    for name in _names(documented()):
        assert f"`{name}`" in REFERENCE or f"`{name.rpartition('.')[2]}`" in REFERENCE, name


def _names(value: dict[str, Any], prefix: str = "") -> list[str]:
    names = []
    for key, inner in value.items():
        names.append(prefix + key)
        if isinstance(inner, dict):
            names += _names(inner, f"{prefix}{key}.")
    return names


def test_native_examples_lead_to_messages() -> None:
    """Of the example file, the third order awaits its payment; the others lead to messages that can be sent."""
    outcomes = [order_notifications(order) for order in orders_of_examples()]

    assert [len(outcome.planned) for outcome in outcomes] == [2, 2, 0, 2, 1, 1]
    for outcome in outcomes:
        for plan in outcome.planned:
            validate_notification(plan.notification, Catalog())


def test_native_order_may_leave_out_what_it_does_not_know() -> None:
    """The least order has a number, an event, a quantity and a subtotal by default."""
    order = parse_order(LEAST, shop=Shop("corner-shop"))

    assert (order.shop, order.number, order.event, order.locale) == (
        "corner-shop",
        "10482",
        OrderEvent.PLACED,
        "en",
    )
    assert order.items[0].quantity == 1
    assert totals_of(order).subtotal == Decimal("9.90")
    assert (order.customer_name, order.email, order.phone) == ("", "", "")


def test_native_nulls_and_empty_texts_count_as_absent() -> None:
    """Null, empty and absent are the same."""
    empty = {"number": "", "event": None, "locale": "", "url": None, "created_at": "", "shipping_address": None}

    assert parse_order(LEAST | empty) == parse_order(LEAST)


def test_native_time_of_payment_means_paid() -> None:
    """Either of paid and paid_at says that the money arrived."""
    for payment in ({"paid": True}, {"paid_at": "2026-01-31T18:00:00Z"}):
        assert parse_order(LEAST | {"payment": payment}).payment.paid


@pytest.mark.parametrize(
    ("change", "path", "told"),
    [
        ({"customer": {"emial": "ada@example.com"}}, "/customer/emial", "Did you mean email?"),
        ({"totl": 1}, "/totl", "Did you mean totals?"),
        ({"a/b~c": 1}, "/a~1b~0c", "Known fields"),
        ({"items": [{"name": "Mug", "price": 1}]}, "/items/0/price", "not known"),
        ({"items": [{"name": "Mug"}]}, "/items/0/total", "missing"),
        ({"items": [{"name": "", "total": 1}]}, "/items/0/name", "missing"),
        ({"id": ""}, "/id", "missing"),
        ({"id": 1.5}, "/id", "rounded"),
        ({"id": "x" * 65}, "/id", "64"),
        ({"shop": "a\nb"}, "/shop", "64"),
        ({"event": "packed"}, "/event", "placed, paid, shipped"),
        ({"event": "drafted"}, "/event", "placed, paid, shipped"),
        ({"event": "refunded"}, "/refund", "missing"),
        ({"refund": {}}, "/refund/amount", "missing"),
        ({"refund": {"amount": "-3"}}, "/refund/amount", "above 0"),
        ({"refund": {"amount": "3", "reason": "x"}}, "/refund/reason", "not known"),
        ({"shipment": {"tracking": [{"url": "ftp://x"}]}}, "/shipment/tracking/0/url", "https://"),
        ({"shipment": {"carrier": "Post"}}, "/shipment/carrier", "not known"),
        ({"shipment": {"items": [{"quantity": 1}]}}, "/shipment/items/0/name", "missing"),
        ({"created_at": "2026-01-31T18:00:00"}, "/created_at", "zone"),
        ({"created_at": 1700000000}, "/created_at", "text"),
        ({"locale": "English, please"}, "/locale", "language tag"),
        ({"url": "javascript:alert(1)"}, "/url", "https://"),
        ({"totals": {"total": "9.90", "discount": "-1"}}, "/totals/discount", "0 or more"),
        ({"totals": {"total": True}}, "/totals/total", "decimal"),
        ({"totals": {"total": "9" * 16}}, "/totals/total", "usual size"),
        ({"payment": {"paid": "yes"}}, "/payment/paid", "true or false"),
        ({"shipping_address": "12 Example Road"}, "/shipping_address", "list"),
        ({"shipping_address": [12]}, "/shipping_address", "list of texts"),
        ({"customer": "Ada"}, "/customer", "object"),
    ],
)
def test_native_fault_is_named_by_its_place(change: dict[str, Any], path: str, told: str) -> None:
    """Each fault names its place and what was expected, and repeats no value."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order(LEAST | change)

    assert caught.value.path == path
    assert told in f"{caught.value} {caught.value.hint}"
    assert "ada@" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Ada \r\n\t Lovelace ", "Ada Lovelace"),
        ("Ada\x00\x1b[31m", "Ada[31m"),
        ("Ada\ud800", "Ada"),
        ("\u2028Ada\u2029", "Ada"),
        ("x" * 5000, "x" * 200),
        ("<b>Ada</b> &amp; {{ 7*7 }}", "<b>Ada</b> &amp; {{ 7*7 }}"),
        ("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}", "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}"),
    ],
)
def test_native_texts_become_one_clean_line(typed: str, shown: str) -> None:
    """Whatever a name holds, it can go into a header and a WhatsApp variable; markup is left to the templates."""
    payload = LEAST | {"customer": {"name": typed, "email": "ada@example.com"}, "payment": {"paid": True}}

    order = parse_order(json.loads(json.dumps(payload)))

    assert order.customer_name == shown
    (plan,) = order_notifications(order).planned
    validate_notification(plan.notification, Catalog())
    plan.notification.encode()


def test_native_addresses_are_not_mended() -> None:
    """An address with something wrong in it is skipped, not turned into another one."""
    for email in (
        "ada\x00@example.com",
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@example.com",
        "a" * 300 + "@example.com",
    ):
        payload = LEAST | {"customer": {"email": email}, "payment": {"paid": True}}

        planned, skipped, _ = order_notifications(parse_order(payload))

        assert planned == []
        assert "@" not in skipped[0].reason.replace("before the @", "").replace("ada@example.com", "")


def test_native_shipment_needs_no_prices() -> None:
    """A parcel is told of with an id, a customer and what there is to track."""
    order = parse_order(
        {
            "id": 7,
            "event": "shipped",
            "customer": {"email": "ada@example.com"},
            "items": [{"name": "Mug"}],
            "shipment": {
                "id": "7-1",
                "tracking": [{"carrier": "Example Post", "number": "EP1"}, {"url": "https://tracking.example.com/2"}],
                "partial": True,
                "shipped_at": "2026-02-01T09:00:00Z",
            },
        }
    )

    (shipment,) = order.shipments
    assert (order.event, order.totals, shipment.id, shipment.partial) == (OrderEvent.SHIPPED, None, "7-1", True)
    assert [parcel.number for parcel in shipment.parcels] == ["EP1", ""]
    assert shipment.at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert not shipment.delivered


@pytest.mark.parametrize(
    ("refund", "full"), [({"amount": "9.90"}, True), ({"amount": 3}, False), ({"amount": 3, "full": True}, True)]
)
def test_native_refund_is_whole_if_it_is_all_or_said_so(refund: dict[str, Any], full: bool) -> None:
    """Compared with the total, where the shop does not say."""
    order = parse_order(LEAST | {"event": "refunded", "refund": refund})

    assert [one.full for one in order.refunds] == [full]


def test_native_event_paid_says_that_it_is_paid() -> None:
    """Whatever the payment says by itself."""
    assert parse_order(LEAST | {"event": "paid"}).payment.paid
    assert parse_order(LEAST | {"event": "cancelled"}).cancelled
    assert parse_order(LEAST | {"event": "delivered", "shipment": {"id": 1}}).shipments[0].delivered
