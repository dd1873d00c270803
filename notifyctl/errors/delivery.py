"""What comes of one attempt at a provider."""

from __future__ import annotations

from enum import StrEnum

from notifyctl.errors.base import NotifyError

__all__ = [
    "DeliveryError",
    "InDoubt",
    "NoProvider",
    "Permanent",
    "Scope",
    "Throttled",
    "Transient",
    "Unavailable",
    "Unsendable",
]


class Scope(StrEnum):
    """What a permanent fault is about: this recipient, this content, or the whole account."""

    RECIPIENT = "recipient"
    CONTENT = "content"
    ACCOUNT = "account"


class DeliveryError(NotifyError):
    """One attempt at a provider failed.

    Args:
        message: What the provider said, redacted.
        provider: The provider's name, such as ``sendgrid``.
        provider_code: The provider's own code or status, such as ``429`` or ``21211``; may be empty.
    """

    code = "delivery"
    outcome = "failed"

    def __init__(self, message: str, *, provider: str, provider_code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.provider = provider
        self.provider_code = provider_code


class Transient(DeliveryError):
    """Surely not taken; the same message may be taken later.

    Args:
        retry_after_s: The least number of seconds to wait, where the provider said so.
    """

    code = "transient"
    outcome = "transient"

    def __init__(
        self, message: str, *, provider: str, provider_code: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, provider=provider, provider_code=provider_code)
        self.retry_after_s = retry_after_s


class Unavailable(Transient):
    """Surely not taken, and no message would be: the provider itself cannot be reached, or does not work."""

    code = "unavailable"


class NoProvider(Transient):
    """Nobody was asked, as none of the channel's providers is to be asked now. Uses no attempt.

    Its `retry_after_s` says when asking is worth it again.
    """

    code = "no_provider"


class Throttled(Transient):
    """Surely not taken: the provider asks for fewer messages. Uses no attempt."""

    code = "throttled"
    outcome = "throttled"


class Permanent(DeliveryError):
    """Surely not taken, and never will be as it is.

    Args:
        scope: What the fault is about; an account fault concerns every message.

    Attributes:
        retry_after_s: After an account fault, when the provider is asked again; None where nobody decided on that.
    """

    code = "permanent"
    outcome = "permanent"

    def __init__(self, message: str, *, provider: str, scope: Scope, provider_code: str = "") -> None:
        super().__init__(message, provider=provider, provider_code=provider_code)
        self.scope = scope
        self.retry_after_s: float | None = None


class Unsendable(Permanent):
    """Refused here, before the provider was asked: that says nothing about the provider."""


class InDoubt(DeliveryError):
    """The request may have arrived, and no readable answer came: a resend may be a duplicate."""

    code = "in_doubt"
    outcome = "in_doubt"
