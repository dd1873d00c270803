"""Shopify: HMAC-SHA256 over the body, in base 64, with the app's client secret.

Source: shopify.dev, "Verify webhook deliveries" and "Ignore duplicates". Newer deliveries have headers without ``X-``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.hooks.delivery import Delivery, Request, digests, require_one

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Shopify"]


class Shopify:
    """Reads what Shopify sends.

    Args:
        secrets: Any of them may have signed: after one is changed, Shopify signs with the old one for up to an hour.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets

    def read(self, request: Request) -> Delivery:
        """Return what a request is; its id stays the same when Shopify tries again."""
        require_one(digests(self._secrets, request.body), _header(request, "hmac-sha256"))
        return Delivery(_header(request, "webhook-id"), _header(request, "topic").lower())


def _header(request: Request, name: str) -> str:
    return request.headers.get(f"x-shopify-{name}") or request.headers.get(f"shopify-{name}", "")
