"""Which messages follow from an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from notifyctl.channels.validation import validate_notification
from notifyctl.notification import Channel
from notifyctl.orders import Item, Order, OrderEvent, Payment, Totals, order_notifications
from notifyctl.templates.catalog import Catalog

PLACED_AT = datetime(2026, 1, 31, 18, tzinfo=UTC)
CASH = Payment("Cash on delivery", cash_on_delivery=True, paid=False)
PAID = Payment("Credit card", cash_on_delivery=False, paid=True, paid_at=PLACED_AT)
UNPAID = Payment("Bank transfer", cash_on_delivery=False, paid=False)

ORDER = Order(
    shop="shop",
    id="10482",
    number="A-10482",
    event=OrderEvent.PLACED,
    currency="USD",
    items=(Item("Mug", Decimal(2), Decimal("18.00")),),
    totals=Totals(
        Decimal("29.35"),
        subtotal=Decimal("18.00"),
        discount=Decimal(0),
        shipping=Decimal("10.00"),
        fees=Decimal(0),
        tax=Decimal("1.35"),
    ),
    payment=CASH,
    customer_name="Ada Lovelace",
    email="Ada@Example.com",
    phone="07700 900123",
    phone_region="GB",
    shipping_address=("Ada Lovelace", "12 Example Road"),
    created_at=PLACED_AT,
)


@pytest.mark.parametrize(("payment", "word"), [(CASH, "cod"), (PAID, "paid"), (replace(CASH, paid=True), "paid")])
def test_rules_confirm_an_order_on_both_channels(payment: Payment, word: str) -> None:
    """Cash on delivery or paid: mail and WhatsApp, urgent, for a day; cash that was taken is paid."""
    planned, skipped = order_notifications(replace(ORDER, payment=payment))

    assert skipped == []
    assert [(plan.notification.channel, plan.notification.to.address) for plan in planned] == [
        (Channel.EMAIL, "Ada@example.com"),
        (Channel.WHATSAPP, "+447700900123"),
    ]
    for plan in planned:
        assert (plan.priority, plan.expires_after) == ("high", timedelta(hours=24))
        assert (plan.notification.order_id, plan.notification.template) == ("10482", "order_confirmation")
        assert plan.notification.data["payment"] == word
        assert plan.notification.data["order_number"] == "A-10482"
        validate_notification(plan.notification, Catalog())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payment": UNPAID}, "awaiting payment"),
        ({"event": OrderEvent.CANCELLED}, "the order is cancelled"),
        ({"event": OrderEvent.DRAFTED}, "the order is not placed yet"),
    ],
)
def test_rules_say_why_nothing_follows(changes: dict[str, Any], reason: str) -> None:
    """An unpaid, cancelled or unfinished order is skipped on each channel, with the reason."""
    planned, skipped = order_notifications(replace(ORDER, **changes))

    assert planned == []
    assert [(skip.channel, skip.reason) for skip in skipped] == [(channel, reason) for channel in Channel]


@pytest.mark.parametrize(
    ("changes", "channel", "reason"),
    [
        ({"email": ""}, Channel.EMAIL, "the order has no mail address"),
        ({"email": "ada"}, Channel.EMAIL, "expected a mail address that can be sent to, such as ada@example.com"),
        ({"phone": ""}, Channel.WHATSAPP, "the order has no phone number"),
        ({"phone_region": ""}, Channel.WHATSAPP, "the phone number has no country code"),
        ({"phone": "123"}, Channel.WHATSAPP, "no phone number of that country has this many digits"),
    ],
)
def test_rules_skip_a_channel_without_a_usable_address(changes: dict[str, Any], channel: Channel, reason: str) -> None:
    """One bad address does not keep the other message back."""
    planned, skipped = order_notifications(replace(ORDER, **changes))

    assert [(skip.channel, skip.reason) for skip in skipped] == [(channel, reason)]
    assert len(planned) == 1


def test_rules_let_the_caller_name_the_event() -> None:
    """An event that the caller knows of wins over the one in the order."""
    planned, skipped = order_notifications(ORDER, OrderEvent.CANCELLED)

    assert planned == []
    assert skipped[0].reason == "the order is cancelled"


def test_rules_give_the_same_key_until_the_order_differs() -> None:
    """A key names shop, order, event and channel; payment and data make no difference to it."""

    def keys(order: Order) -> list[str]:
        return [plan.idempotency_key for plan in order_notifications(order)[0]]

    assert keys(ORDER) == ["shop:10482:placed:email", "shop:10482:placed:whatsapp"]
    assert keys(replace(ORDER, payment=PAID, number="B")) == keys(ORDER)
    assert keys(replace(ORDER, shop="a:b", id="c")) != keys(replace(ORDER, shop="a", id="b:c"))
    assert keys(replace(ORDER, shop="a%3Ab")) != keys(replace(ORDER, shop="a:b"))


@pytest.mark.parametrize(
    ("payment", "days", "sent"),
    [(CASH, -1, 2), (CASH, 1, 0), (replace(PAID, paid_at=PLACED_AT + timedelta(days=3)), 2, 2), (PAID, 1, 0)],
)
def test_rules_can_leave_old_orders_alone(payment: Payment, days: int, sent: int) -> None:
    """What counts is the later of placing and paying: a transfer may take days, an edit after a year is no order."""
    order = replace(ORDER, payment=payment)

    planned, skipped = order_notifications(order, oldest=PLACED_AT + timedelta(days=days))

    assert len(planned) == sent
    assert {skip.reason for skip in skipped} <= {"the order is too old for a confirmation"}


def test_rules_send_whatsapp_no_more_than_it_shows() -> None:
    """The message's data has no address, no goods and no mail address in it."""
    _, whatsapp = order_notifications(ORDER)[0]

    assert set(whatsapp.notification.data) == {"customer_name", "order_number", "currency", "total", "payment"}


def test_rules_leave_out_what_does_not_apply() -> None:
    """No row for a discount or fees of 0; free shipping is shown, and no subtotal that equals the total."""
    free = replace(ORDER, totals=replace(ORDER.totals, total=Decimal("18.00"), shipping=Decimal(0), tax=None))

    mail = order_notifications(free)[0][0].notification.data

    assert mail["shipping"] == "0"
    assert not {"discount", "fees", "tax", "subtotal", "tax_included", "more_items", "order_url"} & set(mail)


def test_rules_say_nothing_of_payment_where_nothing_is_owed() -> None:
    """A gift card covers it all: confirmed, without a note that asks for 0.00."""
    planned, _ = order_notifications(replace(ORDER, payment=UNPAID, totals=Totals(Decimal(0))))

    assert len(planned) == 2
    assert all("payment" not in plan.notification.data for plan in planned)
    for plan in planned:
        validate_notification(plan.notification, Catalog())


def test_rules_count_the_rows_that_a_mail_has_no_room_for() -> None:
    """A wholesale order shows a hundred rows and how many more there are."""
    big = replace(ORDER, items=ORDER.items * 1500)

    mail = order_notifications(big)[0][0].notification

    assert len(mail.data["items"]) == 100
    assert mail.data["more_items"] == 1400
    mail.encode()


def test_rules_write_numbers_without_exponents() -> None:
    """A hundred pieces are not 1E+2, and half a kilo stays half a kilo."""
    items = (Item("Screws", Decimal(100), Decimal("1E+3")), Item("Cheese", Decimal("0.50"), Decimal(4)))

    mail = order_notifications(replace(ORDER, items=items))[0][0].notification.data

    assert [(item["quantity"], item["total"]) for item in mail["items"]] == [("100", "1000"), ("0.5", "4")]


def test_order_repr_holds_no_personal_data() -> None:
    """An order in a log or a traceback tells nothing of its customer."""
    shown = repr(ORDER) + repr(order_notifications(ORDER))

    for personal in ("Ada", "xample", "900123", "Road"):
        assert personal not in shown
