"""Which messages follow from an order event, and why others do not.

| event | paid or cash on delivery | not paid |
| --- | --- | --- |
| placed | confirmation by mail and WhatsApp | nothing yet: awaiting payment |
| cancelled, drafted | nothing | nothing |

An order may be told of many times, by several webhooks: the idempotency key names shop, order, event and channel, so
that each message is sent once. Knows no queue; addresses are checked as the channels do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from notifyctl.channels.email import parse_address
from notifyctl.channels.whatsapp import parse_number
from notifyctl.errors import InvalidRecipient
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.orders.order import OrderEvent
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from decimal import Decimal

    from notifyctl.orders.order import Order

__all__ = ["Planned", "Skipped", "order_notifications"]

_TEMPLATE: Final = "order_confirmation"

#: How many rows a mail shows; the others are counted. Mail programs cut what is longer than about 100 kB.
_MAX_ROWS: Final = 100

_NOTHING_FOLLOWS: Final = {
    OrderEvent.CANCELLED: "the order is cancelled",
    OrderEvent.DRAFTED: "the order is not placed yet",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that follows from an order.

    Attributes:
        notification: What to send.
        idempotency_key: The same for every telling of the same event.
        priority: The lane: a customer waits for it.
        expires_after: From now on, how long it is worth sending; None: always.
    """

    notification: Notification
    idempotency_key: str
    priority: Literal["high"]
    expires_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message that does not follow, and why; the reason holds no address."""

    channel: Channel
    reason: str


def order_notifications(
    order: Order,
    event: OrderEvent | None = None,
    *,
    catalog: Catalog | None = None,
    oldest: datetime | None = None,
) -> tuple[list[Planned], list[Skipped]]:
    """Return the messages that follow from an order event, and those that do not: one of the two per channel.

    Args:
        order: The order.
        event: What happened; what the order says by default.
        catalog: Where the templates are, which say how long a message is worth sending; ours by default.
        oldest: Orders that were placed and paid before this moment are skipped. Shops tell of old orders
            when somebody edits them.
    """
    happened = event or order.event
    if reason := _reason_for_silence(order, happened, oldest):
        return [], [Skipped(channel, reason) for channel in Channel]
    templates = catalog or _shipped_catalog()
    planned, skipped = [], []
    for channel in Channel:
        try:
            recipient = _recipient(order, channel)
        except InvalidRecipient as error:
            skipped.append(Skipped(channel, error.message))
            continue
        is_email = channel is Channel.EMAIL
        template = templates.email(_TEMPLATE) if is_email else templates.whatsapp(_TEMPLATE)
        notification = Notification(
            channel=channel,
            to=recipient,
            template=_TEMPLATE,
            data=_email_data(order) if is_email else _basic_data(order),
            order_id=order.id,
            locale=order.locale,
        )
        planned.append(Planned(notification, _key(order, happened, channel), "high", template.expires_after))
    return planned, skipped


@cache
def _shipped_catalog() -> Catalog:
    return Catalog()


def _reason_for_silence(order: Order, event: OrderEvent, oldest: datetime | None) -> str:
    """Return why nothing is sent on any channel; empty if something is."""
    if event in _NOTHING_FOLLOWS:
        return _NOTHING_FOLLOWS[event]
    if not (order.payment.paid or order.payment.cash_on_delivery or order.totals.total <= 0):
        return "awaiting payment"
    settled = [moment for moment in (order.created_at, order.payment.paid_at) if moment is not None]
    if oldest is not None and settled and max(settled) < oldest:
        return "the order is too old for a confirmation"
    return ""


def _recipient(order: Order, channel: Channel) -> Recipient:
    """Return the customer's address on a channel.

    Raises:
        InvalidRecipient: If there is none, or none that can be sent to.
    """
    if channel is Channel.EMAIL:
        if not order.email:
            raise InvalidRecipient("the order has no mail address")
        return Recipient(parse_address(order.email), order.customer_name)
    if not order.phone:
        raise InvalidRecipient("the order has no phone number")
    return Recipient(parse_number(order.phone, order.phone_region or None), order.customer_name)


def _key(order: Order, event: OrderEvent, channel: Channel) -> str:
    """Return ``shop:10482:placed:email``; a colon inside a part is quoted, so that no two orders share a key."""
    return ":".join(quote(part, safe=" /#") for part in (order.shop, order.id, event, channel))


def _basic_data(order: Order) -> dict[str, Any]:
    """Return what every confirmation needs, and no more: it travels with the message."""
    data = {
        "customer_name": order.customer_name,
        "order_number": order.number,
        "currency": order.currency,
        "total": _plain(order.totals.total),
    }
    if order.totals.total <= 0:
        return data
    if order.payment.paid:
        data["payment"] = "paid"
    elif order.payment.cash_on_delivery:
        data["payment"] = "cod"
    return data


def _email_data(order: Order) -> dict[str, Any]:
    """Return the variables of the confirmation mail; what does not apply is left out."""
    totals = order.totals
    data: dict[str, Any] = _basic_data(order)
    data["items"] = [
        {"name": item.name, "quantity": _plain(item.quantity.normalize()), "total": _plain(item.total)}
        for item in order.items[:_MAX_ROWS]
    ]
    if len(order.items) > _MAX_ROWS:
        data["more_items"] = len(order.items) - _MAX_ROWS
    for name, amount in (("discount", totals.discount), ("fees", totals.fees), ("tax", totals.tax)):
        if amount:
            data[name] = _plain(amount)
    if totals.shipping is not None:
        data["shipping"] = _plain(totals.shipping)
    if totals.subtotal is not None and totals.subtotal != totals.total:
        data["subtotal"] = _plain(totals.subtotal)
    if totals.tax_included:
        data["tax_included"] = True
    optional = {
        "payment_method": order.payment.method,
        "shipping_address": list(order.shipping_address),
        "order_url": order.url,
    }
    return data | {name: value for name, value in optional.items() if value}


def _plain(number: Decimal) -> str:
    """Return a decimal as text without an exponent."""
    return format(number, "f")
