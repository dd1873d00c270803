"""Which of the messages that Twilio lists is the one whose answer was lost.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

Twilio's list names no id of ours: a message is known by its recipient, its sender, its time and its words. Taking
another one for it would lose ours, or send it twice, so a doubt stays one wherever it is not plain:

- A body that reads as ours does is ours. Of several, one that arrived wins over those that failed; where more than one
  arrived, or all have failed, nobody can tell which.
- The text that was approved at Twilio may be worded a little differently from our copy. Such a body is ours only if it
  is the one message from this sender since ours began, each of the variables' values stands in it, and most of its
  words are ours, in our order.

Two orders of one customer whose texts are the same to the letter are not told apart. Knows no connection.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from notifyctl.errors import Permanent, Scope, Transient
from notifyctl.notification import Sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from notifyctl.notification import WhatsAppPayload

__all__ = ["MOST_LISTED", "acceptance", "matching"]

#: How many of a recipient's latest messages are looked at.
MOST_LISTED = 50
#: By how much the queue's clock and Twilio's may differ; Twilio tells whole seconds.
_SKEW_MS = 5_000
#: So much of two texts is the same where one is the other, reworded. Of our own templates no two of the same order have
#: more than 0.6 in common.
_ALIKE = 0.7
_NOT_ARRIVED = {"failed", "undelivered", "canceled"}
#: Twilio's own trouble: the message failed for sure, and a new one may arrive.
_PASSING = {30001, 30500, 63010, 63012, 63018, 63023}
#: The recipient's side: not on WhatsApp, has blocked the sender, or is not to get such messages.
_RECIPIENT = {63003, 63014, 63024, 63032, 63049}


def matching(
    listed: Iterable[Any], payload: WhatsAppPayload, *, since_ms: int, sender: str, messaging_service_sid: str
) -> Any | None:
    """Return the message that was made of a payload; None where there is none, or nobody can tell.

    Args:
        listed: Twilio's message instances of that recipient.
        payload: What was handed over.
        since_ms: When, epoch ms.
        sender: The sender's number as ``whatsapp:+…``; empty where a messaging service chooses one.
        messaging_service_sid: That service's; may be empty.
    """

    def may_be(message: Any) -> bool:
        if message.date_created is None or message.date_created.timestamp() * 1000 < since_ms - _SKEW_MS:
            return False
        return bool(message.from_ == sender if sender else message.messaging_service_sid == messaging_service_sid)

    candidates = list(filter(may_be, listed))
    text = _plain(payload.text)
    same = [message for message in candidates if _plain(message.body) == text]
    if same:
        arrived = [message for message in same if message.status not in _NOT_ARRIVED]
        return _only(arrived or same)
    message = _only(candidates)
    return message if message is not None and _is_reworded(_plain(message.body), payload) else None


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


def _only(messages: Sequence[Any]) -> Any | None:
    return messages[0] if len(messages) == 1 else None


def _is_reworded(body: str, payload: WhatsAppPayload) -> bool:
    """Whether a body says what the payload does, in words that differ a little."""
    values = [plain for value in payload.variables.values() if (plain := _plain(value))]
    if not values or not all(_stands_in(value, body) for value in values):
        return False
    return SequenceMatcher(None, _plain(payload.text).split(), body.split(), autojunk=False).ratio() >= _ALIKE


def _plain(text: str | None) -> str:
    """Return a text without what is set differently from one system to the next: blanks, line breaks, ligatures."""
    return " ".join(unicodedata.normalize("NFKC", text or "").split())


def _stands_in(word: str, body: str) -> bool:
    """Whether it stands there by itself: order 1048 is not order 10482."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", body) is not None
