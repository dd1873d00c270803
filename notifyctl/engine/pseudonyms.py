"""Keyed hashes that stand for what is personal: idempotency keys, contents, addresses.

Whoever reads Redis cannot guess back what they stand for without the secret (HMAC-SHA-256, RFC 2104).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from notifyctl.connection import translated
from notifyctl.engine.keys import FleetKeys

if TYPE_CHECKING:
    import redis

__all__ = ["Pseudonyms"]


class Pseudonyms:
    """Makes the hashes of one namespace. Safe to use from several threads.

    Args:
        client: Where the secret is kept if none is configured.
        namespace: What all key names begin with.
        secret: The configured secret; empty = one is made once and kept in Redis, and asked for at the first use.
    """

    def __init__(self, client: redis.Redis, namespace: str, secret: str = "") -> None:
        self._client = client
        self._key = FleetKeys(namespace).secret
        self._secret = secret.encode()

    def of(self, content: bytes) -> str:
        """Return the 32 hexadecimal digits that stand for this content.

        Raises:
            BrokerUnavailable: The secret is in Redis, which cannot be reached.
        """
        if not self._secret:
            with translated():
                self._client.set(self._key, secrets.token_hex(32), nx=True)
                kept = self._client.get(self._key)
            self._secret = kept if isinstance(kept, bytes) else b""
        return hmac.new(self._secret, content, hashlib.sha256).hexdigest()[:32]
