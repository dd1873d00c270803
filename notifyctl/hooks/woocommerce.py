"""WooCommerce: HMAC-SHA256 over the body, in base 64, with the webhook's own secret.

Source: WooCommerce REST API documentation, "Webhooks"; WC_Webhook::deliver_ping for the ping, which is a form and has
no signature: WooCommerce sends it when a webhook is saved, and turns the webhook off where it is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from notifyctl.hooks.delivery import Delivery, Request, digests, require_one

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WooCommerce"]

_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")


class WooCommerce:
    """Reads what WooCommerce sends.

    Args:
        secrets: Any of them may have signed.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets

    def read(self, request: Request) -> Delivery:
        """Return what a request is."""
        if _PING.fullmatch(request.body):
            return Delivery(nothing="this is WooCommerce's ping: the webhook works, and orders follow")
        require_one(digests(self._secrets, request.body), request.headers.get("x-wc-webhook-signature", ""))
        header = request.headers.get
        return Delivery(header("x-wc-webhook-delivery-id", ""), header("x-wc-webhook-topic", "").lower())
