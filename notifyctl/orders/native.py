"""notifyctl's own order format, for shops that can send what they like: ``docs/reference/order-format.md``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.fields import Fields
from notifyctl.orders.order import Item, Order, OrderEvent, Payment, Totals

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse_native"]

_ORDER: Final = frozenset({
    "shop", "id", "number", "event", "created_at", "locale", "currency", "customer", "items", "totals", "payment",
    "shipping_address", "url",
})  # fmt: skip
_CUSTOMER: Final = frozenset({"name", "email", "phone", "country"})
_ITEM: Final = frozenset({"name", "quantity", "total"})
_TOTALS: Final = frozenset({"subtotal", "discount", "shipping", "fees", "tax", "tax_included", "total"})
_PAYMENT: Final = frozenset({"method", "cash_on_delivery", "paid", "paid_at"})
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_URL: Final = re.compile(r"https?://\S+")


def parse_native(payload: Mapping[str, Any], *, shop: str) -> Order:
    """Return the order that a payload in notifyctl's own format describes.

    Args:
        payload: The JSON object.
        shop: The shop's name where the payload does not say.

    Raises:
        InvalidOrder: If a field is missing, misspelt or unusable.
    """
    order = Fields(payload)
    order.only(_ORDER)
    order.require("id", "currency", "customer", "items", "totals", "payment")
    customer = order.child("customer")
    customer.only(_CUSTOMER)
    items = tuple(_item(item) for item in order.children("items"))
    return Order(
        shop=order.identifier("shop") or shop,
        id=order.identifier("id"),
        number=order.identifier("number") or order.identifier("id"),
        event=_event(order),
        currency=order.currency("currency"),
        items=items,
        totals=_totals(order.child("totals"), items),
        payment=_payment(order.child("payment")),
        customer_name=customer.text("name"),
        email=customer.verbatim("email"),
        phone=customer.verbatim("phone"),
        phone_region=customer.text("country"),
        shipping_address=order.texts("shipping_address"),
        locale=_matching(order, "locale", _LOCALE, "a language tag such as en or pt-BR") or "en",
        created_at=order.moment("created_at"),
        url=_matching(order, "url", _URL, "an address that starts with https://"),
    )


def _event(order: Fields) -> OrderEvent:
    known = (OrderEvent.PLACED, OrderEvent.CANCELLED)
    event = order.text("event") or OrderEvent.PLACED
    if event not in known:
        raise InvalidOrder(f"expected one of {', '.join(known)}", path=order.path("event"))
    return OrderEvent(event)


def _item(item: Fields) -> Item:
    item.only(_ITEM)
    item.require("name", "total")
    quantity = item.number("quantity")
    return Item(item.text("name"), Decimal(1) if quantity is None else quantity, item.number("total") or Decimal(0))


def _totals(totals: Fields, items: tuple[Item, ...]) -> Totals:
    totals.only(_TOTALS)
    totals.require("total")
    subtotal, discount = totals.number("subtotal"), totals.number("discount")
    if discount is not None and discount < 0:
        raise InvalidOrder("expected what is taken off as an amount of 0 or more", path=totals.path("discount"))
    return Totals(
        total=totals.number("total") or Decimal(0),
        subtotal=sum((item.total for item in items), Decimal(0)) if subtotal is None else subtotal,
        discount=discount,
        shipping=totals.number("shipping"),
        fees=totals.number("fees"),
        tax=totals.number("tax"),
        tax_included=totals.flag("tax_included"),
    )


def _payment(payment: Fields) -> Payment:
    payment.only(_PAYMENT)
    paid_at = payment.moment("paid_at")
    return Payment(
        method=payment.text("method"),
        cash_on_delivery=payment.flag("cash_on_delivery"),
        paid=payment.flag("paid") or paid_at is not None,
        paid_at=paid_at,
    )


def _matching(order: Fields, key: str, pattern: re.Pattern[str], what: str) -> str:
    text = order.verbatim(key)
    if text and not pattern.fullmatch(text):
        raise InvalidOrder(f"expected {what}", path=order.path(key))
    return text
