"""What can be known about a request that got no readable answer.

A server cannot have taken a message of which it never saw a byte. So the question after a broken call is
whether the request's body had begun to leave: `Body` notes it, `NotSent` says that it had not, and everything
else is in doubt. The kinds of exceptions do not tell: one and the same timeout may mean a connect or a
stalled write. Knows no vendor.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from notifyctl.errors import DeliveryError, InDoubt, Permanent, Scope, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Body", "NotSent", "describe", "doubtful", "is_certificate_fault", "unanswered", "unsent"]


class NotSent(Exception):
    """The call failed before any of its body left; the reason is its cause."""


class Body:
    """A request's body, which HTTP clients send by iterating, and which knows whether they began to."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.begun = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content, having noted that from here on it may arrive."""
        self.begun = True
        yield self.content


def unsent(error: BaseException, *, provider: str) -> DeliveryError:
    """Return the outcome of a call whose body surely never left."""
    reason = describe(error)
    if is_certificate_fault(error):
        return Permanent(
            f"the certificate of {provider} was not accepted: {reason}",
            provider=provider,
            scope=Scope.ACCOUNT,
            provider_code="certificate",
        )
    return Unavailable(f"no connection to {provider}: {reason}", provider=provider, provider_code="connect")


def unanswered(error: BaseException, *, provider: str) -> DeliveryError:
    """Return what is wrong where a question that changes nothing got no readable answer."""
    if is_certificate_fault(error):
        return unsent(error, provider=provider)
    return Unavailable(f"{provider} gives no answer: {describe(error)}", provider=provider, provider_code="no_answer")


def doubtful(error: BaseException, *, provider: str) -> DeliveryError:
    """Return the outcome of a call that broke after its body began to leave."""
    return InDoubt(
        f"{provider} was sent the message, and no readable answer came: {describe(error)}",
        provider=provider,
        provider_code="no_answer",
    )


def is_certificate_fault(error: BaseException) -> bool:
    """Whether the other side's certificate is what made the call fail."""
    return any(isinstance(link, ssl.SSLCertVerificationError) for link in _chain(error))


def describe(error: BaseException) -> str:
    """Return the innermost reason in the system's words, which hold no address and no URL."""
    *_, root = _chain(error)
    words = getattr(root, "verify_message", None) or getattr(root, "strerror", None)
    return str(words or type(root).__name__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what lies behind it, where urllib and urllib3 hide it too."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        behind = (getattr(link, "reason", None), *link.args[:1], link.__cause__, link.__context__)
        link = next((one for one in behind if isinstance(one, BaseException)), None)
