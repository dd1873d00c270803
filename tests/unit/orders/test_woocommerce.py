"""WooCommerce's payloads, real ones among them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from notifyctl.channels.email import render_email
from notifyctl.errors import InvalidOrder
from notifyctl.notification import Channel
from notifyctl.orders import OrderEvent, Platform, load_payload, order_notifications, parse_order
from notifyctl.orders.woocommerce import is_ping
from notifyctl.templates.catalog import Catalog

ROOT = Path(__file__).parents[3]
REAL = ROOT / "../shared/data/orders"
EXAMPLE = (ROOT / "docs/examples/woocommerce-order.json").read_bytes()


def real(name: str) -> dict[str, Any]:
    """A payload that a real shop sent, where it is at hand."""
    file = REAL / name
    if not file.exists():
        pytest.skip(f"no real payloads at ../shared/data/orders: {name} is not there")
    return load_payload(file.read_bytes())


def example(**changes: Any) -> dict[str, Any]:
    """The documented example, with some fields replaced."""
    return load_payload(EXAMPLE) | changes


def test_woocommerce_real_order_paid_by_bank_transfer() -> None:
    """The order from WooCommerce's documentation: paid, so both messages follow."""
    order = parse_order(real("woocommerce-order_created.json"))

    planned, skipped = order_notifications(order)

    assert [plan.idempotency_key for plan in planned] == ["shop:727:placed:email", "shop:727:placed:whatsapp"]
    assert skipped == []
    assert order.items[1].name == "Ship Your Idea \N{EN DASH} Color: Black, Size: M Test"
    assert planned[0].notification.data["payment"] == "paid"
    assert planned[0].notification.data["subtotal"] == "18.00"
    # Its number is in no assigned range, but has the length of one: the provider decides.
    assert planned[1].notification.to.address == "+1" + "5" * 10


def test_woocommerce_real_order_with_cash_on_delivery() -> None:
    """An unpaid order with cash on delivery is confirmed; three decimals in the payload are two dollars in the mail."""
    order = parse_order(real("woocommerce-order_updated-cod.json"))

    planned, skipped = order_notifications(order)

    assert [plan.notification.channel for plan in planned] == [Channel.EMAIL]
    assert [(skip.channel, skip.reason) for skip in skipped] == [
        (Channel.WHATSAPP, "no phone number of that country has this many digits")
    ]
    mail = render_email(
        planned[0].notification,
        job_id="j1",
        created_at_ms=0,
        sender="orders@example.com",
        sender_name="",
        reply_to="",
        shop={"name": "Corner Shop"},
        catalog=Catalog(),
    )
    assert "please have $2.00 ready" in mail.text
    assert "2.000" not in mail.text + mail.html


@pytest.mark.parametrize(
    "name",
    [
        "shopify-orders_create.json",
        "shopify-fulfillments_create.json",
        "saleor-order_confirmation.json",
        "square-order_created.json",
    ],
)
def test_woocommerce_is_not_taken_for_another_shop(name: str) -> None:
    """Another system's payload is refused with the formats that are known."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order(real(name))

    assert "woocommerce has billing and line_items" in caught.value.hint


def test_woocommerce_order_is_read_in_full() -> None:
    """Every fact of the documented example lands where it belongs."""
    order = parse_order(example(), shop="corner-shop")

    assert (order.shop, order.id, order.number, order.event) == ("corner-shop", "10485", "10485", OrderEvent.PLACED)
    assert (order.customer_name, order.email) == ("Grace Okafor", "grace.okafor@example.com")
    assert (order.phone, order.phone_region) == ("07700 900456", "GB")
    assert order.items[0].name == "Ceramic mug \N{EN DASH} Color: Sea green"
    assert order.items[0].total == Decimal("36.00")
    assert (order.totals.subtotal, order.totals.discount) == (Decimal("36.00"), Decimal("2.00"))
    assert (order.totals.shipping, order.totals.total) == (Decimal("4.50"), Decimal("38.50"))
    assert order.payment.cash_on_delivery
    assert not order.payment.paid
    assert order.shipping_address == ("Grace Okafor", "7 Example Road", "London EX1 1AA", "GB")
    assert order.created_at == datetime(2026, 1, 31, 18, 12, tzinfo=UTC)


def test_woocommerce_processing_does_not_mean_paid() -> None:
    """The status of an unpaid order with cash on delivery is processing; only the date of payment counts."""
    unpaid = parse_order(example(payment_method="bacs"))
    paid = parse_order(example(date_paid="2026-01-31T19:00:00", date_paid_gmt="2026-01-31T19:00:00"))

    assert not unpaid.payment.paid
    assert order_notifications(unpaid)[0] == []
    assert paid.payment.paid
    assert paid.payment.paid_at == datetime(2026, 1, 31, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("pending", OrderEvent.PLACED),
        ("on-hold", OrderEvent.PLACED),
        ("completed", OrderEvent.PLACED),
        ("packed-by-a-plugin", OrderEvent.PLACED),
        ("wc-cancelled", OrderEvent.CANCELLED),
        ("refunded", OrderEvent.CANCELLED),
        ("trash", OrderEvent.CANCELLED),
        ("checkout-draft", OrderEvent.DRAFTED),
    ],
)
def test_woocommerce_status_tells_the_event(status: str, event: OrderEvent) -> None:
    """Cancelled orders and drafts are told from placed ones."""
    assert parse_order(example(status=status)).event is event


def test_woocommerce_other_cash_methods_can_be_named() -> None:
    """A plugin's own cash on delivery counts if its key is given."""
    payload = example(payment_method="cod_with_fee")

    assert not parse_order(payload).payment.cash_on_delivery
    assert parse_order(payload, cod_methods={"cod_with_fee"}).payment.cash_on_delivery


def test_woocommerce_prices_with_tax_are_shown_with_tax() -> None:
    """Where the shop's prices include tax, rows, discount, shipping and fees do, too."""
    payload = example(
        prices_include_tax=True,
        total_tax="7.99",
        total="50.00",
        discount_tax="0.38",
        shipping_tax="0.86",
        line_items=[{"name": "Mug", "quantity": 3, "subtotal": "36.00", "subtotal_tax": "6.84", "total": "34"}],
        fee_lines=[{"total": "1.00", "total_tax": "0.19"}],
    )

    totals = parse_order(payload).totals

    assert (totals.subtotal, totals.discount, totals.shipping) == (Decimal("42.84"), Decimal("2.38"), Decimal("5.36"))
    assert (totals.fees, totals.tax, totals.tax_included) == (Decimal("1.19"), Decimal("7.99"), True)


def test_woocommerce_falls_back_from_billing_to_shipping() -> None:
    """Name and phone are taken from the shipping address where billing has none, the phone with its own country."""
    billing = load_payload(EXAMPLE)["billing"] | {"first_name": "", "last_name": "", "phone": ""}
    shipping = {
        "first_name": "Noémie",
        "phone": "06 39 98 00 12",
        "country": "FR",
        "city": "Paris",
        "postcode": "75000",
    }

    order = parse_order(example(billing=billing, shipping=shipping))

    assert (order.customer_name, order.phone_region) == ("Noémie", "FR")
    assert order.shipping_address == ("Noémie", "75000 Paris", "FR")
    assert order_notifications(order)[0][1].notification.to.address == "+33639980012"


def test_woocommerce_downloads_have_no_shipping_address() -> None:
    """An order that nobody ships has no parcel's address in its mail."""
    order = parse_order(example(shipping_lines=[], shipping_total="0.00", payment_method="stripe"))

    assert order.shipping_address == ()
    assert order.totals.shipping is None


def test_woocommerce_entities_are_decoded_once_and_stay_text() -> None:
    """An entity becomes its character, and what looks like markup afterwards is still only a name."""
    lines = [{"name": "Tom &amp; Jerry&#8217;s &lt;b&gt; &amp;amp;&#10;x", "quantity": 1, "total": "1"}]

    order = parse_order(example(line_items=lines))

    assert order.items[0].name == "Tom & Jerry\N{RIGHT SINGLE QUOTATION MARK}s <b> &amp; x"


@pytest.mark.parametrize("number", [2**53 + 1, 820982911946154508, 10**30 + 7])
def test_woocommerce_ids_stay_exact(number: int) -> None:
    """Ids above what a float can hold keep every digit, in the key as well."""
    order = parse_order(load_payload(EXAMPLE.replace(b'"id": 10485', f'"id": {number}'.encode())))

    assert order.id == str(number)
    assert order_notifications(order)[0][0].idempotency_key == f"shop:{number}:placed:email"


@pytest.mark.parametrize("written", ["8.2e17", "727.0"])
def test_woocommerce_rounded_ids_are_refused(written: str) -> None:
    """An id that somebody's float has been through is no id."""
    with pytest.raises(InvalidOrder, match="rounded") as caught:
        parse_order(load_payload(EXAMPLE.replace(b'"id": 10485', f'"id": {written}'.encode())))

    assert caught.value.path == "/id"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": None}, "/id"),
        ({"id": True}, "/id"),
        ({"id": "1\n2"}, "/id"),
        ({"total": ""}, "/total"),
        ({"total": "29,35"}, "/total"),
        ({"total": "NaN"}, "/total"),
        ({"total": [1]}, "/total"),
        ({"total": "1e99999"}, "/total"),
        ({"currency": "EURO"}, "/currency"),
        ({"billing": []}, "/billing"),
        ({"billing": {"email": 5}}, "/billing/email"),
        ({"line_items": {}}, "/line_items"),
        ({"line_items": [{"total": "1"}, 5]}, "/line_items/1"),
        ({"line_items": [{"total": "one"}]}, "/line_items/0/total"),
        ({"prices_include_tax": "no"}, "/prices_include_tax"),
        ({"date_paid_gmt": "yesterday"}, "/date_paid_gmt"),
    ],
)
def test_woocommerce_fault_is_named_by_its_place(change: dict[str, Any], path: str) -> None:
    """What cannot be used is named by JSON pointer."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order(example(**change))

    assert caught.value.path == path


def test_woocommerce_can_be_named_as_the_sender() -> None:
    """A payload without the shape is complained about field by field if its sender is known."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order({"id": 5}, platform=Platform.WOOCOMMERCE)

    assert caught.value.path == "/currency"


def test_woocommerce_ping_is_refused_kindly() -> None:
    """The ping of a saved webhook is told from an order and from broken JSON."""
    assert is_ping(b"webhook_id=7")
    assert not is_ping(EXAMPLE)
    with pytest.raises(InvalidOrder, match="ping") as caught:
        load_payload(b"webhook_id=7\n")
    assert "Nothing is wrong" in caught.value.hint


def test_woocommerce_order_in_json_of_floats_is_read_too() -> None:
    """A payload that another parser read, with floats for decimals, gives the same order."""
    assert parse_order(json.loads(EXAMPLE)) == parse_order(load_payload(EXAMPLE))
    assert replace(parse_order(example()), shop="x").shop == "x"
