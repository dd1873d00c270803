"""notifyctl's own order format, for shops that can send what they like: ``docs/reference/order-format.md``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.fields import LOCALE, Fields
from notifyctl.orders.order import Item, Order, OrderEvent, Parcel, Payment, Refund, Shipment, Totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.orders.shop import Shop

__all__ = ["is_native", "parse_native"]

_ORDER: Final = frozenset({
    "shop", "id", "number", "event", "created_at", "locale", "currency", "customer", "items", "totals", "payment",
    "shipping_address", "url", "shipment", "refund", "cancelled_at",
})  # fmt: skip
_CUSTOMER: Final = frozenset({"name", "email", "phone", "country"})
_ITEM: Final = frozenset({"name", "quantity", "total"})
_TOTALS: Final = frozenset({"subtotal", "discount", "shipping", "fees", "tax", "tax_included", "total"})
_PAYMENT: Final = frozenset({"method", "cash_on_delivery", "paid", "paid_at"})
_SHIPMENT: Final = frozenset({"id", "tracking", "items", "partial", "shipped_at"})
_PARCEL: Final = frozenset({"carrier", "number", "url"})
_REFUND: Final = frozenset({"id", "amount", "full", "items", "refunded_at"})
_URL: Final = re.compile(r"https?://[^\s<>\"]+")

#: What an event needs beside the id and the customer.
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    OrderEvent.PLACED: ("currency", "items", "totals", "payment"),
    OrderEvent.PAID: ("currency", "items", "totals"),
    OrderEvent.REFUNDED: ("currency", "refund"),
}


def is_native(body: Mapping[str, Any]) -> bool:
    """Return whether an object has the fields of an order in this format, and no other."""
    return "id" in body and "customer" in body and body.keys() <= _ORDER


def parse_native(body: Mapping[str, Any], shop: Shop, path: str = "") -> Order:
    """Return the order that a payload in notifyctl's own format describes.

    Args:
        body: The JSON object.
        shop: What the payload may leave out.
        path: The object's place in the payload.

    Raises:
        InvalidOrder: If a field is missing, misspelt or unusable.
    """
    order = Fields(body, path)
    order.only(_ORDER)
    event = _event(order)
    order.require("id", "customer", *_NEEDED.get(event, ()))
    customer = order.child("customer")
    customer.only(_CUSTOMER)
    items = tuple(_item(item, priced=event is OrderEvent.PLACED) for item in order.children("items"))
    totals = _totals(order, items)
    return Order(
        shop=order.identifier("shop") or shop.name,
        id=order.identifier("id"),
        number=order.identifier("number") or order.identifier("id"),
        event=event,
        currency=order.currency("currency") if order.given("currency") else "",
        items=items,
        totals=totals,
        payment=_payment(order.child("payment"), paid=event is OrderEvent.PAID),
        shipments=(_shipment(order.child("shipment"), delivered=event is OrderEvent.DELIVERED),)
        if order.value("shipment") is not None
        else (),
        refunds=(_refund(order.child("refund"), totals),) if order.value("refund") is not None else (),
        cancelled=event is OrderEvent.CANCELLED,
        cancelled_at=order.moment("cancelled_at"),
        customer_name=customer.text("name"),
        email=customer.verbatim("email"),
        phone=customer.verbatim("phone"),
        phone_region=customer.text("country"),
        shipping_address=order.texts("shipping_address"),
        locale=_matching(order, "locale", LOCALE, "a language tag such as en or pt-BR") or shop.locale,
        created_at=order.moment("created_at"),
        url=_matching(order, "url", _URL, "an address that starts with https://"),
    )


def _event(order: Fields) -> OrderEvent:
    known = tuple(event for event in OrderEvent if event is not OrderEvent.DRAFTED)
    event = order.text("event") or OrderEvent.PLACED
    if event not in known:
        raise InvalidOrder(f"expected one of {', '.join(known)}", path=order.path("event"))
    return OrderEvent(event)


def _item(item: Fields, *, priced: bool = False) -> Item:
    item.only(_ITEM)
    item.require("name", *(("total",) if priced else ()))
    quantity = item.number("quantity")
    return Item(item.text("name"), Decimal(1) if quantity is None else quantity, item.number("total"))


def _totals(order: Fields, items: tuple[Item, ...]) -> Totals | None:
    if order.value("totals") is None:
        return None
    order.require("currency")
    totals = order.child("totals")
    totals.only(_TOTALS)
    totals.require("total")
    subtotal, discount = totals.number("subtotal"), totals.number("discount")
    if discount is not None and discount < 0:
        raise InvalidOrder("expected what is taken off as an amount of 0 or more", path=totals.path("discount"))
    rows = sum((item.total or Decimal(0) for item in items), Decimal(0))
    return Totals(
        total=totals.number("total") or Decimal(0),
        subtotal=rows if subtotal is None else subtotal,
        discount=discount,
        shipping=totals.number("shipping"),
        fees=totals.number("fees"),
        tax=totals.number("tax"),
        tax_included=totals.flag("tax_included"),
        due=totals.number("total"),
    )


def _payment(payment: Fields, *, paid: bool) -> Payment:
    payment.only(_PAYMENT)
    paid_at = payment.moment("paid_at")
    cash = payment.flag("cash_on_delivery")
    paid = payment.flag("paid") or paid or paid_at is not None
    return Payment(
        method=payment.text("method"),
        cash_on_delivery=cash,
        paid=paid,
        paid_at=paid_at,
        abandoned=payment.value("paid") is False and not cash and not paid,
    )


def _shipment(shipment: Fields, *, delivered: bool) -> Shipment:
    shipment.only(_SHIPMENT)
    return Shipment(
        id=shipment.identifier("id"),
        parcels=tuple(_parcel(parcel) for parcel in shipment.children("tracking")),
        items=tuple(_item(item) for item in shipment.children("items")),
        partial=shipment.flag("partial"),
        delivered=delivered,
        at=shipment.moment("shipped_at"),
    )


def _parcel(parcel: Fields) -> Parcel:
    parcel.only(_PARCEL)
    return Parcel(
        carrier=parcel.text("carrier"),
        number=parcel.identifier("number"),
        url=_matching(parcel, "url", _URL, "an address that starts with https://"),
    )


def _refund(refund: Fields, totals: Totals | None) -> Refund:
    refund.only(_REFUND)
    refund.require("amount")
    amount = refund.number("amount") or Decimal(0)
    if amount <= 0:
        raise InvalidOrder("expected what went back as an amount above 0", path=refund.path("amount"))
    whole = totals is not None and amount >= totals.total
    return Refund(
        id=refund.identifier("id"),
        amount=amount,
        full=refund.flag("full") if refund.value("full") is not None else whole,
        items=tuple(_item(item) for item in refund.children("items")),
        at=refund.moment("refunded_at"),
    )


def _matching(fields: Fields, key: str, pattern: re.Pattern[str], what: str) -> str:
    text = fields.verbatim(key)
    if text and not pattern.fullmatch(text):
        raise InvalidOrder(f"expected {what}", path=fields.path(key))
    return text
