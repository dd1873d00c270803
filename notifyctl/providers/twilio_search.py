"""Which of the messages that Twilio lists is the one whose answer was lost.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

Twilio's list names no id of ours: a message is known by its recipient, its sender, its time and its words. What the
variables say, an order's number among them, has to stand in it, each of them. Knows no connection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from notifyctl.errors import Permanent, Scope, Transient
from notifyctl.notification import Sent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notifyctl.notification import WhatsAppPayload

__all__ = ["MOST_LISTED", "acceptance", "matching"]

#: How many of a recipient's latest messages are looked at.
MOST_LISTED = 50
#: By how much the queue's clock and Twilio's may differ; Twilio tells whole seconds.
_SKEW_MS = 15_000
_NOT_ARRIVED = {"failed", "undelivered", "canceled"}
#: Twilio's own trouble: the message failed for sure, and a new one may arrive.
_PASSING = {30001, 30500, 63010, 63012, 63018, 63023}
#: The recipient's side: not on WhatsApp, has blocked the sender, or is not to get such messages.
_RECIPIENT = {63003, 63014, 63024, 63032, 63049}


def matching(
    listed: Iterable[Any], payload: WhatsAppPayload, *, since_ms: int, sender: str, messaging_service_sid: str
) -> Any | None:
    """Return the message that was made of a payload, the earliest of them; None where there is none.

    Args:
        listed: Twilio's message instances of that recipient.
        payload: What was handed over.
        since_ms: When, epoch ms.
        sender: The sender's number as ``whatsapp:+…``; empty where a messaging service chooses one.
        messaging_service_sid: That service's; may be empty.
    """
    words = [_plain(value) for value in payload.variables.values() if value.strip()]
    if not words:
        return None  # nothing tells it from another message of the same minute

    def fits(message: Any) -> bool:
        if message.date_created is None or message.date_created.timestamp() * 1000 < since_ms - _SKEW_MS:
            return False
        from_us = message.from_ == sender if sender else message.messaging_service_sid == messaging_service_sid
        body = _plain(message.body or "")
        return from_us and all(_stands_in(word, body) for word in words)

    return min(filter(fits, listed), key=lambda message: message.date_created, default=None)


def acceptance(message: Any, provider: str) -> Sent:
    """Return a found message's acceptance.

    Raises:
        Transient: It was accepted and did not arrive, for a reason that passes.
        Permanent: It was accepted and did not arrive, for one that does not.
    """
    if message.status not in _NOT_ARRIVED:
        return Sent(provider, message.sid)
    code = int(message.error_code or 0)
    told, why = f"Twilio has it as {message.status}", str(code or message.status)
    if code in _PASSING:
        raise Transient(told, provider=provider, provider_code=why)
    scope = Scope.RECIPIENT if code in _RECIPIENT else Scope.CONTENT
    raise Permanent(told, provider=provider, provider_code=why, scope=scope)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _stands_in(word: str, body: str) -> bool:
    """Whether it stands there by itself: order 1048 is not order 10482."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body) is not None
