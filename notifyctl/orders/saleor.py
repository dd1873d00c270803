"""Saleor's ``NOTIFY_USER`` payload, in which it sends what a customer is to be told of an order.

Source: docs.saleor.io, "Webhook Payloads". It says nothing of how an order is paid: the confirmation goes when Saleor
tells that the payment arrived. What a webhook with a subscription query holds is up to whoever wrote the query, and is
not read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.fields import LOCALE, Fields, web_address
from notifyctl.orders.order import Item, Order, OrderEvent, Parcel, Payment, Phone, Refund, Shipment, Totals
from notifyctl.orders.postal import address_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.orders.shop import Shop

__all__ = ["is_saleor", "parse_saleor"]

_EVENTS: Final = {
    "order_confirmation": OrderEvent.PLACED,
    "order_confirmed": OrderEvent.PLACED,
    "order_payment_confirmation": OrderEvent.PAID,
    "order_fulfillment_confirmation": OrderEvent.SHIPPED,
    "order_fulfillment_update": OrderEvent.SHIPPED,
    "order_canceled": OrderEvent.CANCELLED,
    "order_refund_confirmation": OrderEvent.REFUNDED,
}


def is_saleor(body: Mapping[str, Any]) -> bool:
    """Return whether an object has the shape of what Saleor tells customers."""
    return isinstance(body.get("notify_event"), str) and isinstance(body.get("payload"), dict)


def parse_saleor(body: Mapping[str, Any], shop: Shop, path: str = "") -> Order:
    """Return the order that a Saleor payload describes.

    Args:
        body: The JSON object, its numbers with decimals read as `Decimal`.
        shop: What the payload cannot say.
        path: The object's place in the payload.

    Raises:
        InvalidOrder: If a field is missing or unusable, or this is not about an order.
    """
    told = Fields(body, path)
    event = _EVENTS.get(told.text("notify_event"))
    if event is None:
        raise InvalidOrder(
            "this event of Saleor's tells a customer nothing of an order", path=told.path("notify_event")
        )
    payload = told.child("payload")
    order = payload.child("order")
    order.require("id")
    billing, shipping = order.part("billing_address"), order.part("shipping_address")
    name = _name(billing) or _name(shipping)
    phones = [Phone(place.typed("phone"), place.shown("country")) for place in (shipping, billing)]
    phone, *other_phones = (*(phone for phone in phones if phone.number), Phone("", billing.shown("country")))
    emails = [email for email in (payload.typed("recipient_email"), order.typed("email")) if email]
    language = order.shown("language_code")
    return Order(
        shop=shop.name,
        id=order.identifier("id"),
        number=order.shown("number") or order.identifier("id"),
        event=event,
        currency=order.currency("currency") if order.given("currency") else "",
        items=tuple(_item(line) for line in order.children("lines")),
        totals=_totals(order),
        payment=Payment(paid=event is OrderEvent.PAID),
        shipments=(_shipment(payload),) if event is OrderEvent.SHIPPED else (),
        refunds=(_refund(payload, order),) if event is OrderEvent.REFUNDED else (),
        cancelled=event is OrderEvent.CANCELLED,
        customer_name=name,
        email=emails[0] if emails else "",
        other_emails=tuple(emails[1:]),
        phone=phone.number,
        phone_region=phone.region,
        other_phones=tuple(other_phones),
        shipping_address=_address(shipping, name) or _address(billing, name),
        locale=language.replace("_", "-") if LOCALE.fullmatch(language) else shop.locale,
        created_at=order.when("created", assume_utc=True),
        url=web_address(order.shown("order_details_url")),
    )


def _name(person: Fields) -> str:
    return f"{person.shown('first_name')} {person.shown('last_name')}".strip()


def _item(line: Fields) -> Item:
    name, variant = line.shown("product_name") or "?", line.shown("variant_name")
    quantity = line.number("quantity")
    count = Decimal(1) if quantity is None else quantity
    price = line.price("unit_price_gross_amount")
    return Item(
        name=f"{name}, {variant}" if variant and variant != name else name,
        quantity=count,
        total=line.price("total_gross_amount") if price is None else price * count,
    )


def _totals(order: Fields) -> Totals | None:
    if not order.given("total_gross_amount"):
        return None
    order.require("currency")
    discount = order.price("discount_amount")
    return Totals(
        total=order.number("total_gross_amount") or Decimal(0),
        subtotal=order.price("subtotal_gross_amount"),
        discount=abs(discount) if discount else None,
        shipping=order.price("shipping_price_gross_amount"),
        tax=order.price("tax_amount"),
        tax_included=True,
    )


def _shipment(payload: Fields) -> Shipment:
    parcel = payload.child("fulfillment")
    number = parcel.shown("tracking_number")
    lines = [*payload.rows("physical_lines"), *payload.rows("digital_lines")]
    return Shipment(
        id=parcel.identifier("id"),
        parcels=(_parcel(number),) if number else (),
        items=tuple(_fulfilled(line) for line in lines),
        partial=sum(line.price("quantity") or 0 for line in lines) < _ordered(payload),
    )


def _parcel(number: str) -> Parcel:
    return Parcel(url=number) if web_address(number) else Parcel(number=number)


def _fulfilled(line: Fields) -> Item:
    """Return a row of a shipment: how many of it are in this one."""
    ordered = line.child("order_line")
    item = _item(ordered)
    quantity = line.price("quantity")
    return Item(item.name, item.quantity if quantity is None else quantity)


def _ordered(payload: Fields) -> Decimal:
    return sum((line.price("quantity") or Decimal(0) for line in payload.child("order").rows("lines")), Decimal(0))


def _refund(payload: Fields, order: Fields) -> Refund:
    payload.require("amount")
    amount = payload.number("amount") or Decimal(0)
    if amount <= 0:
        raise InvalidOrder("expected what went back as an amount above 0", path=payload.path("amount"))
    total = order.price("total_gross_amount")
    return Refund(
        id="",
        amount=amount,
        full=total is not None and amount >= total,
        currency=payload.currency("currency") if payload.given("currency") else "",
    )


def _address(address: Fields, name: str) -> tuple[str, ...]:
    return address_lines(
        name=_name(address) or name,
        company=address.shown("company_name"),
        street=(address.shown("street_address_1"), address.shown("street_address_2")),
        city=address.shown("city"),
        region=address.shown("country_area"),
        postcode=address.shown("postal_code"),
        country_code=address.shown("country"),
        country=address.shown("country"),
    )
