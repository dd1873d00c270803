"""An order as the rules see it, whichever shop system it came from.

Amounts are exact decimals; texts are one clean line each. Knows no payload, no template and no queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

__all__ = ["Item", "Order", "OrderEvent", "Payment", "Totals"]


class OrderEvent(StrEnum):
    """What happened to an order."""

    PLACED = "placed"
    CANCELLED = "cancelled"
    DRAFTED = "drafted"


@dataclass(frozen=True, slots=True)
class Item:
    """One row of an order.

    Attributes:
        name: The product, with its variant.
        quantity: How many; some shops sell halves.
        total: The whole row, before discounts.
    """

    name: str
    quantity: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order adds up to; None where the shop did not say, or where it does not apply.

    Attributes:
        total: What the customer pays in all.
        subtotal: All rows, before discounts.
        discount: What is taken off, above 0.
        shipping: 0 where it is free.
        fees: Anything else on top.
        tax: Tax in all.
        tax_included: Whether the other amounts have the tax in them already.
    """

    total: Decimal
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    shipping: Decimal | None = None
    fees: Decimal | None = None
    tax: Decimal | None = None
    tax_included: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """How an order is paid.

    Attributes:
        method: What the shop calls it, such as ``Cash on delivery``; may be empty.
        cash_on_delivery: Whether the customer pays the carrier.
        paid: Whether the money has arrived.
        paid_at: When it did, where the shop said so.
    """

    method: str
    cash_on_delivery: bool
    paid: bool
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order.

    Attributes:
        shop: Which shop it belongs to; the first part of every idempotency key.
        id: The shop system's own, exact; never shown to customers.
        number: What customers know it by.
        event: What happened to it.
        currency: ISO 4217 code.
        items: What was ordered.
        totals: What it adds up to.
        payment: How it is paid.
        customer_name: May be empty, as may be ``email`` and ``phone``, which are as the customer typed them.
        phone_region: ISO 3166 code that tells how to read a national number; may be empty.
        shipping_address: Line by line, name first; empty where nothing is shipped.
        locale: BCP 47 tag.
        created_at: When it was placed, where the shop said so.
        url: Where the customer can look at it; may be empty.
    """

    shop: str
    id: str
    number: str
    event: OrderEvent
    currency: str
    items: tuple[Item, ...]
    totals: Totals
    payment: Payment
    customer_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    phone_region: str = ""
    shipping_address: tuple[str, ...] = field(default=(), repr=False)
    locale: str = "en"
    created_at: datetime | None = None
    url: str = field(default="", repr=False)
