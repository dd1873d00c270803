"""Tokens: what a program or a person shows to be let in.

A token is `ntf_<id>_<secret>`. The secret is 256 random bits, so that its plain SHA-256 is all that need be stored: a
slow hash protects passwords that can be guessed, and this one cannot. It is shown once, when it is made.

A process remembers for a few seconds what it has looked up, so that a request costs no round trip for it; in that time
a revocation reaches everyone. While Redis is away, it goes on with what it knows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from notifyctl.access.keys import AccessKeys
from notifyctl.access.roles import Role
from notifyctl.clock import now_ms
from notifyctl.connection import pipelined, translated
from notifyctl.errors import BrokerUnavailable, Unauthorized, UnknownToken

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.clock import Clock

__all__ = ["FRESH_S", "Token", "Tokens"]

#: For how long a process believes what it looked up: so soon, a revocation is known everywhere.
FRESH_S: Final = 3.0
#: For how long it goes on with that while another thread asks again.
_STALE_S: Final = 3.0
#: For how long unknown tokens are answered that Redis is away, without asking it.
_AWAY_S: Final = 1.0
_KEPT_MS: Final = 30 * 86_400_000
_USED_EVERY_S: Final = 60.0
_MOST_REMEMBERED: Final = 1_000
_LETTERS: Final = string.ascii_letters + string.digits
_ID_LETTERS: Final = string.ascii_lowercase + string.digits
_TEXT: Final = re.compile(r"ntf_([a-z0-9]{8})_([A-Za-z0-9]{43})")
_NOBODYS_DIGEST: Final = hashlib.sha256(secrets.token_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret.

    Attributes:
        id: Its name in logs and records.
        name: Whose it is, or what for.
        role: What it may do.
        created_at_ms, expires_at_ms: Epoch ms.
        used_at_ms: When it was last used, to the minute; 0 = never.
        revoked_at_ms: When it was revoked; 0 = it is not.
        digest: SHA-256 of its secret, in hexadecimal digits.
    """

    id: str
    name: str
    role: Role
    created_at_ms: int
    expires_at_ms: int
    used_at_ms: int = 0
    revoked_at_ms: int = 0
    digest: str = ""

    def state(self, at_ms: int) -> str:
        """Whether it is `valid`, `expired` or `revoked`."""
        if self.revoked_at_ms:
            return "revoked"
        return "expired" if at_ms >= self.expires_at_ms else "valid"

    @classmethod
    def parse(cls, token_id: str, fields: dict[bytes, bytes], used: bytes | None) -> Token | None:
        """Return what is stored of a token; None for nothing, or for a role that this release does not know."""
        text = {name.decode(): value.decode() for name, value in fields.items()}
        if text.get("role") not in list(Role) or not text.get("digest"):
            return None
        return cls(
            id=token_id,
            name=text.get("name", ""),
            role=Role(text["role"]),
            created_at_ms=int(text.get("created_at", 0)),
            expires_at_ms=int(text.get("expires_at", 0)),
            used_at_ms=int(used or 0),
            revoked_at_ms=int(text.get("revoked_at", 0)),
            digest=text["digest"],
        )


@dataclass(slots=True)
class _Remembered:
    """What was looked up of a token, until when that is believed, and when its use is noted again (monotonic, s)."""

    token: Token | None
    until: float
    note_at: float = 0.0
    asking: threading.Lock = field(default_factory=threading.Lock)


class Tokens:
    """The tokens of a namespace. Safe to use from several threads.

    Args:
        client: A redis-py client that gives up soon: requests wait for it.
        namespace: What all key names begin with.
        clock: Replaces this machine's clock, in tests.
        monotonic: Seconds that only go forward.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        *,
        clock: Clock = now_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._keys = AccessKeys(namespace)
        self._clock = clock
        self._monotonic = monotonic
        self._known: OrderedDict[str, _Remembered] = OrderedDict()
        self._unknown: OrderedDict[str, _Remembered] = OrderedDict()
        self._asking = threading.Lock()
        self._away: tuple[BrokerUnavailable | None, float] = (None, 0.0)

    def create(self, name: str, role: Role, *, lives_ms: int) -> tuple[Token, str]:
        """Make a token.

        Args:
            name: Whose it is, or what for.
            role: What it may do.
            lives_ms: For how long it is valid.

        Returns:
            The token, and its text, which is stored nowhere.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        token_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(8))
        secret = "".join(secrets.choice(_LETTERS) for _ in range(43))
        now = self._clock()
        token = Token(token_id, name, role, now, now + lives_ms, digest=_digest(secret))
        key = self._keys.token(token_id)
        fields = {
            "name": name,
            "role": role.value,
            "digest": token.digest,
            "created_at": now,
            "expires_at": token.expires_at_ms,
        }
        with translated():
            words = [word for field in fields.items() for word in field]
            pipelined(
                self._client,
                [
                    ("HSET", key, *words),
                    ("PEXPIREAT", key, token.expires_at_ms + _KEPT_MS),
                    ("ZADD", self._keys.tokens, now, token_id),
                ],
                raising=True,
            )
        return token, f"ntf_{token_id}_{secret}"

    def all(self) -> list[Token]:
        """All tokens that are or were, in the order in which they were made; those that ended a month ago are gone.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        with translated():
            found: Any = self._client.zrange(self._keys.tokens, 0, -1)
            ids = [member.decode() for member in found]
            read = {token_id: self._read(token_id) for token_id in ids}
            gone = [token_id for token_id, token in read.items() if token is None]
            if gone:
                self._client.zrem(self._keys.tokens, *gone)
        return [token for token in read.values() if token is not None]

    def get(self, token_id: str) -> Token:
        """Return a token by its id, as it is stored now.

        Raises:
            UnknownToken: There is none.
            BrokerUnavailable: Redis cannot be reached.
        """
        with translated():
            token = self._read(token_id)
        if token is None:
            raise UnknownToken(f"no token {token_id!r}", hint="'notifyctl token list' shows them.")
        return token

    def revoke(self, token_id: str) -> Token:
        """End a token: it is refused from now on, by other processes after a few seconds; its sessions end with it.

        Raises:
            UnknownToken: There is none.
            BrokerUnavailable: Redis cannot be reached.
        """
        if self.get(token_id).revoked_at_ms == 0:
            key, now = self._keys.token(token_id), self._clock()
            with translated():
                asked = [("HSET", key, "revoked_at", now), ("PEXPIREAT", key, now + _KEPT_MS)]
                pipelined(self._client, asked, raising=True)
        self._known.pop(token_id, None)
        return self.get(token_id)

    def check(self, text: str) -> Token:
        """Return the token that a text is.

        Raises:
            Unauthorized: It is none, or no longer valid.
            BrokerUnavailable: It is not known here, and Redis cannot be reached.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise Unauthorized("this is no token", hint="It begins with ntf_; 'notifyctl token create' makes one.")
        token_id, secret = match.groups()
        known = self._look_up(token_id)
        token = known.token if known else None
        if not hmac.compare_digest(_digest(secret), token.digest if token else _NOBODYS_DIGEST) or token is None:
            raise Unauthorized("this token is not known", hint="It may have ended: 'notifyctl token create' makes one.")
        return self._valid(token)

    def remembered(self, text: str) -> Token | None:
        """Return the token that a text is, where that is known here without asking Redis; None otherwise."""
        match = _TEXT.fullmatch(text)
        known = self._known.get(match[1]) if match else None
        if match is None or known is None or known.token is None:
            return None
        now = self._monotonic()
        if now >= known.until or now >= known.note_at:
            return None
        token = known.token
        if not hmac.compare_digest(_digest(match[2]), token.digest) or token.state(self._clock()) != "valid":
            return None
        return token

    def still(self, token_id: str) -> Token:
        """Return a token that was checked before, such as that of a session.

        Raises:
            Unauthorized: It is no longer valid.
            BrokerUnavailable: It is not known here, and Redis cannot be reached.
        """
        known = self._look_up(token_id)
        if known is None or known.token is None:
            raise Unauthorized("this token is not known")
        return self._valid(known.token)

    def _valid(self, token: Token) -> Token:
        state = token.state(self._clock())
        if state != "valid":
            hint = f"'notifyctl token create --role {token.role}' makes another."
            raise Unauthorized(f"token {token.id} is {state}", hint=hint)
        self._note_use(token)
        return token

    def _look_up(self, token_id: str) -> _Remembered | None:
        """What is known of a token, asked for again where that is too old: by one thread, while others go on."""
        known = self._known.get(token_id) or self._unknown.get(token_id)
        now = self._monotonic()
        if known is not None and now < known.until:
            return known
        # those who show made-up tokens wait for each other, and nobody for them
        asking = known.asking if known is not None else self._asking
        # what is older still may have been revoked hours ago
        if not asking.acquire(blocking=known is None or now > known.until + _STALE_S):
            return known
        try:
            again = self._known.get(token_id)
            if again is not None and self._monotonic() < again.until:
                return again
            return self._ask(token_id, known)
        finally:
            asking.release()

    def _ask(self, token_id: str, known: _Remembered | None) -> _Remembered:
        away, until = self._away
        if known is None and away is not None and self._monotonic() < until:
            # whoever waited behind a call that came to nothing need not wait for one more
            raise BrokerUnavailable(away.message, hint=away.hint)
        try:
            with translated():
                token = self._read(token_id)
        except BrokerUnavailable as error:
            if known is None or known.token is None:
                self._away = (error, self._monotonic() + _AWAY_S)
                raise
            known.until = self._monotonic() + FRESH_S
            return known
        found = _Remembered(token, self._monotonic() + FRESH_S, known.note_at if known else 0.0)
        self._known.pop(token_id, None)
        # guesses must not push out what is known
        memory = self._unknown if token is None else self._known
        memory[token_id] = found
        while len(memory) > _MOST_REMEMBERED:
            memory.popitem(last=False)
        return found

    def _read(self, token_id: str) -> Token | None:
        asked: list[tuple[Any, ...]] = [("HGETALL", self._keys.token(token_id)), ("GET", self._keys.used(token_id))]
        fields, used = pipelined(self._client, asked, raising=True)
        if isinstance(fields, list):
            fields = dict(zip(fields[::2], fields[1::2], strict=True))
        return Token.parse(token_id, fields, used)

    def _note_use(self, token: Token) -> None:
        """Keep when it was used, once a minute at most; never fails for it."""
        known = self._known.get(token.id)
        if known is None or self._monotonic() < known.note_at:
            return
        known.note_at = self._monotonic() + _USED_EVERY_S
        now = self._clock()
        try:
            with translated():
                self._client.set(self._keys.used(token.id), now, pxat=token.expires_at_ms + _KEPT_MS)
        except BrokerUnavailable:
            return


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
