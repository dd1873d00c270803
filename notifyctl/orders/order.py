"""An order as the rules see it, whichever shop system it came from.

Amounts are exact decimals; texts are one clean line each. Knows no payload, no template and no queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

__all__ = ["Item", "Order", "OrderEvent", "Parcel", "Payment", "Phone", "Refund", "Shipment", "Totals"]


class OrderEvent(StrEnum):
    """What happened to an order; of a drafted one, nothing that a customer should hear of."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    DRAFTED = "drafted"


@dataclass(frozen=True, slots=True)
class Item:
    """One row of an order.

    Attributes:
        name: The product, with its variant.
        quantity: How many; some shops sell halves.
        total: The whole row, before discounts; None where only goods are told of, not prices.
    """

    name: str
    quantity: Decimal
    total: Decimal | None = None


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
        due: What is still owed; None where the shop does not say, which is never taken for the total.
    """

    total: Decimal
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    shipping: Decimal | None = None
    fees: Decimal | None = None
    tax: Decimal | None = None
    tax_included: bool = False
    due: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """How an order is paid.

    Attributes:
        method: What the shop calls it, such as ``Cash on delivery``; may be empty.
        cash_on_delivery: Whether the customer pays the carrier.
        paid: Whether the money has arrived, be it that it went back later.
        paid_at: When it did, where the shop said so.
        abandoned: Whether none of it ever came, nor was to come with the parcel: nobody was told of such an order.
    """

    method: str = ""
    cash_on_delivery: bool = False
    paid: bool = False
    paid_at: datetime | None = None
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """How to follow one parcel; each part may be empty.

    Attributes:
        carrier: Who brings it.
        number: The tracking number.
        url: Where to look it up.
    """

    carrier: str = ""
    number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What left the shop at one time.

    Attributes:
        id: The shop system's own, part of the idempotency key; empty where the shop has none, as of
            an order that is sent at once; the first part and the whole are still told apart.
        parcels: Empty where nothing is tracked.
        items: What is in it; empty where the shop did not say.
        partial: Whether more of the order is to follow, or went before.
        in_whole: Whether it is told of already where the order was, without ids, as shipped in whole.
        delivered: Whether it has arrived.
        silence: Why it is not told of, as of one that could not be delivered; mostly empty.
        at: When it left, where the shop said so.
    """

    id: str = ""
    parcels: tuple[Parcel, ...] = ()
    items: tuple[Item, ...] = ()
    partial: bool = False
    in_whole: bool = False
    delivered: bool = False
    silence: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back.

    Attributes:
        id: The shop system's own, part of the idempotency key; the amount stands in for one that is empty. The refund
            of everything needs none.
        amount: How much, above 0.
        full: Whether that makes up the whole order.
        silence: Why customers are not told of it, as of money that was never paid; mostly empty.
        currency: Where it is another than the order's.
        items: What it was for; may be empty.
        at: When, where the shop said so.
    """

    id: str
    amount: Decimal
    full: bool = False
    silence: str = ""
    currency: str = ""
    items: tuple[Item, ...] = ()
    at: datetime | None = None


class Phone(NamedTuple):
    """A phone number as the customer typed it, and the country that tells how to read it; either may be empty."""

    number: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One order.

    Attributes:
        shop: Which shop it belongs to; the first part of every idempotency key.
        id: The shop system's own, exact; never shown to customers.
        number: What customers know it by.
        event: What happened to it; None where the shop tells how it is now, and not what has just happened.
        currency: ISO 4217 code; empty where nothing is said of money.
        items: What was ordered.
        totals: What it adds up to; None where nothing is said of it.
        payment: How it is paid.
        shipments: What has left the shop.
        refunds: What went back.
        cancelled: Whether it is cancelled by now.
        cancelled_at: When, where the shop said so.
        silence: Why nothing can be told of it, whatever has happened; mostly empty.
        customer_name: May be empty, as may be ``email`` and ``phone``, which are as the customer typed them.
        phone_region: ISO 3166 code that tells how to read a national number; may be empty.
        other_emails: Further addresses of the customer's, to be tried in this order where ``email`` is none.
        other_phones: The same of ``phone``.
        shipping_address: Line by line, name first; empty where nothing is shipped.
        locale: BCP 47 tag.
        created_at: When it was placed, where the shop said so.
        url: Where the customer can look at it; may be empty.
    """

    shop: str
    id: str
    number: str
    event: OrderEvent | None
    currency: str = ""
    items: tuple[Item, ...] = ()
    totals: Totals | None = None
    payment: Payment = field(default_factory=Payment)
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    cancelled: bool = False
    cancelled_at: datetime | None = None
    silence: str = ""
    customer_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    phone_region: str = ""
    other_emails: tuple[str, ...] = field(default=(), repr=False)
    other_phones: tuple[Phone, ...] = field(default=(), repr=False)
    shipping_address: tuple[str, ...] = field(default=(), repr=False)
    locale: str = "en"
    created_at: datetime | None = None
    url: str = field(default="", repr=False)

    @property
    def refunded_in_full(self) -> bool:
        """Whether all the money went back, at once or in parts."""
        if any(refund.full for refund in self.refunds):
            return True
        total = self.totals.total if self.totals else 0
        same = [refund.amount for refund in self.refunds if refund.currency in ("", self.currency)]
        return bool(total > 0 and sum(same) >= total)
