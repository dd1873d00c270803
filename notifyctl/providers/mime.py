"""A finished mail as an RFC 5322 message, for the providers that need one in bytes.

Built by the standard library alone, which refuses line breaks in headers; only 7-bit content, which every
server takes. Knows no server.
"""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from notifyctl.clock import from_ms

if TYPE_CHECKING:
    from notifyctl.notification import EmailPayload

__all__ = ["as_message"]

_POLICY = SMTP.clone(cte_type="7bit")


def as_message(payload: EmailPayload) -> EmailMessage:
    """Return the mail, with the same Message-ID and Date for each attempt.

    Raises:
        ValueError: If a header cannot be written, as with a line break in it, or a text cannot be encoded.
            Names the header, not its value.
    """
    message = EmailMessage(policy=_POLICY)
    headers: dict[str, object] = {
        "From": (payload.sender, payload.sender_name),
        "To": (payload.to, payload.to_name),
        "Subject": payload.subject,
        "Date": from_ms(payload.created_at_ms),
        "Message-ID": payload.message_id,
        "X-Notification-ID": payload.notification_id,
    }
    if payload.reply_to:
        headers["Reply-To"] = (payload.reply_to, "")
    for name, value in headers.items():
        try:
            message[name] = Address(value[1], addr_spec=value[0]) if isinstance(value, tuple) else value
        except (ValueError, IndexError, MessageError):
            raise ValueError(f"the mail's {name} cannot be written into a header") from None
    try:
        message.set_content(payload.text)
        if payload.html:
            message.add_alternative(payload.html, subtype="html")
    except UnicodeError:
        raise ValueError("the mail's text holds characters that cannot be encoded") from None
    return message
