"""Keyed hashes that stand for what is personal: idempotency keys, contents, addresses.

Whoever reads Redis cannot guess back what they stand for without the secret (HMAC-SHA-256, RFC 2104).
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import TYPE_CHECKING, Final

from notifyctl.connection import pipelined, translated
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

__all__ = ["Pseudonyms"]


#: How often a secret that is kept in Redis is compared with the server's.
_LOOK_EVERY_S: Final = 1.0


class Pseudonyms:
    """Makes the hashes of one namespace. Safe to use from several threads.

    A secret that is kept in Redis is looked after: a server that came back without it is given it again, so that what a
    key stands for stays the same. Where the server has another one, made by a process that came first, the server's
    counts: it is the only one that all can know. Until each has looked, within a second of use, two may be in use at
    once, and a key may be taken twice: a configured secret cannot be lost.

    Args:
        client: Where the secret is kept if none is configured.
        namespace: What all key names begin with.
        secret: The configured secret; empty = one is made once and kept in Redis.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, client: redis.Redis, namespace: str, secret: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._key = FleetKeys(namespace).secret
        self._secret = secret.encode()
        self._configured = bool(secret)
        self._clock = clock
        self._look_at = 0.0

    def of(self, content: bytes) -> str:
        """Return the 32 hexadecimal digits that stand for this content.

        Raises:
            BrokerUnavailable: The secret is in Redis, which cannot be reached, or has lost it just now.
        """
        if not self._configured and (not self._secret or self._clock() >= self._look_at):
            self._secret = self._agreed()
            self._look_at = self._clock() + _LOOK_EVERY_S
        return hmac.digest(self._secret, content, "sha256")[:16].hex()

    def _agreed(self) -> bytes:
        """The server's secret, which is ours, or a new one, if it has none."""
        mine = self._secret or secrets.token_hex(32).encode()
        with translated():
            _, kept = pipelined(self._client, [("SET", self._key, mine, "NX"), ("GET", self._key)], raising=True)
        if not kept:
            raise BrokerUnavailable("Redis has lost the secret of the keyed hashes", hint="Try again in a moment.")
        return bytes(kept)
