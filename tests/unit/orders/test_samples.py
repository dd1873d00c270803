"""Made-up orders."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import islice

from notifyctl.channels.validation import validate_notification
from notifyctl.orders import OrderEvent, made_up_orders, order_notifications
from notifyctl.templates.catalog import Catalog
from notifyctl.templates.money import decimals
from tests.support.order_payloads import totals_of

#: Ranges that regulators keep for fiction.
RESERVED = re.compile(r"\+447700900\d{3}|\+120255501\d\d|\+336399800\d\d|\+4670174061\d")


def test_samples_can_all_be_sent() -> None:
    """Every made-up order leads to two messages that pass all checks, to nobody's address."""
    catalog = Catalog()

    for order in made_up_orders(300, seed=1):
        planned, skipped, superseded = order_notifications(order)

        assert (skipped, superseded) == ([], [])
        for plan in planned:
            validate_notification(plan.notification, catalog)
            plan.notification.encode()
        assert re.fullmatch(r"[a-z.]+@example\.(com|net|org)", order.email)
        assert RESERVED.fullmatch(order.phone)


def test_samples_add_up() -> None:
    """Rows make the subtotal, and with discount and shipping the total, in the decimals of the currency."""
    for order in made_up_orders(300, seed=2):
        totals = totals_of(order)
        assert totals.subtotal == sum(item.total or 0 for item in order.items)
        assert totals.total == totals.subtotal - (totals.discount or 0) + (totals.shipping or 0)
        assert totals.total.quantize(Decimal(1).scaleb(-decimals(order.currency))) == totals.total
        assert totals.total > 0


def test_samples_are_a_mix() -> None:
    """Several currencies and scripts; cash on delivery as often as asked for."""
    orders = list(made_up_orders(300, seed=3, cod_share=0.2))

    assert len({order.currency for order in orders}) >= 10
    assert len({order.locale for order in orders}) >= 15
    assert any(not order.customer_name.isascii() for order in orders)
    assert 30 < sum(order.payment.cash_on_delivery for order in orders) < 90
    assert all(order.payment.cash_on_delivery for order in made_up_orders(20, cod_share=1))
    assert all(order.payment.paid for order in made_up_orders(20, cod_share=0))


def test_samples_repeat_with_a_seed_and_differ_without() -> None:
    """The same seed gives the same orders; without one, two runs are not taken for the same orders."""

    def ids(seed: int | None) -> list[str]:
        return [order.id for order in made_up_orders(50, seed=seed)]

    assert list(made_up_orders(20, seed=7)) == list(made_up_orders(20, seed=7, clock=lambda: 1_700_000_000_000))
    (placed_now,) = made_up_orders(1, clock=lambda: 1_700_000_000_000)
    assert placed_now.created_at is not None
    assert 0 <= 1_700_000_000 - placed_now.created_at.timestamp() < 60
    assert len(set(ids(None))) == 50
    assert set(ids(None)) != set(ids(None))


def test_samples_come_one_by_one() -> None:
    """A million orders are not made before the first one is used."""
    assert len(list(islice(made_up_orders(10**9), 3))) == 3


def test_samples_tell_each_order_once_for_each_event() -> None:
    """Several events are of one order; asking for more of them changes no order."""
    events = [event for event in OrderEvent if event is not OrderEvent.DRAFTED]
    catalog = Catalog()

    told = list(made_up_orders(60, seed=4, events=events))
    placed = list(made_up_orders(60, seed=4))

    assert [order.id for order in told[:: len(events)]] == [order.id for order in placed]
    assert [order.event for order in told[: len(events)]] == events
    assert {len(order.shipments[0].parcels) for order in told if order.event is OrderEvent.SHIPPED} == {0, 1, 2}
    assert {order.refunds[0].full for order in told if order.event is OrderEvent.REFUNDED} == {True, False}
    for order in told:
        for plan in order_notifications(order, catalog=catalog).planned:
            validate_notification(plan.notification, catalog)
