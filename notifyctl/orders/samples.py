"""Made-up orders for trying things out: plausible, and nobody's."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from notifyctl.clock import from_ms, now_ms
from notifyctl.orders.order import Item, Order, OrderEvent, Parcel, Payment, Refund, Shipment, Totals
from notifyctl.orders.people import CARRIERS, DOMAINS, MARKETS, METHODS, RESERVED_NUMBERS, Market
from notifyctl.templates.money import decimals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notifyctl.clock import Clock

__all__ = ["made_up_orders"]

#: 2026-01-31 18:00 UTC. An order that is told of again must say the same.
_SEEDED_MS: Final = 1_769_882_400_000


def made_up_orders(
    count: int,
    *,
    seed: int | None = None,
    cod_share: float = 0.5,
    shop: str = "test",
    events: Sequence[OrderEvent] = (OrderEvent.PLACED,),
    clock: Clock = now_ms,
) -> Iterator[Order]:
    """Yield made-up orders, one by one: many languages and currencies, cash on delivery and paid ones.

    Args:
        count: How many.
        seed: The same seed gives the same orders, ids included; without one, ids differ from call to call.
        cod_share: How many of them are paid on delivery, from 0 to 1.
        shop: Which shop they belong to.
        events: What happened to each; an order is told of once for each event, in this order.
        clock: Tells when they were placed, which is just now; with a seed it is always the same moment.
    """
    dice = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    first = dice.randrange(10**8, 9 * 10**8)
    for position in range(count):
        placed_ms = clock() if seed is None else _SEEDED_MS
        order = _order(dice, str(first + position), shop=shop, cash=dice.random() < cod_share, placed_ms=placed_ms)
        details = random.Random(order.id)  # noqa: S311 - so that the events asked for do not change the orders
        parts = _shipment(details, order), _refund(details, order)
        for event in events:
            yield _after(order, event, *parts)


def _order(dice: random.Random, number: str, *, shop: str, cash: bool, placed_ms: int) -> Order:
    market = dice.choice(MARKETS)
    name, mailbox = dice.choice(market.people)
    prefix, free = dice.choice(RESERVED_NUMBERS)
    items, totals = _goods(dice, market)
    placed_at = from_ms(placed_ms) - timedelta(seconds=dice.randrange(60))
    return Order(
        shop=shop,
        id=number,
        number=number,
        event=OrderEvent.PLACED,
        currency=market.currency,
        items=items,
        totals=totals,
        payment=Payment(
            method=market.cash if cash else dice.choice(METHODS),
            cash_on_delivery=cash,
            paid=not cash,
            paid_at=None if cash else placed_at,
        ),
        customer_name=name,
        email=f"{mailbox}@{dice.choice(DOMAINS)}",
        phone=f"{prefix}{dice.randrange(10**free):0{free}}",
        shipping_address=(name, market.street.format(dice.randrange(1, 100)), market.town, market.country),
        locale=market.locale,
        created_at=placed_at,
    )


def _goods(dice: random.Random, market: Market) -> tuple[tuple[Item, ...], Totals]:
    """Return one to four rows, and totals that add up."""
    unit = Decimal(1).scaleb(-decimals(market.currency))
    items, subtotal = [], Decimal(0)
    for product in dice.sample(market.goods, dice.randint(1, 4)):
        quantity = Decimal(dice.choice((1, 1, 1, 2, 3)))
        price = (market.price * Decimal(dice.randint(50, 250)) / 100).quantize(unit)
        items.append(Item(product, quantity, quantity * price))
        subtotal += quantity * price
    discount = (subtotal / 10).quantize(unit) if dice.random() < 0.25 else Decimal(0)
    shipping = Decimal(0) if dice.random() < 0.3 else (Decimal(market.price) / 4).quantize(unit)
    total = subtotal - discount + shipping
    totals = Totals(total, subtotal, discount, shipping, tax_included=True, due=total)
    return tuple(items), totals


def _shipment(dice: random.Random, order: Order) -> Shipment:
    """Return the parcel of an order: now and then untracked, or in two pieces, or without the last row."""
    carrier, letters = dice.choice(CARRIERS)
    parcels = []
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        number = f"{letters}{dice.randrange(10**9):09}"
        parcels.append(Parcel(carrier, number, f"https://tracking.example.com/{number}"))
    partial = len(order.items) > 1 and dice.random() < 0.2
    return Shipment("1", tuple(parcels), order.items[:-1] if partial else order.items, partial=partial)


def _refund(dice: random.Random, order: Order) -> Refund:
    """Return the refund of all of an order, or of its first row."""
    total = order.totals.total if order.totals else Decimal(0)
    row = order.items[0]
    if len(order.items) > 1 and row.total is not None and row.total < total and dice.random() < 0.5:
        return Refund("1", row.total, items=(row,))
    return Refund("1", total, full=True, items=order.items)


def _after(order: Order, event: OrderEvent, shipment: Shipment, refund: Refund) -> Order:
    """Return the order as it is told of once this has happened."""
    if event is OrderEvent.CANCELLED:
        return replace(order, event=event, cancelled=True)
    if event is OrderEvent.REFUNDED:
        return replace(order, event=event, refunds=(refund,), payment=replace(order.payment, paid=True))
    if event in (OrderEvent.SHIPPED, OrderEvent.DELIVERED):
        delivered = event is OrderEvent.DELIVERED
        return replace(order, event=event, shipments=(replace(shipment, delivered=delivered),))
    if event is OrderEvent.PAID:
        return replace(order, event=event, payment=replace(order.payment, paid=True))
    return order
