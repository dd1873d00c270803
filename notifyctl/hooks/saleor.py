"""Saleor: a detached signature by the server's own key (JWS, RS256), or HMAC-SHA256 with a webhook's secret key.

Source: docs.saleor.io, "Payload Signature"; RFC 7515 and RFC 7797. What is signed is the encoded header, a full stop
and the body as it is. Keys come from the address in the settings, whatever a request says of itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import HookUnverified
from notifyctl.hooks.delivery import Delivery, Request, rejected, require_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Saleor"]

#: How long keys are used, and how soon they are fetched again for one that is not among them: forgeries name such.
_FRESH_S: Final = 3_600.0
_AGAIN_S: Final = 10.0
_TIMEOUT_S: Final = 3.0
_MAX_HEADER: Final = 2_000


class Saleor:
    """Reads what Saleor sends. Safe to use from several threads; may wait for the network.

    Args:
        secrets: Where webhooks have a secret key; any of them may have signed.
        url: The Saleor server, such as ``https://shop.saleor.cloud``; empty: only secrets count.
        clock: Seconds that only go forward.
    """

    def __init__(self, secrets: Sequence[bytes], url: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._secrets = secrets
        self._keys = _Keys(f"{url}/.well-known/jwks.json", clock) if url else None

    def read(self, request: Request) -> Delivery:
        """Return what a request is; Saleor gives deliveries no id."""
        header = request.headers.get
        shown = header("saleor-signature") or header("x-saleor-signature", "")
        if "." in shown and self._keys is not None:
            self._verify(self._keys, shown, request.body)
        else:
            require_one([hmac.digest(one, request.body, hashlib.sha256).hex().encode() for one in self._secrets], shown)
        return Delivery(topic=(header("saleor-event") or header("x-saleor-event", "")).lower())

    def _verify(self, keys: _Keys, shown: str, body: bytes) -> None:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only Saleor's hooks need it
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - the same
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - the same

        encoded, middle, signature = [*shown.split("."), "", ""][:3]
        try:
            header = json.loads(_decoded(encoded[:_MAX_HEADER]))
            if middle or header["alg"] != "RS256" or not isinstance(header["kid"], str):
                raise rejected()
            key = keys.find(header["kid"])
            key.verify(_decoded(signature), encoded.encode() + b"." + body, PKCS1v15(), SHA256())
        except (ValueError, KeyError, TypeError, RecursionError, InvalidSignature):
            raise rejected() from None


class _Keys:
    """The server's public keys by their id."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, Any] = {}
        self._asked_at = float("-inf")
        self._away = False

    def find(self, key_id: str) -> Any:
        """Return a key.

        Raises:
            HookRejected: There is none of this id.
            HookUnverified: The server cannot be asked.
        """
        with self._lock:
            known = key_id in self._found and not self._away
            if self._clock() - self._asked_at > (_FRESH_S if known else _AGAIN_S):
                self._fetch()
                self._asked_at = self._clock()
            if key_id in self._found:
                return self._found[key_id]
            if self._away:
                raise HookUnverified(
                    "the shop's keys cannot be fetched now, so that nobody can say whether this is genuine",
                    hint="Saleor tries again by itself. Is the address of its server right in the settings?",
                )
            raise rejected()

    def _fetch(self) -> None:
        """Fetch the keys anew; those that there are stay, where the server does not answer."""
        from jwt import PyJWKClient, PyJWTError  # noqa: PLC0415 - only Saleor's hooks need it

        try:
            keys = PyJWKClient(self._url, cache_jwk_set=False, timeout=_TIMEOUT_S).get_signing_keys()
        except PyJWTError:
            self._away = True
            return
        self._away = False
        self._found = {key.key_id: key.key for key in keys if key.key_id and key.algorithm_name == "RS256"}


def _decoded(text: str) -> bytes:
    """Return what base64url without its padding stands for.

    Raises:
        ValueError: It is none.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
