"""What a template is told of an order: JSON values that travel with the message, so no more than it shows.

Amounts and quantities are decimal texts without an exponent, times are ISO 8601 with a zone. What does not apply is
left out, never null or empty: a template asks whether it is there. A WhatsApp message gets neither goods nor address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from notifyctl.notification import Channel
from notifyctl.orders.order import OrderEvent, Refund, Shipment

if TYPE_CHECKING:
    from decimal import Decimal

    from notifyctl.orders.order import Item, Order

__all__ = ["template_variables"]

#: How many rows a mail shows; the others are counted. Mail programs cut what is longer than about 100 kB.
_MAX_ROWS: Final = 100


def template_variables(
    order: Order, event: OrderEvent, part: Shipment | Refund | None, channel: Channel
) -> dict[str, Any]:
    """Return the variables of the message that an event sends on a channel.

    Args:
        order: The order.
        event: What happened.
        part: The shipment or refund that it is about.
        channel: Where it is told.
    """
    variables: dict[str, Any] = {"order_number": order.number, "customer_name": order.customer_name}
    mail = channel is Channel.EMAIL
    if mail:
        variables["order_url"] = order.url
        variables["order_date"] = order.created_at.isoformat() if order.created_at else ""
    if isinstance(part, Refund):
        variables |= _refund(order, part, mail=mail)
    elif isinstance(part, Shipment) and event is OrderEvent.SHIPPED:
        variables |= _shipment(order, part, mail=mail)
    elif isinstance(part, Shipment):
        variables |= _goods(part.items or (() if part.partial else order.items)) if mail else {}
    elif event is OrderEvent.PLACED:
        variables |= _confirmation(order, mail=mail)
    elif event is OrderEvent.PAID:
        variables |= _money(order) | {"payment_method": order.payment.method if mail else ""}
    elif event is OrderEvent.CANCELLED:
        variables |= _money(order) | {"payment": "paid" if _had_paid(order) else ""}
        variables |= _goods(order.items) if mail else {}
    return {name: value for name, value in variables.items() if value != ""}


def _money(order: Order) -> dict[str, Any]:
    if order.totals is None:
        return {}
    return {"currency": order.currency, "total": _plain(order.totals.total)}


def _had_paid(order: Order) -> bool:
    return order.payment.paid and order.totals is not None and order.totals.total > 0


def _confirmation(order: Order, *, mail: bool) -> dict[str, Any]:
    variables: dict[str, Any] = _money(order)
    totals = order.totals
    if totals is None:
        return variables
    if _had_paid(order):
        variables["payment"] = "paid"
    elif order.payment.cash_on_delivery and totals.total > 0 and totals.due == totals.total:
        # where a part is paid already, or may be, the total is not what to have ready
        variables["payment"] = "cod"
    if not mail:
        return variables
    variables["items"] = [
        {"name": item.name, "quantity": _count(item), "total": _plain(item.total)}
        for item in order.items[:_MAX_ROWS]
        if item.total is not None
    ]
    variables |= _more(order.items)
    for name, amount in (("discount", totals.discount), ("fees", totals.fees), ("tax", totals.tax)):
        if amount:
            variables[name] = _plain(amount)
    if totals.shipping is not None:
        variables["shipping"] = _plain(totals.shipping)
    if totals.subtotal is not None and totals.subtotal != totals.total:
        variables["subtotal"] = _plain(totals.subtotal)
    if totals.tax_included:
        variables["tax_included"] = True
    variables["payment_method"] = order.payment.method
    return variables | _address(order)


def _shipment(order: Order, shipment: Shipment, *, mail: bool) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    totals = order.totals
    if order.payment.cash_on_delivery and not order.payment.paid and totals is not None and totals.total > 0:
        if totals.due is None or shipment.partial:
            # what each of several parcels costs at the door is known to the carrier alone
            variables = {"payment": "cod"}
        elif totals.due > 0:
            variables = {"payment": "cod", "currency": order.currency, "total": _plain(totals.due)}
    if not mail:
        parcel = shipment.parcels[0] if shipment.parcels else None
        if parcel is not None:
            variables |= {"carrier": parcel.carrier, "tracking_number": parcel.number, "tracking_url": parcel.url}
        return variables
    variables["shipments"] = [
        {name: text for name, text in told.items() if text}
        for told in (
            {"carrier": parcel.carrier, "number": parcel.number, "url": parcel.url} for parcel in shipment.parcels
        )
    ]
    if shipment.partial:
        variables["partial"] = True
    return variables | _goods(shipment.items or (() if shipment.partial else order.items)) | _address(order)


def _refund(order: Order, refund: Refund, *, mail: bool) -> dict[str, Any]:
    currency = refund.currency or order.currency
    variables: dict[str, Any] = {
        "currency": currency,
        "refund_amount": _plain(refund.amount),
        "refund_full": refund.full,
    }
    if order.totals is not None and currency == order.currency:
        variables["total"] = _plain(order.totals.total)
    return variables | (_goods(refund.items) if mail else {})


def _goods(items: tuple[Item, ...]) -> dict[str, Any]:
    """Return rows without prices; nothing where no goods are told of."""
    if not items:
        return {}
    return {"items": [{"name": item.name, "quantity": _count(item)} for item in items[:_MAX_ROWS]]} | _more(items)


def _more(items: tuple[Item, ...]) -> dict[str, Any]:
    return {"more_items": len(items) - _MAX_ROWS} if len(items) > _MAX_ROWS else {}


def _address(order: Order) -> dict[str, Any]:
    return {"shipping_address": list(order.shipping_address)} if order.shipping_address else {}


def _count(item: Item) -> str:
    return _plain(item.quantity.normalize())


def _plain(number: Decimal) -> str:
    """Return a decimal as text without an exponent."""
    return format(number, "f")
