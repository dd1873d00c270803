"""Sessions: a browser that signed in with a token.

The cookie holds a random id, signed, so that made-up ones are refused without a look; Redis holds the token's id under
the digest of that id. A session ends when its browser signs out, when its token does, and when its time is over.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from notifyctl.access.keys import AccessKeys
from notifyctl.connection import translated
from notifyctl.errors import Unauthorized

if TYPE_CHECKING:
    import redis
    from itsdangerous import Signer

    from notifyctl.access.tokens import Token, Tokens
    from notifyctl.engine.pseudonyms import Pseudonyms

__all__ = ["Session", "Sessions"]

_PURPOSE: Final = b"notifyctl: signatures of session cookies"
_AGAIN: Final = "Sign in again."


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds.

    Attributes:
        token: Whose it is, and what it may do.
        proof: What each form of this session carries: nobody else can know it, so that no other site can send one.
    """

    token: Token
    proof: str

    def proves(self, text: str) -> bool:
        """Whether a form came from one of this session's pages."""
        return hmac.compare_digest(self.proof.encode(), text.encode())


class Sessions:
    """The sessions of a namespace.

    Args:
        client: A redis-py client that gives up soon.
        namespace: What all key names begin with.
        tokens: Whose sessions they are.
        pseudonyms: Key the signatures, the same ones in all processes.
        lasts_ms: For how long a session holds.
    """

    def __init__(
        self, client: redis.Redis, namespace: str, tokens: Tokens, pseudonyms: Pseudonyms, *, lasts_ms: int
    ) -> None:
        self._client = client
        self._keys = AccessKeys(namespace)
        self._tokens = tokens
        self._pseudonyms = pseudonyms
        self.lasts_ms = lasts_ms

    def start(self, token: Token) -> str:
        """Begin a session, and return what its cookie holds.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        session_id = secrets.token_urlsafe(32)
        with translated():
            self._client.set(self._keys.session(_digest(session_id)), token.id, px=self.lasts_ms)
        return self._signer().sign(session_id).decode()

    def find(self, cookie: str) -> Session:
        """Return the session that a cookie stands for.

        Raises:
            Unauthorized: It stands for none, or for one that has ended.
            BrokerUnavailable: Redis cannot be reached.
        """
        session_id = self._unsigned(cookie)
        with translated():
            token_id: Any = self._client.get(self._keys.session(_digest(session_id)))
        if token_id is None:
            raise Unauthorized("this session has ended", hint=_AGAIN)
        token = self._tokens.still(token_id.decode())
        return Session(token, hmac.new(session_id.encode(), b"form", hashlib.sha256).hexdigest())

    def end(self, cookie: str) -> None:
        """End a session, for everyone who has its cookie.

        Raises:
            Unauthorized: It is no cookie of ours.
            BrokerUnavailable: Redis cannot be reached.
        """
        with translated():
            self._client.delete(self._keys.session(_digest(self._unsigned(cookie))))

    def _unsigned(self, cookie: str) -> str:
        from itsdangerous import BadSignature

        try:
            return self._signer().unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            raise Unauthorized("this is no session of ours", hint=_AGAIN) from None

    def _signer(self) -> Signer:
        from itsdangerous import Signer

        return Signer(self._pseudonyms.of(_PURPOSE), salt="session", digest_method=hashlib.sha256)


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
