"""What is to be sent and what came of it: frozen values and their versioned JSON codec.

A `Notification` is what the caller asks for. It travels with its job as bytes (`encode`, `decode`), is rendered to
a payload (`EmailPayload`, `WhatsAppPayload`) by its channel, and a provider answers a payload with `Sent`.
Knows no queue, no provider and no template.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from notifyctl.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MAX_NOTIFICATION_BYTES",
    "Channel",
    "EmailPayload",
    "Notification",
    "Recipient",
    "Sent",
    "WhatsAppPayload",
]

#: The most bytes an encoded notification may have. A job is data for a template, not a file transfer.
MAX_NOTIFICATION_BYTES = 256 * 1024

_VERSION = 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


class Channel(StrEnum):
    """The way a message goes; also the name of its queue."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address on one channel.

    Attributes:
        address: A mail address, or a number in E.164 form such as ``+15005550006``; validated by the channel.
        name: What a person would call them; may be empty.
    """

    address: str
    name: str = ""

    def __repr__(self) -> str:
        """Hide the address: a repr ends in logs and tracebacks."""
        return "Recipient(…)"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message somebody asked for: a template, its variables, a recipient.

    Attributes:
        channel: Where it goes.
        to: The recipient.
        template: The template's name, such as ``order_confirmation``.
        data: The template's variables; JSON values only.
        order_id: The order it is about; may be empty.
        locale: BCP 47 tag such as ``en`` or ``pt-BR``.
    """

    channel: Channel
    to: Recipient
    template: str
    data: Mapping[str, Any] = field(repr=False)
    order_id: str = ""
    locale: str = "en"

    def encode(self) -> bytes:
        """Return this notification as bytes.

        Raises:
            InvalidInput: If the data is not JSON, or all of it has more than `MAX_NOTIFICATION_BYTES` bytes.
        """
        try:
            raw = _ENCODER.encode(
                {
                    "v": _VERSION,
                    "channel": self.channel,
                    "to": self.to.address,
                    "name": self.to.name,
                    "template": self.template,
                    "data": self.data,
                    "order_id": self.order_id,
                    "locale": self.locale,
                }
            ).encode()
        except RecursionError as error:
            raise InvalidInput(f"the data of template {self.template!r} is nested too deeply") from error
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the data of template {self.template!r} must be JSON values: {error}") from error
        if len(raw) > MAX_NOTIFICATION_BYTES:
            raise InvalidInput(
                f"this notification has {len(raw)} bytes; at most {MAX_NOTIFICATION_BYTES} are taken",
                hint="Pass what the template needs, and links to the rest.",
            )
        return raw

    @classmethod
    def decode(cls, raw: bytes) -> Notification:
        """Return the notification that `encode` made these bytes of.

        Raises:
            InvalidInput: If these bytes are not an encoded notification, or of a later version.
        """
        try:
            fields = json.loads(raw)
            if fields["v"] != _VERSION:
                raise InvalidInput(f"a notification of version {fields['v']}; this release reads {_VERSION}")
            return cls(
                channel=Channel(fields["channel"]),
                to=Recipient(fields["to"], fields["name"]),
                template=fields["template"],
                data=fields["data"],
                order_id=fields["order_id"],
                locale=fields["locale"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput("not an encoded notification") from error


@dataclass(frozen=True, slots=True, repr=False)
class EmailPayload:
    """A finished mail, one recipient.

    Attributes:
        notification_id: The job's id; travels as ``X-Notification-ID`` and, at SendGrid, as a custom argument.
        to, to_name: Recipient.
        sender, sender_name: ``From``.
        reply_to: May be empty.
        subject, text, html: Content; ``html`` may be empty.
        message_id: RFC 5322 Message-ID with its angle brackets; the same for every attempt.
        created_at_ms: Epoch milliseconds; becomes ``Date``, the same for every attempt.
        category: The template's name, for the provider's statistics.
    """

    notification_id: str
    to: str
    to_name: str
    sender: str
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    created_at_ms: int
    category: str


@dataclass(frozen=True, slots=True, repr=False)
class WhatsAppPayload:
    """A finished WhatsApp template message.

    Attributes:
        notification_id: The job's id.
        to: E.164 number, without the ``whatsapp:`` prefix.
        content_sid: Twilio's ``HX…`` id of the approved template; empty where none is configured (sandbox only).
        variables: Template variables by position, ``{"1": "Ada", "2": "10482"}``; no value is empty.
        text: The message as the customer would read it, for the outbox and previews.
        category: The template's name.
    """

    notification_id: str
    to: str
    content_sid: str
    variables: Mapping[str, str]
    text: str
    category: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A provider's acceptance.

    Attributes:
        provider: Its name.
        provider_id: Its id for the message, such as SendGrid's ``X-Message-Id``; empty where it gave none.
    """

    provider: str
    provider_id: str
