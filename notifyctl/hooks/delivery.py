"""What all hooks share: a request, what it delivers, and the comparing of signatures in constant time (RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from notifyctl.errors import HookRejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Delivery", "Hook", "Request", "digests", "rejected", "require_one"]


@dataclass(frozen=True, slots=True)
class Request:
    """What came over HTTP.

    Attributes:
        headers: By name; names in small letters.
        body: Exactly as it came: that is what was signed.
    """

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a genuine request is.

    Attributes:
        id: The same for every repetition of it; empty where the platform gives none.
        topic: What it is about, in the platform's words; may be empty.
        nothing: Why there is nothing to do about it, in words; empty where there may be.
    """

    id: str = ""
    topic: str = ""
    nothing: str = ""


class Hook(Protocol):
    """One platform's way to sign."""

    def read(self, request: Request) -> Delivery:
        """Return what a request is.

        Raises:
            HookRejected: It is not signed as the platform would.
            HookUnverified: Nobody can say at present.
        """


def digests(secrets: Sequence[bytes], signed: bytes) -> list[bytes]:
    """Return the HMAC-SHA256 of what was signed with each secret, in base 64."""
    return [b64encode(hmac.digest(secret, signed, hashlib.sha256)) for secret in secrets]


def require_one(wanted: Sequence[bytes], shown: str) -> None:
    """Refuse a signature that is none of those wanted; all are compared, each in constant time.

    Raises:
        HookRejected: It is none of them.
    """
    given = shown.encode()
    fits = [hmac.compare_digest(one, given) for one in wanted]
    if not any(fits):
        raise rejected()


def rejected() -> HookRejected:
    """The one refusal there is."""
    return HookRejected(
        "this is not signed as the shop system would sign it",
        hint="The secret in the settings must be the one that the shop system signs with, and nothing may change the "
        "body on its way.",
    )
