"""WooCommerce's order as its REST API v2 and v3 and its webhooks send it.

https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties

- Texts hold HTML entities (``&ndash;``); amounts are texts with as many decimals as the shop set.
- ``status`` does not tell whether an order is paid: an unpaid one with cash on delivery is ``processing``.
  ``date_paid`` does; but of cash on delivery, WooCommerce sets that by itself once the order is ``completed``.
- ``completed`` means sent, or for downloads simply paid. Plugins add ``shipped``, ``delivered`` and others.
- Rows, shipping and discount come without tax. A shop whose prices include tax shows them with it, and so do we.
- A refund is an amount below 0, without a date. Of cash on delivery that is not paid yet, it lowers what is owed.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.fields import LOCALE, Fields
from notifyctl.orders.order import Item, Order, OrderEvent, Payment, Phone, Refund, Shipment, Totals
from notifyctl.orders.postal import address_lines
from notifyctl.orders.woocommerce_tracking import parcels_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from notifyctl.orders.shop import Shop

__all__ = ["is_ping", "is_woocommerce", "parse_woocommerce", "status_of", "woocommerce_address"]

_CANCELLED: Final = frozenset({"cancelled"})
_DRAFTED: Final = frozenset({"auto-draft", "checkout-draft", "draft", "new", "trash"})
_SENT: Final = frozenset({"completed", "shipped", "partial-shipped", "partially-shipped", "delivered"})
_PARTLY_SENT: Final = frozenset({"partial-shipped", "partially-shipped"})
#: Shipping methods that are none: the customer comes for the goods.
_PICKUP: Final = frozenset({"legacy_local_pickup", "local_pickup", "pickup_location"})
#: Fields that only subscriptions have (of WooCommerce Subscriptions), which look like orders in all else.
_SUBSCRIPTION: Final = frozenset({"billing_period", "next_payment_date", "next_payment_date_gmt"})

_NEVER_PAID: Final = "nothing was paid that could go back"

_PING: Final = re.compile(rb"\s*webhook_id=\d{1,20}\s*")

#: Where the plugins WPML and TranslatePress keep the customer's language.
_LANGUAGE_KEYS: Final = frozenset({"wpml_language", "trp_language"})


def is_ping(body: bytes) -> bool:
    """Return whether a webhook's body is the ping that WooCommerce sends when a webhook is saved."""
    return bool(_PING.fullmatch(body))


def is_woocommerce(body: Mapping[str, Any]) -> bool:
    """Return whether an object has the shape of one of WooCommerce's orders."""
    return body.keys() >= {"billing", "line_items"}


def status_of(text: str) -> str:
    """Return an order's status without the prefix that the database has."""
    return text.removeprefix("wc-")


def parse_woocommerce(body: Mapping[str, Any], shop: Shop, path: str = "", topic: str = "") -> Order:
    """Return the order that a WooCommerce payload describes.

    Args:
        body: The JSON object, its numbers with decimals read as `Decimal`.
        shop: What the payload cannot say.
        path: The object's place in the payload.
        topic: What it was sent as, such as ``order.updated``; may be empty.

    Raises:
        InvalidOrder: If a field is missing or unusable, or this is a subscription.
    """
    if body.keys() & _SUBSCRIPTION:
        raise InvalidOrder("this is a subscription, not an order", path=path, hint="Each renewal is an order, too.")
    order = Fields(body, path, html.unescape)
    order.require("id")
    identifier, number = order.identifier("id"), order.shown("number") or order.identifier("id")
    status = status_of(order.text("status"))
    if topic == "order.deleted" or status in _DRAFTED:
        return Order(shop.name, identifier, number, OrderEvent.DRAFTED)
    order.require("currency", "total", "billing", "line_items")
    billing, shipping = order.child("billing", php=True), order.part("shipping")
    places = (billing, shipping)
    name = _name(billing) or _name(shipping)
    phones = [Phone(place.typed("phone"), place.shown("country") or billing.shown("country")) for place in places]
    phone, *other_phones = (*(phone for phone in phones if phone.number), Phone(""))
    gross = order.flag("prices_include_tax")
    items = tuple(_item(line, gross=gross) for line in order.children("line_items"))
    payment = _payment(order, shop, failed=status == "failed")
    totals = _totals(order, items, gross=gross)
    refunds = _refunds(
        order, status, totals.total, silence=_NEVER_PAID if payment.cash_on_delivery and not payment.paid else ""
    )
    return Order(
        shop=shop.name,
        id=identifier,
        number=number,
        event=None,
        currency=order.currency("currency"),
        items=items,
        totals=replace(totals, due=totals.total - sum(refund.amount for refund in refunds)),
        payment=payment,
        shipments=_shipments(order, status),
        refunds=refunds,
        cancelled=status in _CANCELLED,
        cancelled_at=_changed_at(order),
        customer_name=name,
        email=billing.typed("email"),
        phone=phone.number,
        phone_region=phone.region or billing.shown("country"),
        other_phones=tuple(other_phones),
        shipping_address=_shipping_address(order, name, cash=payment.cash_on_delivery),
        locale=_locale(order) or shop.locale,
        created_at=order.when("date_created_gmt", assume_utc=True),
    )


def _name(person: Fields) -> str:
    return f"{person.shown('first_name')} {person.shown('last_name')}".strip()


def _amount(fields: Fields, key: str, tax_key: str, *, gross: bool) -> Decimal:
    """Return an amount, with its tax if prices are shown so; 0 where the shop sent none that can be read."""
    amount = fields.price(key) or Decimal(0)
    return amount + (fields.price(tax_key) or Decimal(0)) if gross else amount


def _item(line: Fields, *, gross: bool) -> Item:
    key = "subtotal" if line.given("subtotal") else "total"
    quantity = line.number("quantity")
    return Item(
        name=line.shown("name") or "?",
        quantity=Decimal(1) if quantity is None else quantity,
        total=(line.number(key) or Decimal(0)) + ((line.price(f"{key}_tax") if gross else None) or Decimal(0)),
    )


def _totals(order: Fields, items: tuple[Item, ...], *, gross: bool) -> Totals:
    fees = sum((_amount(fee, "total", "total_tax", gross=gross) for fee in order.rows("fee_lines")), Decimal(0))
    shipping = _amount(order, "shipping_total", "shipping_tax", gross=gross)
    told = order.price("shipping_total") is not None or not order.given("shipping_total")
    return Totals(
        total=order.number("total") or Decimal(0),
        subtotal=sum((item.total or Decimal(0) for item in items), Decimal(0)),
        discount=_amount(order, "discount_total", "discount_tax", gross=gross),
        shipping=shipping if shipping or (told and order.rows("shipping_lines")) else None,
        fees=fees,
        tax=order.price("total_tax"),
        tax_included=gross,
    )


def _payment(order: Fields, shop: Shop, *, failed: bool) -> Payment:
    title = order.shown("payment_method_title")
    cash = not failed and shop.is_cash(order.shown("payment_method"), title)
    paid = not failed and (order.given("date_paid") or order.given("date_paid_gmt"))
    return Payment(
        method=title,
        cash_on_delivery=cash,
        paid=paid,
        abandoned=not (cash or paid),
        paid_at=order.moment("date_paid_gmt", assume_utc=True),
    )


def _shipments(order: Fields, status: str) -> tuple[Shipment, ...]:
    """Return what was sent: all of it at once; or in parts, each of which has something to track."""
    parcels = parcels_of(order)
    shipped = any(line.shown("method_id") not in _PICKUP for line in order.rows("shipping_lines"))
    if status not in _SENT or not (parcels or shipped or status != "completed"):
        return ()
    sent_at = order.when("date_completed_gmt", assume_utc=True) or _changed_at(order)
    if status in _PARTLY_SENT and parcels:
        return tuple(Shipment(parcel.number, (parcel,), partial=True, at=sent_at) for parcel in parcels)
    return (Shipment(parcels=parcels, partial=status in _PARTLY_SENT, delivered=status == "delivered", at=sent_at),)


def _refunds(order: Fields, status: str, total: Decimal, *, silence: str) -> tuple[Refund, ...]:
    found = []
    for refund in order.rows("refunds"):
        amount = abs(refund.number("total") or Decimal(0))
        if amount:
            full = 0 < total <= amount
            found.append(Refund(refund.identifier("id"), amount, full=full, silence=silence, at=_changed_at(order)))
    if status == "refunded" and not found and total > 0:
        found = [Refund("", total, full=True, silence=silence, at=_changed_at(order))]
    return tuple(found)


def _changed_at(order: Fields) -> datetime | None:
    """Return when anything about the order changed last: what has no date of its own is no younger."""
    return order.when("date_modified_gmt", assume_utc=True)


def _shipping_address(order: Fields, name: str, *, cash: bool) -> tuple[str, ...]:
    """Return the address on the parcel; empty for an order of downloads, which has none."""
    address = woocommerce_address(order.part("shipping"), name)
    if address or not (order.rows("shipping_lines") or cash):
        return address
    return woocommerce_address(order.part("billing"), name)


def woocommerce_address(address: Fields, name: str) -> tuple[str, ...]:
    """Return an address line by line; empty where it has no place in it."""
    return address_lines(
        name=_name(address) or name,
        company=address.shown("company"),
        street=(address.shown("address_1"), address.shown("address_2")),
        city=address.shown("city"),
        region=address.shown("state"),
        postcode=address.shown("postcode"),
        country_code=address.shown("country"),
        country=address.shown("country"),
    )


def _locale(order: Fields) -> str:
    for meta in order.rows("meta_data"):
        if meta.shown("key") in _LANGUAGE_KEYS:
            language = meta.value("value")
            if isinstance(language, str) and LOCALE.fullmatch(language):
                return language.replace("_", "-")
    return ""
