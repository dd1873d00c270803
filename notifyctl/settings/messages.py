"""Which message follows from which order event: a table of events and channels, and what counts as cash on delivery.

A rule is one line of text, so that a variable can hold it: `off`, or a template with what differs from the defaults,
such as `order_shipped priority=normal delay=10m expires=3d`. Knows no order and no template file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator

from notifyctl.settings.sections import Env, Section
from notifyctl.units import format_duration, parse_duration

__all__ = ["ChannelRules", "MessageRule", "MessagesSettings", "OrdersSettings", "Priority"]

Priority = Literal["high", "normal", "low"]

_PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
_TEMPLATE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_EXPECTED: Final = (
    "expected off, or a template with options, such as: order_shipped priority=normal delay=10m expires=3d"
)


@dataclass(frozen=True, slots=True)
class MessageRule:
    """What one event sends on one channel.

    Attributes:
        template: Its name; empty: nothing is sent.
        priority: The lane: ``high`` for what a customer waits for.
        delay: How long to wait before it may go.
        expires: From the end of the delay on, how long it is worth sending; None: as long as its template says.
    """

    template: str
    priority: Priority = "normal"
    delay: timedelta = timedelta(0)
    expires: timedelta | None = None

    def __str__(self) -> str:
        if not self.template:
            return "off"
        words = [self.template, f"priority={self.priority}"]
        if self.delay:
            words.append(f"delay={format_duration(self.delay)}")
        if self.expires is not None:
            words.append(f"expires={format_duration(self.expires)}")
        return " ".join(words)

    def changed(self, options: Mapping[str, Any]) -> MessageRule:
        """Return this rule with other options, each as text.

        Raises:
            ValueError: If an option is unknown or its value cannot be used.
        """
        rule = self
        for name, value in options.items():
            text = value if isinstance(value, str) else ""
            if name == "template":
                if not _TEMPLATE.fullmatch(text):
                    raise ValueError("expected a template's name: small letters, digits, dashes or underscores")
                rule = replace(rule, template=text)
            elif name == "priority":
                if text not in _PRIORITIES:
                    raise ValueError(f"expected a priority of {', '.join(_PRIORITIES)}")
                rule = replace(rule, priority=text)
            elif name == "delay":
                rule = replace(rule, delay=_duration("delay", text))
            elif name == "expires":
                expires = _duration("expires", text)
                if not expires:
                    raise ValueError("expires: expected a duration of more than 0s")
                rule = replace(rule, expires=expires)
            else:
                raise ValueError(_EXPECTED)
        return rule


def _duration(name: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _rule(default: MessageRule) -> BeforeValidator:
    """Return a validator of rules; what a rule does not say is as in this one."""

    def read(value: Any) -> MessageRule:
        if isinstance(value, MessageRule):
            return value
        if isinstance(value, Mapping):
            return default.changed(value)
        if not isinstance(value, str):
            raise ValueError(_EXPECTED)  # noqa: TRY004 - pydantic wants it
        words = value.split()
        if words == ["off"]:
            return replace(default, template="")
        options = {}
        for position, word in enumerate(words):
            name, equals, option = word.partition("=")
            if not equals:
                if position:
                    raise ValueError(_EXPECTED)
                name, option = "template", word
            options[name] = option
        return default.changed(options)

    return BeforeValidator(read)


_CONFIRMATION: Final = MessageRule("order_confirmation", "high")
_RECEIVED: Final = MessageRule("payment_received")
_SHIPPED: Final = MessageRule("order_shipped")
_DELIVERED: Final = MessageRule("order_delivered")
_CANCELLED: Final = MessageRule("order_cancelled", "high")
_REFUNDED: Final = MessageRule("order_refunded")


class ChannelRules(Section):
    """What one event sends, by channel."""

    email: MessageRule
    whatsapp: MessageRule


class PlacedRules(ChannelRules):
    """The confirmation: of an order with cash on delivery when it is placed, of a prepaid one when it is paid."""

    email: Annotated[MessageRule, _rule(_CONFIRMATION), Env("NOTIFYCTL_MESSAGE_PLACED_EMAIL")] = _CONFIRMATION
    whatsapp: Annotated[MessageRule, _rule(_CONFIRMATION), Env("NOTIFYCTL_MESSAGE_PLACED_WHATSAPP")] = _CONFIRMATION


class PaidRules(ChannelRules):
    """Cash on delivery that has arrived."""

    email: Annotated[MessageRule, _rule(_RECEIVED), Env("NOTIFYCTL_MESSAGE_PAID_EMAIL")] = _RECEIVED
    whatsapp: Annotated[MessageRule, _rule(_RECEIVED), Env("NOTIFYCTL_MESSAGE_PAID_WHATSAPP")] = replace(
        _RECEIVED, template=""
    )


class ShippedRules(ChannelRules):
    """A parcel is on its way."""

    email: Annotated[MessageRule, _rule(_SHIPPED), Env("NOTIFYCTL_MESSAGE_SHIPPED_EMAIL")] = _SHIPPED
    whatsapp: Annotated[MessageRule, _rule(_SHIPPED), Env("NOTIFYCTL_MESSAGE_SHIPPED_WHATSAPP")] = _SHIPPED


class DeliveredRules(ChannelRules):
    """A parcel has arrived."""

    email: Annotated[MessageRule, _rule(_DELIVERED), Env("NOTIFYCTL_MESSAGE_DELIVERED_EMAIL")] = _DELIVERED
    whatsapp: Annotated[MessageRule, _rule(_DELIVERED), Env("NOTIFYCTL_MESSAGE_DELIVERED_WHATSAPP")] = _DELIVERED


class CancelledRules(ChannelRules):
    """The order will not come."""

    email: Annotated[MessageRule, _rule(_CANCELLED), Env("NOTIFYCTL_MESSAGE_CANCELLED_EMAIL")] = _CANCELLED
    whatsapp: Annotated[MessageRule, _rule(_CANCELLED), Env("NOTIFYCTL_MESSAGE_CANCELLED_WHATSAPP")] = _CANCELLED


class RefundedRules(ChannelRules):
    """Money went back, all of it or a part."""

    email: Annotated[MessageRule, _rule(_REFUNDED), Env("NOTIFYCTL_MESSAGE_REFUNDED_EMAIL")] = _REFUNDED
    whatsapp: Annotated[MessageRule, _rule(_REFUNDED), Env("NOTIFYCTL_MESSAGE_REFUNDED_WHATSAPP")] = _REFUNDED


class MessagesSettings(Section):
    """What each order event sends; the names are those of the events."""

    placed: PlacedRules = PlacedRules()
    paid: PaidRules = PaidRules()
    shipped: ShippedRules = ShippedRules()
    delivered: DeliveredRules = DeliveredRules()
    cancelled: CancelledRules = CancelledRules()
    refunded: RefundedRules = RefundedRules()

    def rule(self, event: str, channel: str) -> MessageRule:
        """Return what an event sends on a channel, both by their names."""
        found: MessageRule = getattr(getattr(self, event), channel)
        return found


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected names such as cod, Cash on delivery")
    return tuple(name.strip() for name in value if name.strip())


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", text):
        raise ValueError("expected a language tag such as de or pt-BR")
    return text.replace("_", "-")


class OrdersSettings(Section):
    """How the orders of shop systems are read.

    Attributes:
        cod_methods: Further payment methods that mean cash on delivery, as the shop calls them, in capitals or not:
            a Shopify gateway's name, or the key or title of a method of WooCommerce.
        locale: The language of orders that name none; WooCommerce's mostly do not.
        confirm_authorized: Whether money that is reserved and not taken yet counts as paid for the confirmation.
    """

    cod_methods: Annotated[tuple[str, ...], BeforeValidator(_names), Env("NOTIFYCTL_COD_METHODS")] = ()
    locale: Annotated[str, AfterValidator(_language), Env("NOTIFYCTL_ORDER_LOCALE")] = "en"
    confirm_authorized: Annotated[bool, Env("NOTIFYCTL_CONFIRM_AUTHORIZED")] = False
