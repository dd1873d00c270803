"""Square: HMAC-SHA256 over the subscription's own address and the body, in base 64, with its signature key.

Source: developer.squareup.com, "Verify and Validate an Event Notification".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from notifyctl.hooks.delivery import Delivery, Request, digests, require_one

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Square"]


class Square:
    """Reads what Square sends: events that name an order, and say nothing of it.

    Args:
        secrets: Any of them may have signed.
        url: The address that the subscription has, to the letter.
    """

    def __init__(self, secrets: Sequence[bytes], url: str) -> None:
        self._secrets = secrets
        self._url = url.encode()

    def read(self, request: Request) -> Delivery:
        """Return what a request is."""
        shown = request.headers.get("x-square-hmacsha256-signature", "")
        require_one(digests(self._secrets, self._url + request.body), shown)
        return Delivery(
            _event_id(request.body),
            nothing="Square's events name an order and hold nothing of it: no customer, no goods, no amount. "
            "Fetch the order, and post it to /api/orders",
        )


def _event_id(body: bytes) -> str:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found = event.get("event_id") if isinstance(event, dict) else None
    return found if isinstance(found, str) else ""
