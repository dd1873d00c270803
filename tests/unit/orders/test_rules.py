"""Which messages follow from an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from notifyctl.channels.validation import validate_notification
from notifyctl.notification import Channel
from notifyctl.orders import Item, Order, OrderEvent, Parcel, Payment, Refund, Shipment, Totals, order_notifications
from notifyctl.settings.messages import MessagesSettings
from notifyctl.templates.catalog import Catalog
from tests.support.order_payloads import totals_of

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
        due=Decimal("29.35"),
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
    planned, skipped, _ = order_notifications(replace(ORDER, payment=payment))

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
        ({"cancelled": True}, "the order is cancelled"),
        ({"event": OrderEvent.DRAFTED}, "the order is a draft, or was thrown away"),
        ({"refunds": (Refund("1", Decimal("29.35"), full=True),)}, "the order was refunded"),
        ({"event": OrderEvent.REFUNDED}, "the order does not say what was refunded"),
        ({"event": OrderEvent.PAID, "payment": UNPAID}, "awaiting payment"),
        ({"totals": None}, "the order does not say what it adds up to"),
        ({"silence": "nothing of it is on its way"}, "nothing of it is on its way"),
    ],
)
def test_rules_say_why_nothing_follows(changes: dict[str, Any], reason: str) -> None:
    """An unpaid, cancelled or unfinished order is skipped on each channel, with the reason."""
    planned, skipped, _ = order_notifications(replace(ORDER, **changes))

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
    planned, skipped, _ = order_notifications(replace(ORDER, **changes))

    assert [(skip.channel, skip.reason) for skip in skipped] == [(channel, reason)]
    assert len(planned) == 1


def test_rules_let_the_caller_name_the_event() -> None:
    """An event that the caller knows of wins over the one in the order."""
    planned, *_ = order_notifications(ORDER, OrderEvent.CANCELLED)

    assert {plan.notification.template for plan in planned} == {"order_cancelled"}
    assert order_notifications(replace(ORDER, payment=UNPAID), OrderEvent.PAID).planned


def test_rules_give_the_same_key_until_the_order_differs() -> None:
    """A key names shop, order, event and channel; payment and data make no difference to it."""

    def keys(order: Order) -> list[str]:
        return [plan.idempotency_key for plan in order_notifications(order).planned]

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

    planned, skipped, _ = order_notifications(order, oldest=PLACED_AT + timedelta(days=days))

    assert len(planned) == sent
    assert {skip.reason for skip in skipped} <= {"the order is too old for a confirmation"}


def test_rules_send_whatsapp_no_more_than_it_shows() -> None:
    """The message's data has no address, no goods and no mail address in it."""
    _, whatsapp = order_notifications(ORDER).planned

    assert set(whatsapp.notification.data) == {"customer_name", "order_number", "currency", "total", "payment"}


def test_rules_leave_out_what_does_not_apply() -> None:
    """No row for a discount or fees of 0; free shipping is shown, and no subtotal that equals the total."""
    free = replace(ORDER, totals=replace(totals_of(ORDER), total=Decimal("18.00"), shipping=Decimal(0), tax=None))

    mail = order_notifications(free).planned[0].notification.data

    assert mail["shipping"] == "0"
    assert not {"discount", "fees", "tax", "subtotal", "tax_included", "more_items", "order_url"} & set(mail)


def test_rules_say_nothing_of_payment_where_nothing_is_owed() -> None:
    """A gift card covers it all: confirmed, without a note that asks for 0.00."""
    planned, *_ = order_notifications(replace(ORDER, payment=UNPAID, totals=Totals(Decimal(0))))

    assert len(planned) == 2
    assert all("payment" not in plan.notification.data for plan in planned)
    for plan in planned:
        validate_notification(plan.notification, Catalog())


def test_rules_count_the_rows_that_a_mail_has_no_room_for() -> None:
    """A wholesale order shows a hundred rows and how many more there are."""
    big = replace(ORDER, items=ORDER.items * 1500)

    mail = order_notifications(big).planned[0].notification

    assert len(mail.data["items"]) == 100
    assert mail.data["more_items"] == 1400
    mail.encode()


def test_rules_write_numbers_without_exponents() -> None:
    """A hundred pieces are not 1E+2, and half a kilo stays half a kilo."""
    items = (Item("Screws", Decimal(100), Decimal("1E+3")), Item("Cheese", Decimal("0.50"), Decimal(4)))

    mail = order_notifications(replace(ORDER, items=items)).planned[0].notification.data

    assert [(item["quantity"], item["total"]) for item in mail["items"]] == [("100", "1000"), ("0.5", "4")]


def test_order_repr_holds_no_personal_data() -> None:
    """An order in a log or a traceback tells nothing of its customer."""
    shown = repr(ORDER) + repr(order_notifications(ORDER))

    for personal in ("Ada", "xample", "900123", "Road"):
        assert personal not in shown


PARCEL = Parcel("Example Post", "EP1", "https://tracking.example.com/EP1")
SHIPMENT = Shipment("s1", (PARCEL,), (Item("Mug", Decimal(1)),), partial=True, at=PLACED_AT + timedelta(days=1))
REFUND = Refund("r1", Decimal("9.00"), at=PLACED_AT + timedelta(days=4))


def keys(order: Order, event: OrderEvent | None = None) -> list[str]:
    """The keys of what follows by mail."""
    planned = order_notifications(order, event).planned
    return [plan.idempotency_key for plan in planned if plan.notification.channel is Channel.EMAIL]


def data(order: Order, channel: Channel, event: OrderEvent | None = None) -> dict[str, Any]:
    """The variables of the one message on a channel."""
    planned = order_notifications(order, event).planned
    (found,) = (plan.notification.data for plan in planned if plan.notification.channel is channel)
    return dict(found)


def test_rules_confirm_a_prepaid_order_once() -> None:
    """Placing and paying lead to the same message; cash that has arrived is a message of its own, by mail alone."""
    paid = replace(ORDER, payment=PAID)
    cash = replace(ORDER, payment=replace(CASH, paid=True))

    assert keys(paid, OrderEvent.PLACED) == keys(paid, OrderEvent.PAID) == ["shop:10482:placed:email"]
    assert keys(cash, OrderEvent.PAID) == ["shop:10482:paid:email"]
    assert data(cash, Channel.EMAIL, OrderEvent.PAID)["total"] == "29.35"
    skipped = order_notifications(cash, OrderEvent.PAID).skipped
    assert [(skip.channel, skip.reason) for skip in skipped] == [
        (Channel.WHATSAPP, "no whatsapp message is set for paid orders")
    ]


def test_rules_tell_of_each_shipment_and_refund_once() -> None:
    """The shipment's or refund's id is in the key; an amount stands in for a refund without one."""
    order = replace(ORDER, shipments=(SHIPMENT, replace(SHIPMENT, id="s:2")), refunds=(REFUND, replace(REFUND, id="")))

    assert keys(order, OrderEvent.SHIPPED) == ["shop:10482:shipped:s1:email", "shop:10482:shipped:s%3A2:email"]
    assert keys(order, OrderEvent.REFUNDED) == ["shop:10482:refunded:r1:email", "shop:10482:refunded:9.00:email"]
    assert keys(ORDER, OrderEvent.SHIPPED) == ["shop:10482:shipped:email"]
    part = replace(ORDER, shipments=(Shipment(partial=True),))
    assert keys(part, OrderEvent.SHIPPED) == ["shop:10482:shipped:partial:email"]
    assert keys(ORDER, OrderEvent.DELIVERED) == ["shop:10482:delivered:email"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["placed"]),
        ({"shipments": (SHIPMENT,)}, ["shipped:s1"]),
        ({"shipments": (SHIPMENT, replace(SHIPMENT, id="s2", delivered=True))}, ["shipped:s1", "delivered:s2"]),
        ({"refunds": (REFUND,)}, ["refunded:r1", "placed"]),
        ({"refunds": (REFUND,), "shipments": (SHIPMENT,)}, ["refunded:r1", "shipped:s1"]),
        ({"refunds": (replace(REFUND, full=True),)}, ["refunded"]),
        ({"refunds": (REFUND, replace(REFUND, id="r2", amount=Decimal("20.35")))}, ["refunded:r1", "refunded:r2"]),
        ({"cancelled": True, "refunds": (REFUND,), "shipments": (SHIPMENT,)}, ["cancelled", "refunded:r1"]),
    ],
)
def test_rules_tell_of_a_state_all_that_is_news(changes: dict[str, Any], told: list[str]) -> None:
    """An order that is told of as it is now leads to what its state shows, and to nothing that it made stale."""
    order = replace(ORDER, event=None, **changes)

    assert keys(order) == [f"shop:10482:{name}:email" for name in told]


@pytest.mark.parametrize(
    ("event", "changes", "superseded"),
    [
        (OrderEvent.PLACED, {}, set()),
        (OrderEvent.SHIPPED, {"shipments": (SHIPMENT,)}, set()),
        (OrderEvent.REFUNDED, {"refunds": (REFUND,)}, set()),
        (OrderEvent.REFUNDED, {"refunds": (replace(REFUND, full=True),)}, {"placed", "paid"}),
        (OrderEvent.CANCELLED, {}, {"placed", "paid", "shipped", "shipped:partial"}),
        (OrderEvent.CANCELLED, {"shipments": (SHIPMENT,)}, {"placed", "paid", "shipped:s1"}),
        (OrderEvent.DRAFTED, {}, {"placed", "paid", "shipped", "shipped:partial"}),
        (OrderEvent.DELIVERED, {"shipments": (SHIPMENT,)}, {"shipped:s1"}),
    ],
)
def test_rules_name_what_a_later_event_makes_wrong(
    event: OrderEvent, changes: dict[str, Any], superseded: set[str]
) -> None:
    """Channel and key of messages that must not go any more, also where the order has no address there."""
    found = order_notifications(replace(ORDER, phone="", **changes), event).superseded

    assert set(found) == {(channel, f"shop:10482:{name}:{channel}") for name in superseded for channel in Channel}


@pytest.mark.parametrize(
    ("event", "changes", "expected"),
    [
        (OrderEvent.PLACED, {}, {"cancelled", "refunded"}),
        (OrderEvent.PAID, {}, {"cancelled", "refunded"}),
        (OrderEvent.SHIPPED, {}, {"cancelled", "refunded", "delivered"}),
        (OrderEvent.SHIPPED, {"shipments": (SHIPMENT,)}, {"cancelled", "refunded", "delivered:s1"}),
        (
            OrderEvent.SHIPPED,
            {"shipments": (replace(SHIPMENT, in_whole=True),)},
            {"cancelled", "refunded", "delivered:s1", "shipped"},
        ),
        (OrderEvent.DELIVERED, {}, set()),
        (OrderEvent.CANCELLED, {}, set()),
        (OrderEvent.REFUNDED, {"refunds": (REFUND,)}, set()),
    ],
)
def test_rules_name_what_overtakes_a_message(event: OrderEvent, changes: dict[str, Any], expected: set[str]) -> None:
    """Keys of the same channel: whoever was told of one of these must not read the older message."""
    planned = order_notifications(replace(ORDER, **changes), event).planned

    assert planned
    for plan in planned:
        channel = plan.notification.channel
        assert set(plan.unless) == {f"shop:10482:{name}:{channel}" for name in expected}


def test_rules_look_for_the_very_keys_that_they_plan() -> None:
    """What the cancellation, and the refund of everything, are queued with is what a late confirmation looks for."""
    full = replace(ORDER, refunds=(replace(REFUND, full=True),), payment=PAID)
    later = {
        plan.idempotency_key
        for event in (OrderEvent.CANCELLED, OrderEvent.REFUNDED)
        for plan in order_notifications(full, event).planned
    }

    assert {key for plan in order_notifications(ORDER).planned for key in plan.unless} == later


def test_rules_supersede_the_very_keys_that_they_plan() -> None:
    """What was planned for a confirmation is what its cancellation names."""
    for payment in (CASH, PAID):
        order = replace(ORDER, payment=payment)
        planned = {(plan.notification.channel, plan.idempotency_key) for plan in order_notifications(order).planned}

        assert planned <= set(order_notifications(order, OrderEvent.CANCELLED).superseded)


def test_rules_follow_the_table_of_settings() -> None:
    """Template, lane, delay and expiry are the settings'; what is off is skipped, and the reason names it."""
    messages = MessagesSettings.model_validate(
        {"placed": {"email": "test_message priority=low delay=10m expires=2h", "whatsapp": "off"}}
    )

    planned, skipped, _ = order_notifications(ORDER, messages=messages)

    (plan,) = planned
    assert (plan.notification.template, plan.priority) == ("test_message", "low")
    assert (plan.delay, plan.expires_after) == (timedelta(minutes=10), timedelta(hours=2))
    assert [skip.reason for skip in skipped] == ["no whatsapp message is set for placed orders"]


@pytest.mark.parametrize(
    ("event", "changes", "days", "sent"),
    [
        (OrderEvent.SHIPPED, {"shipments": (SHIPMENT,)}, 1, 2),
        (OrderEvent.SHIPPED, {"shipments": (SHIPMENT,)}, 2, 0),
        (OrderEvent.REFUNDED, {"refunds": (REFUND,)}, 3, 2),
        (OrderEvent.REFUNDED, {"refunds": (REFUND,)}, 5, 0),
        (OrderEvent.CANCELLED, {"cancelled_at": PLACED_AT}, 1, 0),
        (OrderEvent.CANCELLED, {}, 100, 2),
        (OrderEvent.DELIVERED, {}, 100, 2),
    ],
)
def test_rules_judge_a_part_by_its_own_age(event: OrderEvent, changes: dict[str, Any], days: int, sent: int) -> None:
    """A refund of today is news though its order is old; where no time is told, it is taken for news."""
    planned, skipped, _ = order_notifications(replace(ORDER, **changes), event, oldest=PLACED_AT + timedelta(days=days))

    assert len(planned) == sent
    assert {skip.reason for skip in skipped} <= {"it happened too long ago"}


def test_rules_tell_what_to_have_ready_when_a_parcel_comes() -> None:
    """The amount that is still owed, on both channels; nothing of it once it is paid."""
    whole = replace(SHIPMENT, partial=False)
    owed = replace(ORDER, shipments=(whole,), totals=Totals(Decimal("29.35"), due=Decimal("20.00")))

    mail, note = (data(owed, channel, OrderEvent.SHIPPED) for channel in Channel)

    assert (mail["payment"], mail["total"]) == ("cod", "20.00")
    assert mail["shipments"] == [
        {"carrier": "Example Post", "number": "EP1", "url": "https://tracking.example.com/EP1"}
    ]
    assert mail["items"] == [{"name": "Mug", "quantity": "1"}]
    assert note == {
        "order_number": "A-10482", "customer_name": "Ada Lovelace", "payment": "cod", "currency": "USD",
        "total": "20.00", "carrier": "Example Post", "tracking_number": "EP1",
        "tracking_url": "https://tracking.example.com/EP1",
    }  # fmt: skip
    assert "payment" not in data(replace(owed, payment=replace(CASH, paid=True)), Channel.EMAIL, OrderEvent.SHIPPED)


def test_rules_ask_for_no_cash_that_is_paid_in_part() -> None:
    """Where a gift card covers a part, the total is not what to have ready."""
    order = replace(ORDER, totals=Totals(Decimal("29.35"), due=Decimal("20.00")))

    assert "payment" not in data(order, Channel.WHATSAPP)


def test_rules_say_of_a_refund_how_much_and_whether_it_is_all() -> None:
    """In its own currency, which may be another than the order's."""
    order = replace(ORDER, refunds=(replace(REFUND, items=(Item("Mug", Decimal(1)),)),))
    abroad = replace(ORDER, refunds=(replace(REFUND, currency="EUR"),))

    told = data(order, Channel.EMAIL, OrderEvent.REFUNDED)

    assert (told["refund_amount"], told["refund_full"], told["currency"], told["total"]) == (
        "9.00",
        False,
        "USD",
        "29.35",
    )
    assert told["items"] == [{"name": "Mug", "quantity": "1"}]
    assert data(abroad, Channel.EMAIL, OrderEvent.REFUNDED)["currency"] == "EUR"
    assert "total" not in data(abroad, Channel.EMAIL, OrderEvent.REFUNDED)


def test_rules_say_of_a_cancelled_order_whether_it_was_paid() -> None:
    """A customer who paid wants to know what becomes of the money."""
    assert data(replace(ORDER, payment=PAID), Channel.WHATSAPP, OrderEvent.CANCELLED)["payment"] == "paid"
    assert "payment" not in data(ORDER, Channel.WHATSAPP, OrderEvent.CANCELLED)


def test_rules_leave_out_what_is_empty() -> None:
    """No variable is empty or null: a template asks whether it is there."""
    bare = Order("shop", "1", "1", OrderEvent.SHIPPED, email="ada@example.com")

    assert data(bare, Channel.EMAIL) == {"order_number": "1", "shipments": []}
