"""WooCommerce's order as its legacy API (v1 to v3, ``/wc-api/``) and the webhooks of that time send it.

https://woocommerce.github.io/woocommerce-rest-api-docs/v3.html#orders
"""

from __future__ import annotations

import html
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from notifyctl.orders.fields import Fields, web_address
from notifyctl.orders.order import Item, Order, OrderEvent, Payment, Refund, Shipment, Totals
from notifyctl.orders.woocommerce import status_of, woocommerce_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.orders.shop import Shop

__all__ = ["is_legacy_woocommerce", "parse_legacy_woocommerce"]


def is_legacy_woocommerce(body: Mapping[str, Any]) -> bool:
    """Return whether an object has the shape of an order of the legacy API."""
    return body.keys() >= {"billing_address", "payment_details"}


def parse_legacy_woocommerce(body: Mapping[str, Any], shop: Shop, path: str = "") -> Order:
    """Return the order that a payload of the legacy API describes; arguments and errors as in `parse_woocommerce`."""
    order = Fields(body, path, html.unescape)
    order.require("id", "currency", "total", "line_items")
    billing, shipping = order.child("billing_address", php=True), order.part("shipping_address")
    details = order.child("payment_details")
    status = status_of(order.text("status"))
    title = details.shown("method_title")
    cash = status != "failed" and shop.is_cash(details.text("method_id"), title)
    paid = status != "failed" and details.flag("paid")
    name = " ".join(filter(None, (billing.shown("first_name"), billing.shown("last_name"))))
    items = tuple(_item(line) for line in order.children("line_items"))
    totals = _totals(order, items)
    shipped = bool(order.rows("shipping_lines"))
    address = woocommerce_address(shipping, name)
    if not address and (shipped or cash):
        address = woocommerce_address(billing, name)
    whole = Refund("", totals.total, full=True)
    sent = Shipment(at=order.when("completed_at", assume_utc=True))
    return Order(
        shop=shop.name,
        id=order.identifier("id"),
        number=order.shown("order_number") or order.identifier("id"),
        event=OrderEvent.DRAFTED if status == "trash" else None,
        currency=order.currency("currency"),
        items=items,
        totals=totals,
        payment=Payment(title, cash_on_delivery=cash, paid=paid, abandoned=not (cash or paid)),
        shipments=(sent,) if status == "completed" and shipped else (),
        refunds=(whole,) if status == "refunded" and totals.total > 0 else (),
        cancelled=status == "cancelled",
        customer_name=name,
        email=billing.typed("email"),
        phone=billing.typed("phone"),
        phone_region=billing.shown("country"),
        shipping_address=address,
        locale=shop.locale,
        created_at=order.when("created_at", assume_utc=True),
        url=web_address(order.typed("view_order_url")),
    )


def _item(line: Fields) -> Item:
    quantity = line.number("quantity")
    amount = line.number("subtotal") if line.given("subtotal") else line.number("total")
    return Item(line.shown("name") or "?", Decimal(1) if quantity is None else quantity, amount or Decimal(0))


def _totals(order: Fields, items: tuple[Item, ...]) -> Totals:
    lines = order.rows("shipping_lines")
    shipping = order.price("total_shipping")
    return Totals(
        total=order.number("total") or Decimal(0),
        subtotal=sum((item.total or Decimal(0) for item in items), Decimal(0)),
        discount=order.price("total_discount"),
        shipping=(shipping or Decimal(0)) if shipping or lines else None,
        fees=sum((fee.price("total") or Decimal(0) for fee in order.rows("fee_lines")), Decimal(0)),
        tax=order.price("total_tax"),
        due=order.number("total"),
    )
