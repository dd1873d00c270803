"""Which messages follow from an order event, and why others do not.

| event | message |
| --- | --- |
| placed | confirmation, if it is paid, paid on delivery or free; nothing yet while it awaits payment |
| paid | the same confirmation; of cash on delivery, that it was received |
| shipped, delivered | one for each shipment |
| cancelled | that it is; what waits of confirmations and shipments is superseded |
| refunded | one for each refund |
| drafted | nothing; what waits is superseded |

Where a shop tells how an order is now, and not what has just happened, all follows that its state shows and that is
still news: see `happenings`. An order may be told of many times, by several webhooks: the idempotency key names shop,
order, event, part and channel, so that each message is sent once. What each event sends is a table of settings. Knows
no queue; addresses are checked as the channels do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from notifyctl.channels.email import parse_address
from notifyctl.channels.whatsapp import parse_number
from notifyctl.errors import InvalidRecipient
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.orders.order import Order, OrderEvent, Phone, Refund, Shipment
from notifyctl.orders.variables import template_variables
from notifyctl.settings.messages import MessagesSettings
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from notifyctl.settings.messages import MessageRule, Priority

__all__ = ["Outcome", "Planned", "Skipped", "happenings", "order_notifications"]

#: What stands in the key for the id of a part that has none: the rest of the order is told of as well.
_PART = "partial"

#: What is superseded where an order came to nothing.
_ANNOUNCEMENTS = (OrderEvent.PLACED, OrderEvent.PAID)

#: The refund of all the money, whichever id it will have.
_EVERYTHING = Refund("", Decimal(0), full=True)

_UNDONE = "the order was cancelled or refunded since"
_PASSED = "the order was cancelled or refunded since, or this shipment was told of before"

#: What may have left the shop where an order does not say.
_UNKNOWN = (Shipment(), Shipment(partial=True))


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that follows from an order.

    Attributes:
        notification: What to send.
        idempotency_key: The same for every telling of the same event.
        priority: The lane: high where a customer waits for it.
        delay: How long to wait before it may go.
        expires_after: From then on, how long it is worth sending; None: always.
        unless: Keys of the same channel: once one of them is known, the message is wrong. Tellings come in any order.
        overtaken: What to say then.
    """

    notification: Notification
    idempotency_key: str
    priority: Priority
    delay: timedelta
    expires_after: timedelta | None
    unless: tuple[str, ...] = ()
    overtaken: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message that does not follow, and why; the reason holds no address.

    Attributes:
        channel: Where it would have gone.
        reason: Why it does not.
        unusable: The order has an address there, and it cannot be sent to: somebody may mend it.
    """

    channel: Channel
    reason: str
    unusable: bool = False


class Outcome(NamedTuple):
    """What follows from an order.

    Attributes:
        planned: Messages to send.
        skipped: Messages that do not follow.
        superseded: Channel and idempotency key of messages that are wrong now, and must not go if they still wait.
    """

    planned: list[Planned]
    skipped: list[Skipped]
    superseded: list[tuple[Channel, str]]


class Happening(NamedTuple):
    """One thing that happened to an order, and the shipment or refund that it is about."""

    event: OrderEvent
    part: Shipment | Refund | None = None


def order_notifications(
    order: Order,
    event: OrderEvent | None = None,
    *,
    messages: MessagesSettings | None = None,
    catalog: Catalog | None = None,
    oldest: datetime | None = None,
) -> Outcome:
    """Return the messages that follow from an order, those that do not, and those that it makes wrong.

    Args:
        order: The order.
        event: What happened; what the order says by default.
        messages: What each event sends; the defaults by default.
        catalog: Where the templates are, which say how long a message is worth sending; ours by default.
        oldest: What happened before this moment is skipped. Shops tell of old orders when somebody edits them.
    """
    if event is OrderEvent.PAID:
        order = replace(order, payment=replace(order.payment, paid=True))
    rules = messages or _default_messages()
    templates = catalog or _shipped_catalog()
    outcome = Outcome([], [], [])
    for happening in happenings(order, event):
        outcome.superseded.extend(_superseded(order, happening))
        kind = _message(order, happening)
        silence = _reason_for_silence(order, happening, oldest)
        for channel in Channel:
            rule = None if silence else rules.rule(kind, channel)
            found = Skipped(channel, silence) if rule is None else _plan(order, happening, channel, rule, templates)
            if isinstance(found, Planned):
                outcome.planned.append(found)
            else:
                outcome.skipped.append(found)
    return outcome


def happenings(order: Order, event: OrderEvent | None = None) -> Iterator[Happening]:
    """Yield what is to be told of an order.

    Of one whose state is told: that it is cancelled, and its refunds; else its refunds and shipments, and where nothing
    was shipped and not all of the money went back, that it was placed.

    Args:
        order: The order.
        event: What happened; what the order says by default.
    """
    happened = event or order.event
    if happened is None:
        yield from _news(order)
    elif happened is OrderEvent.REFUNDED:
        yield from (Happening(happened, refund) for refund in order.refunds or (None,))
    elif happened in (OrderEvent.SHIPPED, OrderEvent.DELIVERED):
        shipments = order.shipments or (Shipment(),)
        if happened is OrderEvent.DELIVERED and any(shipment.delivered for shipment in shipments):
            shipments = tuple(shipment for shipment in shipments if shipment.delivered)
        yield from (Happening(happened, shipment) for shipment in shipments)
    else:
        yield Happening(happened)


def _news(order: Order) -> Iterator[Happening]:
    if order.cancelled:
        yield Happening(OrderEvent.CANCELLED)
    yield from (Happening(OrderEvent.REFUNDED, refund) for refund in order.refunds)
    if order.cancelled:
        return
    for shipment in order.shipments:
        yield Happening(OrderEvent.DELIVERED if shipment.delivered else OrderEvent.SHIPPED, shipment)
    if not order.shipments and not order.refunded_in_full:
        yield Happening(OrderEvent.PLACED)


def _message(order: Order, happening: Happening) -> OrderEvent:
    """Return the row of the table that an event is in: the payment of a prepaid order is what confirms it."""
    if happening.event is OrderEvent.PAID and not order.payment.cash_on_delivery:
        return OrderEvent.PLACED
    return happening.event


def _plan(
    order: Order, happening: Happening, channel: Channel, rule: MessageRule, templates: Catalog
) -> Planned | Skipped:
    """Return the message that an event sends on a channel, or why there is none."""
    if not rule.template:
        return Skipped(channel, f"no {channel} message is set for {_message(order, happening)} orders")
    try:
        recipient = _recipient(order, channel)
    except InvalidRecipient as error:
        given = next((_emails if channel is Channel.EMAIL else _phones)(order), None)
        return Skipped(channel, error.message, unusable=given is not None)
    email = channel is Channel.EMAIL
    expires = rule.expires
    if expires is None:
        template = templates.email(rule.template) if email else templates.whatsapp(rule.template)
        expires = template.expires_after
    notification = Notification(
        channel=channel,
        to=recipient,
        template=rule.template,
        data=template_variables(order, _message(order, happening), happening.part, channel),
        order_id=order.id,
        locale=order.locale,
    )
    return Planned(
        notification,
        _key(order, happening, channel),
        rule.priority,
        rule.delay,
        expires,
        unless=tuple(_key(order, later, channel) for later in _overtaking(happening)),
        overtaken=_PASSED if happening.event is OrderEvent.SHIPPED else _UNDONE,
    )


def _reason_for_silence(order: Order, happening: Happening, oldest: datetime | None) -> str:
    """Return why nothing follows on any channel; empty if something does."""
    event, part = happening
    if event is OrderEvent.DRAFTED:
        return "the order is a draft, or was thrown away"
    if order.cancelled and event not in (OrderEvent.CANCELLED, OrderEvent.REFUNDED):
        return "the order is cancelled"
    if order.silence:
        return order.silence
    if event is OrderEvent.REFUNDED and part is None:
        return "the order does not say what was refunded"
    if part and part.silence:
        return part.silence
    return _unfit(order, event) or _too_old(order, happening, oldest)


def _unfit(order: Order, event: OrderEvent) -> str:
    """Return why an order's payment forbids an event's message; empty if it does not."""
    if event is OrderEvent.CANCELLED:
        free = order.totals is not None and order.totals.total <= 0
        return "nothing was confirmed" if order.payment.abandoned and not free else ""
    return _unsettled(order) if event in _ANNOUNCEMENTS else ""


def _unsettled(order: Order) -> str:
    """Return why an order is not to be confirmed, or not yet; empty if it is."""
    if order.totals is None:
        return "the order does not say what it adds up to"
    if order.refunded_in_full:
        return "the order was refunded"
    if order.totals.total <= 0 or order.payment.paid or order.payment.cash_on_delivery:
        return ""
    return "awaiting payment"


def _too_old(order: Order, happening: Happening, oldest: datetime | None) -> str:
    event, part = happening
    if event in _ANNOUNCEMENTS:
        moments = (order.created_at, order.payment.paid_at)
    elif event is OrderEvent.CANCELLED:
        moments = (order.cancelled_at, None)
    else:
        moments = (part.at if part else None, None)
    known = [moment for moment in moments if moment is not None]
    if oldest is None or not known or max(known) >= oldest:
        return ""
    return "the order is too old for a confirmation" if event in _ANNOUNCEMENTS else "it happened too long ago"


def _superseded(order: Order, happening: Happening) -> Iterator[tuple[Channel, str]]:
    """Yield what must not go any more once this has happened."""
    event, part = happening
    wrong: list[Happening] = []
    if event in (OrderEvent.CANCELLED, OrderEvent.DRAFTED):
        wrong = [*map(Happening, _ANNOUNCEMENTS)]
        wrong += [Happening(OrderEvent.SHIPPED, shipment) for shipment in order.shipments or _UNKNOWN]
    elif event is OrderEvent.DELIVERED:
        wrong = [Happening(OrderEvent.SHIPPED, part)]
    elif event is OrderEvent.REFUNDED and order.refunded_in_full:
        wrong = [*map(Happening, _ANNOUNCEMENTS)]
    for one in wrong:
        for channel in Channel:
            yield channel, _key(order, one, channel, own_row=True)


def _overtaking(happening: Happening) -> Iterator[Happening]:
    """Yield what makes a message wrong if it was told before."""
    event, part = happening
    if event in _ANNOUNCEMENTS or event is OrderEvent.SHIPPED:
        yield Happening(OrderEvent.CANCELLED)
        yield Happening(OrderEvent.REFUNDED, _EVERYTHING)
    if event is OrderEvent.SHIPPED:
        yield Happening(OrderEvent.DELIVERED, part)
        if isinstance(part, Shipment) and part.id and part.in_whole:
            yield Happening(OrderEvent.SHIPPED, Shipment())


def _recipient(order: Order, channel: Channel) -> Recipient:
    """Return the customer's address on a channel: the first that can be sent to.

    Raises:
        InvalidRecipient: If there is none, or none that can be sent to; it tells what is wrong with the first.
    """
    email = channel is Channel.EMAIL
    fault = InvalidRecipient("the order has no mail address" if email else "the order has no phone number")
    found = (_emails if email else _phones)(order)
    for position, read in enumerate(found):
        try:
            return Recipient(read(), order.customer_name)
        except InvalidRecipient as error:
            fault = fault if position else error
    raise fault


def _emails(order: Order) -> Iterator[Callable[[], str]]:
    for address in filter(None, (order.email, *order.other_emails)):
        yield partial(parse_address, address)


def _phones(order: Order) -> Iterator[Callable[[], str]]:
    for number, region in (Phone(order.phone, order.phone_region), *order.other_phones):
        if number:
            yield partial(parse_number, number, region or order.phone_region or None)


def _key(order: Order, happening: Happening, channel: Channel, *, own_row: bool = False) -> str:
    """Return ``shop:10482:placed:email`` or ``shop:10482:shipped:7:email``.

    A colon inside a part is quoted, so that no two orders share a key. A confirmation has one key, whether it was
    placing or paying that led to it.

    Args:
        order: The order.
        happening: What happened.
        channel: Where it is told.
        own_row: Take the event as it is, however the order is paid.
    """
    event = happening.event if own_row else _message(order, happening)
    part = happening.part
    name = part.id if part else ""
    if isinstance(part, Refund):
        # that of everything has a key that is known before it happens: the others look for it
        name = "" if part.full else name or format(part.amount, "f")
    elif isinstance(part, Shipment) and part.partial and not name:
        name = _PART
    parts = (order.shop, order.id, event, *([name] if name else []), channel)
    return ":".join(map(_quoted, parts))


@lru_cache(1_024)
def _quoted(part: str) -> str:
    """Return a part of a key without colons; an order's keys have most of theirs in common."""
    return quote(part, safe=" /#")


@cache
def _shipped_catalog() -> Catalog:
    return Catalog()


@cache
def _default_messages() -> MessagesSettings:
    return MessagesSettings()
