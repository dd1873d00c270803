"""Requests that carry a key: the first one is done, and its answer is that of every repetition.

Source: draft-ietf-httpapi-idempotency-key-header. A key is claimed before anything is queued, and settled with
the answer after; a claim whose process died is free after a minute.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from notifyctl.connection import pipelined, translated
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import KeyReused, RequestUnderWay

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from notifyctl.engine.pseudonyms import Pseudonyms

__all__ = ["Claim", "Repeated", "Repeats"]

#: How long a request may take, and how long its answer is kept.
_UNDER_WAY_MS: Final = 60_000
_KEPT_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is this request's own.

    Attributes:
        key: The key in Redis.
        body: What stands for the request's body.
    """

    key: str
    body: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """This request was made before.

    Attributes:
        answer: What it was answered then.
    """

    answer: dict[str, Any]


class Repeats:
    """Remembers them in Redis. Safe to use from several threads.

    Args:
        client: A redis-py client that gives up soon.
        namespace: What all key names begin with.
        pseudonyms: Make the hashes that stand for keys and bodies.

    Raises of all methods:
        BrokerUnavailable: Redis cannot be reached.
    """

    def __init__(self, client: redis.Redis, namespace: str, pseudonyms: Pseudonyms) -> None:
        self._client = client
        self._keys = FleetKeys(namespace)
        self._pseudonyms = pseudonyms

    def claim(self, wanted: Sequence[tuple[str, bytes]]) -> list[Claim | Repeated | KeyReused | RequestUnderWay]:
        """Claim keys, each with its request's body, in one round trip; for each the claim, or what is known of it."""
        claims = [
            Claim(self._keys.request(self._pseudonyms.of(key.encode())), self._pseudonyms.of(body))
            for key, body in wanted
        ]
        mine = secrets.token_hex(8)  # one name for each call: after a lost reply, it finds its own claims
        commands: list[tuple[Any, ...]] = []
        for place, claim in enumerate(claims):
            value = json.dumps({"body": claim.body, "by": f"{mine}-{place}"})
            commands += [("SET", claim.key, value, "NX", "PX", _UNDER_WAY_MS), ("GET", claim.key)]
        with translated():
            found = pipelined(self._client, commands, raising=True)[1::2]
        return [
            self._judged(claim, kept, f"{mine}-{place}")
            for place, (claim, kept) in enumerate(zip(claims, found, strict=True))
        ]

    def settle(self, answers: Sequence[tuple[Claim, dict[str, Any] | None]]) -> None:
        """Keep the answers to claimed requests; without one, the claim is given up."""
        commands = [
            ("DEL", claim.key)
            if answer is None
            else ("SET", claim.key, json.dumps({"body": claim.body, "answer": answer}), "PX", _KEPT_MS)
            for claim, answer in answers
        ]
        with translated():
            pipelined(self._client, commands, raising=True)

    def _judged(self, claim: Claim, kept: bytes | None, mine: str) -> Claim | Repeated | KeyReused | RequestUnderWay:
        first: dict[str, Any] = json.loads(kept) if kept else {"body": claim.body, "by": mine}
        if first["body"] != claim.body:
            return KeyReused(
                "this Idempotency-Key was used for another request",
                hint="Use a new key for a new request; the same key is for repeating the same one.",
            )
        if "answer" in first:
            return Repeated(first["answer"])
        if first["by"] == mine:
            return claim
        return RequestUnderWay(
            "the same request is being answered at this moment", hint="Try again in a moment, with the same key."
        )
