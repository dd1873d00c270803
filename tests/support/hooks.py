"""Shop systems that sign what they send, as they do."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SaleorServer", "hmac_base64", "shopify_headers", "woocommerce_headers"]


def hmac_base64(secret: str, signed: bytes) -> str:
    """The signature of most shop systems."""
    return b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def shopify_headers(secret: str, body: bytes, *, topic: str = "orders/create", delivery: str = "d-1") -> dict[str, str]:
    """What Shopify sends with a body."""
    return {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-webhook-id": delivery,
        "x-shopify-hmac-sha256": hmac_base64(secret, body),
    }


def woocommerce_headers(
    secret: str, body: bytes, *, topic: str = "order.created", delivery: str = "d-1"
) -> dict[str, str]:
    """What WooCommerce sends with a body."""
    return {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-delivery-id": delivery,
        "x-wc-webhook-signature": hmac_base64(secret, body),
    }


class SaleorServer:
    """A Saleor server's own key: what it publishes, and what it signs with.

    Args:
        key_id: What the key is called.
    """

    def __init__(self, key_id: str = "1") -> None:
        self.key_id = key_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def published(self) -> dict[str, Any]:
        """What ``/.well-known/jwks.json`` answers."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self.key_id, "use": "sig", "alg": "RS256"}]}

    def signature(self, body: bytes, **headers: Any) -> str:
        """The header of a body, as Saleor makes it: detached, and the body as it is."""
        api = jwt.PyJWS()
        return api.encode(
            body, self._key, algorithm="RS256", headers={"kid": self.key_id, **headers}, is_payload_detached=True
        )

    def headers(self, body: bytes, event: str = "notify_user") -> Mapping[str, str]:
        """What Saleor sends with a body."""
        return {"content-type": "application/json", "saleor-event": event, "saleor-signature": self.signature(body)}

    def token(self) -> str:
        """A token that the server makes for a user of its own, with the same key."""
        return jwt.encode({"sub": "customer"}, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def sign(self, signed: bytes) -> str:
        """The encoded signature of anything."""
        signature = self._key.sign(signed, PKCS1v15(), SHA256())
        return urlsafe_b64encode(signature).rstrip(b"=").decode()
