"""WooCommerce's order as its REST API v3 and its webhooks send it.

https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties

- Texts hold HTML entities (``&ndash;``); amounts are texts with as many decimals as the shop set.
- ``status`` does not tell whether an order is paid: an unpaid one with cash on delivery is ``processing``.
  ``date_paid`` does.
- Rows, shipping and discount come without tax. A shop whose prices include tax shows them with it, and so do we.
"""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from notifyctl.orders.fields import Fields
from notifyctl.orders.order import Item, Order, OrderEvent, Payment, Totals

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["COD_METHODS", "is_ping", "parse_woocommerce"]

#: The key of WooCommerce's built-in cash on delivery; plugins bring others.
COD_METHODS: Final = frozenset({"cod"})

_CANCELLED: Final = frozenset({"cancelled", "refunded", "trash"})
_DRAFTED: Final = frozenset({"auto-draft", "checkout-draft", "draft", "new"})
_PING: Final = re.compile(rb"\s*webhook_id=\d{1,20}\s*")

#: Countries that write the postcode after the town and its state.
_POSTCODE_LAST: Final = frozenset({"AU", "CA", "GB", "IE", "IN", "NZ", "SG", "US", "ZA"})


def is_ping(body: bytes) -> bool:
    """Return whether a webhook's body is the ping that WooCommerce sends when a webhook is saved."""
    return bool(_PING.fullmatch(body))


def parse_woocommerce(payload: Mapping[str, Any], *, shop: str, cod_methods: Collection[str] = COD_METHODS) -> Order:
    """Return the order that a WooCommerce payload describes.

    Args:
        payload: The JSON object, its numbers with decimals read as `Decimal`.
        shop: The shop's name.
        cod_methods: Keys of the payment methods that mean cash on delivery.

    Raises:
        InvalidOrder: If a field is missing or unusable.
    """
    order = Fields(payload, decode=html.unescape)
    order.require("id", "currency", "total", "billing", "line_items")
    billing, shipping = order.child("billing"), order.child("shipping")
    name = _name(billing) or _name(shipping)
    phone_from = billing if billing.text("phone") else shipping
    gross = order.flag("prices_include_tax")
    items = tuple(_item(line, gross=gross) for line in order.children("line_items"))
    payment = _payment(order, cod_methods)
    return Order(
        shop=shop,
        id=order.identifier("id"),
        number=order.identifier("number") or order.identifier("id"),
        event=_event(order),
        currency=order.currency("currency"),
        items=items,
        totals=_totals(order, items, gross=gross),
        payment=payment,
        customer_name=name,
        email=billing.verbatim("email"),
        phone=phone_from.verbatim("phone"),
        phone_region=phone_from.text("country"),
        shipping_address=_shipping_address(order, name, cash=payment.cash_on_delivery),
        created_at=order.moment("date_created_gmt", assume_utc=True),
    )


def _event(order: Fields) -> OrderEvent:
    status = order.text("status").removeprefix("wc-")
    if status in _CANCELLED:
        return OrderEvent.CANCELLED
    return OrderEvent.DRAFTED if status in _DRAFTED else OrderEvent.PLACED


def _name(person: Fields) -> str:
    return f"{person.text('first_name')} {person.text('last_name')}".strip()


def _amount(fields: Fields, key: str, tax_key: str, *, gross: bool) -> Decimal:
    """Return an amount, with its tax if prices are shown so; 0 where the shop sent none."""
    amount = fields.number(key) or Decimal(0)
    return amount + (fields.number(tax_key) or Decimal(0)) if gross else amount


def _item(line: Fields, *, gross: bool) -> Item:
    key = "subtotal" if line.given("subtotal") else "total"
    quantity = line.number("quantity")
    return Item(
        name=line.text("name"),
        quantity=Decimal(1) if quantity is None else quantity,
        total=_amount(line, key, f"{key}_tax", gross=gross),
    )


def _totals(order: Fields, items: tuple[Item, ...], *, gross: bool) -> Totals:
    fees = sum((_amount(fee, "total", "total_tax", gross=gross) for fee in order.children("fee_lines")), Decimal(0))
    shipping = _amount(order, "shipping_total", "shipping_tax", gross=gross)
    return Totals(
        total=order.number("total") or Decimal(0),
        subtotal=sum((item.total for item in items), Decimal(0)),
        discount=_amount(order, "discount_total", "discount_tax", gross=gross),
        shipping=shipping if shipping or order.children("shipping_lines") else None,
        fees=fees,
        tax=order.number("total_tax"),
        tax_included=gross,
    )


def _payment(order: Fields, cod_methods: Collection[str]) -> Payment:
    return Payment(
        method=order.text("payment_method_title"),
        cash_on_delivery=order.text("payment_method") in cod_methods,
        paid=order.given("date_paid") or order.given("date_paid_gmt"),
        paid_at=order.moment("date_paid_gmt", assume_utc=True),
    )


def _shipping_address(order: Fields, name: str, *, cash: bool) -> tuple[str, ...]:
    """Return the address on the parcel; empty for an order of downloads, which has none."""
    shipping, billing = order.child("shipping"), order.child("billing")
    places = ("address_1", "address_2", "city", "postcode")
    address = shipping if any(shipping.text(place) for place in places) else billing
    if address is billing and not order.children("shipping_lines") and not cash:
        return ()
    country, city, postcode = address.text("country"), address.text("city"), address.text("postcode")
    state = address.text("state")
    if country in _POSTCODE_LAST:
        region = f"{city}, {state}" if city and state else city or state
        town = f"{region} {postcode}".strip()
    else:
        town = f"{postcode} {city}".strip()
    lines = (
        _name(address) or name,
        address.text("company"),
        address.text("address_1"),
        address.text("address_2"),
        town,
        country,
    )
    return tuple(line for line in lines if line)
