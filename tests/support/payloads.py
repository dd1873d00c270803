"""Finished payloads with addresses and numbers that belong to nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from notifyctl.notification import EmailPayload, WhatsAppPayload

#: 2026-11-01 12:00:00 UTC
CREATED_AT_MS = 1_793_534_400_000

_EMAIL = EmailPayload(
    notification_id="n-10482",
    to="ada@example.org",
    to_name="Ada Lovelace",
    sender="shop@example.com",
    sender_name="The Shop",
    reply_to="",
    subject="Your order 10482",
    text="Thank you, Ada.\n",
    html="<p>Thank you, <b>Ada</b>.</p>\n",
    message_id="<n-10482@example.com>",
    created_at_ms=CREATED_AT_MS,
    category="order_confirmation",
)

_WHATSAPP = WhatsAppPayload(
    notification_id="n-10482",
    to="+15005550006",
    content_sid="HX0123456789abcdef0123456789abcdef",
    variables={"1": "Ada", "2": "10482"},
    text="Ada, we have your order 10482.",
    category="order_confirmation",
)


def an_email(**changes: Any) -> EmailPayload:
    """A mail about order 10482 to Ada, changed as told."""
    return replace(_EMAIL, **changes)


def a_whatsapp(**changes: Any) -> WhatsAppPayload:
    """A WhatsApp message about order 10482 to Ada, changed as told."""
    return replace(_WHATSAPP, **changes)
