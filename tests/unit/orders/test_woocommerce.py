"""WooCommerce's payloads, real ones among them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from notifyctl.channels.email import render_email
from notifyctl.errors import InvalidOrder
from notifyctl.notification import Channel
from notifyctl.orders import OrderEvent, Platform, Shop, load_payload, order_notifications, parse_order
from notifyctl.orders.rules import happenings
from notifyctl.orders.woocommerce import is_ping
from notifyctl.templates.catalog import Catalog
from tests.support.order_payloads import EXAMPLES, TRACKING, a_woocommerce_order, example, real, totals_of

EXAMPLE = (EXAMPLES / "woocommerce-order.json").read_bytes()


def events(**changes: Any) -> list[OrderEvent]:
    """What is told of the documented example with some fields replaced."""
    return [happening.event for happening in happenings(parse_order(a_woocommerce_order(**changes)))]


def test_woocommerce_real_order_paid_by_bank_transfer() -> None:
    """The order from WooCommerce's documentation: paid, so both messages follow."""
    order = parse_order(real("woocommerce-order_created.json"))

    planned, skipped, _ = order_notifications(order)

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

    planned, skipped, _ = order_notifications(order)

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
    assert "have $2.00 ready" in mail.text
    assert "2.000" not in mail.text + mail.html


def test_woocommerce_order_is_read_in_full() -> None:
    """Every fact of the documented example lands where it belongs."""
    order = parse_order(a_woocommerce_order(), shop=Shop("corner-shop"))

    assert (order.shop, order.id, order.number, order.event) == ("corner-shop", "10485", "10485", None)
    assert (order.customer_name, order.email) == ("Grace Okafor", "grace.okafor@example.com")
    assert (order.phone, order.phone_region) == ("07700 900456", "GB")
    assert order.items[0].name == "Ceramic mug \N{EN DASH} Color: Sea green"
    assert order.items[0].total == Decimal("36.00")
    assert (totals_of(order).subtotal, totals_of(order).discount) == (Decimal("36.00"), Decimal("2.00"))
    assert (totals_of(order).shipping, totals_of(order).total) == (Decimal("4.50"), Decimal("38.50"))
    assert order.payment.cash_on_delivery
    assert not order.payment.paid
    assert order.shipping_address == ("Grace Okafor", "7 Example Road", "London EX1 1AA", "GB")
    assert order.created_at == datetime(2026, 1, 31, 18, 12, tzinfo=UTC)


def test_woocommerce_processing_does_not_mean_paid() -> None:
    """The status of an unpaid order with cash on delivery is processing; only the date of payment counts."""
    unpaid = parse_order(a_woocommerce_order(payment_method="bacs"))
    paid = parse_order(a_woocommerce_order(date_paid="2026-01-31T19:00:00", date_paid_gmt="2026-01-31T19:00:00"))

    assert not unpaid.payment.paid
    assert order_notifications(unpaid).planned == []
    assert paid.payment.paid
    assert paid.payment.paid_at == datetime(2026, 1, 31, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("pending", OrderEvent.PLACED),
        ("on-hold", OrderEvent.PLACED),
        ("processing", OrderEvent.PLACED),
        ("completed", OrderEvent.SHIPPED),
        ("packed-by-a-plugin", OrderEvent.PLACED),
        ("shipped", OrderEvent.SHIPPED),
        ("partial-shipped", OrderEvent.SHIPPED),
        ("delivered", OrderEvent.DELIVERED),
        ("wc-cancelled", OrderEvent.CANCELLED),
        ("refunded", OrderEvent.REFUNDED),
        ("trash", OrderEvent.DRAFTED),
        ("auto-draft", OrderEvent.DRAFTED),
        ("checkout-draft", OrderEvent.DRAFTED),
    ],
)
def test_woocommerce_status_tells_the_event(status: str, event: OrderEvent) -> None:
    """Each status, also of plugins, leads to what a customer should hear."""
    assert events(status=status) == [event]


def test_woocommerce_completed_download_is_confirmed() -> None:
    """What nobody ships is completed as soon as it is paid."""
    paid = {"date_paid_gmt": "2026-01-31T19:00:00", "shipping_lines": [], "shipping_total": "0.00"}

    assert events(status="completed", payment_method="stripe", **paid) == [OrderEvent.PLACED]


def test_woocommerce_pickup_is_not_on_its_way() -> None:
    """A customer who comes for the goods is told of no parcel."""
    lines = [{"method_id": "local_pickup", "total": "0.00"}]

    assert events(status="completed", shipping_lines=lines) == [OrderEvent.PLACED]


def test_woocommerce_refunds_are_no_younger_than_the_last_change() -> None:
    """They have no date of their own, and an old one is no news."""
    order = parse_order(
        a_woocommerce_order(
            status="refunded", date_paid_gmt="2026-02-01T09:00:00", date_modified_gmt="2026-02-01T10:00:00"
        )
    )

    for day, sent in ((1, 2), (3, 0)):
        assert len(order_notifications(order, oldest=datetime(2026, 2, day, tzinfo=UTC)).planned) == sent


def test_woocommerce_failed_payment_confirms_nothing() -> None:
    """Whatever method was chosen."""
    planned, skipped, _ = order_notifications(parse_order(a_woocommerce_order(status="failed")))

    assert planned == []
    assert {skip.reason for skip in skipped} == {"awaiting payment"}


def test_woocommerce_refund_in_part_is_told_beside_what_else_is_new() -> None:
    """Amounts below 0; each refund by its id, and the order goes on."""
    order = parse_order(
        a_woocommerce_order(
            status="completed",
            date_paid_gmt="2026-02-01T09:00:00",
            refunds=[{"id": 91, "reason": "", "total": "-10.00"}],
            meta_data=[TRACKING],
        )
    )

    refunded, shipped = happenings(order)

    assert refunded.part == order.refunds[0]
    assert (order.refunds[0].amount, order.refunds[0].full) == (Decimal("10.00"), False)
    assert shipped.event is OrderEvent.SHIPPED
    assert order_notifications(order).planned[0].idempotency_key == "shop:10485:refunded:91:email"


@pytest.mark.parametrize(
    "refunds", [[], [{"id": 91, "total": "-38.50"}], [{"id": 1, "total": "-30"}, {"id": 2, "total": "-8.5"}]]
)
def test_woocommerce_refunded_order_is_refunded_in_full(refunds: list[dict[str, Any]]) -> None:
    """By one refund, by several, or by its status alone."""
    order = parse_order(a_woocommerce_order(status="refunded", refunds=refunds))

    assert order.refunded_in_full
    assert {happening.event for happening in happenings(order)} == {OrderEvent.REFUNDED}


def test_woocommerce_other_cash_methods_can_be_named() -> None:
    """A plugin's own cash on delivery counts by its key or its title, in capitals or not."""
    payload = a_woocommerce_order(payment_method="cod_with_fee", payment_method_title="Nachnahme")

    assert not parse_order(payload).payment.cash_on_delivery
    for name in ("cod_with_fee", "nachnahme"):
        assert parse_order(payload, shop=Shop(cod_methods=frozenset({name}))).payment.cash_on_delivery


def test_woocommerce_deleted_order_supersedes_its_confirmation() -> None:
    """Of a deleted order only the id is sent."""
    payload = {"headers": {"x-wc-webhook-topic": "order.deleted"}, "body": {"id": 10485}}

    planned, skipped, superseded = order_notifications(parse_order(payload))

    assert planned == []
    assert {skip.reason for skip in skipped} == {"the order is a draft, or was thrown away"}
    assert (Channel.EMAIL, "shop:10485:placed:email") in superseded


def test_woocommerce_empty_objects_of_php_are_empty() -> None:
    """PHP writes an empty list for an empty object, and plugins write numbers for texts."""
    billing = load_payload(EXAMPLE)["billing"] | {"phone": 447700900456, "postcode": 11111, "country": ""}

    order = parse_order(a_woocommerce_order(billing=billing, shipping=[]))

    assert order.phone == "447700900456"
    assert "11111 London" in order.shipping_address


def test_woocommerce_prices_with_tax_are_shown_with_tax() -> None:
    """Where the shop's prices include tax, rows, discount, shipping and fees do, too."""
    payload = a_woocommerce_order(
        prices_include_tax=True,
        total_tax="7.99",
        total="50.00",
        discount_tax="0.38",
        shipping_tax="0.86",
        line_items=[{"name": "Mug", "quantity": 3, "subtotal": "36.00", "subtotal_tax": "6.84", "total": "34"}],
        fee_lines=[{"total": "1.00", "total_tax": "0.19"}],
    )

    totals = totals_of(parse_order(payload))

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

    order = parse_order(a_woocommerce_order(billing=billing, shipping=shipping))

    assert (order.customer_name, order.phone_region) == ("Noémie", "FR")
    assert order.shipping_address == ("Noémie", "75000 Paris", "FR")
    assert order_notifications(order).planned[1].notification.to.address == "+33639980012"


def test_woocommerce_downloads_have_no_shipping_address() -> None:
    """An order that nobody ships has no parcel's address in its mail."""
    order = parse_order(a_woocommerce_order(shipping_lines=[], shipping_total="0.00", payment_method="stripe"))

    assert order.shipping_address == ()
    assert totals_of(order).shipping is None


def test_woocommerce_entities_are_decoded_once_and_stay_text() -> None:
    """An entity becomes its character, and what looks like markup afterwards is still only a name."""
    lines = [{"name": "Tom &amp; Jerry&#8217;s &lt;b&gt; &amp;amp;&#10;x", "quantity": 1, "total": "1"}]

    order = parse_order(a_woocommerce_order(line_items=lines))

    assert order.items[0].name == "Tom & Jerry\N{RIGHT SINGLE QUOTATION MARK}s <b> &amp; x"


@pytest.mark.parametrize("number", [2**53 + 1, 820982911946154508, 10**30 + 7])
def test_woocommerce_ids_stay_exact(number: int) -> None:
    """Ids above what a float can hold keep every digit, in the key as well."""
    order = parse_order(load_payload(EXAMPLE.replace(b'"id": 10485', f'"id": {number}'.encode())))

    assert order.id == str(number)
    assert order_notifications(order).planned[0].idempotency_key == f"shop:{number}:placed:email"


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
        ({"billing": 5}, "/billing"),
        ({"billing": None}, "/billing"),
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
        parse_order(a_woocommerce_order(**change))

    assert caught.value.path == path


@pytest.mark.parametrize("field", ["billing_period", "next_payment_date_gmt"])
def test_woocommerce_subscription_is_no_order(field: str) -> None:
    """It looks like one in all else; its renewals are orders of their own."""
    with pytest.raises(InvalidOrder, match="this is a subscription, not an order"):
        parse_order(a_woocommerce_order(**{field: "month"}))

    assert events(created_via="subscription", status="processing") == [OrderEvent.PLACED]


def test_woocommerce_can_be_named_as_the_sender() -> None:
    """A payload without the shape is complained about field by field if its sender is known."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order({"id": 5}, platform=Platform.WOOCOMMERCE)

    assert caught.value.path == "/currency"


LEGACY = example("woocommerce-legacy-order.json")


def test_woocommerce_legacy_order_is_read() -> None:
    """The API before 2016 wraps the order and has other names for its parts."""
    order = parse_order(LEGACY)

    planned, skipped, _ = order_notifications(order)

    assert (order.id, order.number, order.customer_name) == ("645", "A-645", "Ada Lovelace")
    assert order.items[0].name == "Mug \N{EN DASH} Green"
    assert (order.payment.method, order.payment.cash_on_delivery) == ("Cash & carry", True)
    assert skipped == []
    assert planned[1].notification.to.address == "+12125550142"
    assert planned[0].notification.data["order_url"].endswith("/645")


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("completed", OrderEvent.SHIPPED),
        ("cancelled", OrderEvent.CANCELLED),
        ("refunded", OrderEvent.REFUNDED),
        ("trash", OrderEvent.DRAFTED),
    ],
)
def test_woocommerce_legacy_status_tells_the_event(status: str, event: OrderEvent) -> None:
    """As in the later API."""
    order = parse_order({"order": LEGACY["order"] | {"status": status}})

    assert [happening.event for happening in happenings(order)] == [event]


def test_woocommerce_legacy_fault_is_named_with_its_wrapper() -> None:
    """The place is the one in the payload as it came."""
    with pytest.raises(InvalidOrder) as caught:
        parse_order({"orders": [LEGACY["order"] | {"total": "much"}]})

    assert caught.value.path == "/orders/0/total"


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
