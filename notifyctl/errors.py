"""Every error notifyctl raises on purpose, as one tree.

    NotifyError
    ├── ConfigError                a setting is missing or wrong
    ├── InvalidInput               what the caller handed over cannot be used as it is
    │   ├── InvalidRecipient       not an address or number we can send to
    │   ├── InvalidOrder           an order payload that lacks or garbles something (has a path)
    │   ├── InvalidOrders          several of them in one request (has each)
    │   ├── KeyReused              a request's idempotency key, used before for another request
    │   └── RenderError            a template is unknown, or a variable is missing or unusable
    ├── Suppressed                 an address that must not be sent to
    ├── EngineError
    │   ├── BrokerUnavailable      Redis cannot be reached, or is of no use now
    │   │   ├── BrokerRefused      Redis does not accept our user, password or rights
    │   │   └── Unreplicated       queued, but on fewer replicas than asked for (has job ids)
    │   ├── StaleLease             the job is no longer ours: do not send
    │   ├── JobNotFound
    │   ├── UnknownQueue
    │   ├── WrongState             the job exists, but is not in the state that this needs
    │   ├── IdempotencyConflict    same key, other content (has the first job's id)
    │   ├── RequestUnderWay        the same request is being answered at this moment
    │   └── Overtaken              a later event is known, and has made this message wrong
    ├── UnknownProvider            no provider of this name is configured
    ├── AccessError                whoever asks may not
    │   ├── Unauthorized           no valid token or session
    │   ├── Forbidden              a valid one, whose role may not do this
    │   ├── TooManyFailures        too many failed sign-ins (has a time to wait)
    │   └── UnknownToken           no token of this id
    ├── HookError                  a delivery of a shop system
    │   ├── UnknownHook            no hook is set up for this platform
    │   ├── HookRejected           not signed as the platform would
    │   └── HookUnverified         nobody can say at present whether it is genuine
    ├── ServerError                the embedded server cannot be started or stopped
    ├── SpoolError                 the spool, for when Redis is away, cannot be used
    └── DeliveryError              one attempt at a provider failed
        ├── Transient              surely not taken; may work later
        │   ├── Unavailable        the provider itself cannot be reached, or does not work
        │   ├── Throttled          the provider asks for less
        │   └── NoProvider         nobody was asked: no provider of the channel is to be asked now
        ├── Permanent              surely not taken, and never will be as it is (has a scope)
        │   └── Unsendable         refused here, before the provider was asked
        └── InDoubt                nobody can say whether it was taken

A message names the thing, what was expected and what to do; it never holds a secret, an address or a number.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AccessError",
    "BrokerRefused",
    "BrokerUnavailable",
    "ConfigError",
    "DeliveryError",
    "EngineError",
    "Forbidden",
    "HookError",
    "HookRejected",
    "HookUnverified",
    "IdempotencyConflict",
    "InDoubt",
    "InvalidInput",
    "InvalidOrder",
    "InvalidOrders",
    "InvalidRecipient",
    "JobNotFound",
    "KeyReused",
    "NoProvider",
    "NotifyError",
    "Overtaken",
    "Permanent",
    "RenderError",
    "RequestUnderWay",
    "Scope",
    "ServerError",
    "SpoolError",
    "StaleLease",
    "Suppressed",
    "Throttled",
    "TooManyFailures",
    "Transient",
    "Unauthorized",
    "Unavailable",
    "UnknownHook",
    "UnknownProvider",
    "UnknownQueue",
    "UnknownToken",
    "Unreplicated",
    "Unsendable",
    "WrongState",
]


class NotifyError(Exception):
    """Root of all errors raised on purpose.

    Args:
        message: What is wrong, and what was expected.
        hint: What to do about it, one sentence; may be empty.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(NotifyError):
    """A setting is missing or has a value that cannot be used."""

    code = "config"


class InvalidInput(NotifyError):
    """What the caller handed over cannot be used as it is."""

    code = "invalid_input"


class InvalidRecipient(InvalidInput):
    """Not an address or number that a message can be sent to."""

    code = "invalid_recipient"


class InvalidOrder(InvalidInput):
    """An order payload that cannot be understood.

    Args:
        message: What is wrong.
        path: Where in the payload, as a JSON pointer (RFC 6901), such as ``/billing/email``.
        hint: What to do about it.
    """

    code = "invalid_order"

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


class InvalidOrders(InvalidInput):
    """Some orders of a request cannot be understood, and none of them was taken.

    Args:
        faults: What is wrong with each; their paths lead through the whole request.
    """

    code = "invalid_orders"

    def __init__(self, faults: list[InvalidOrder]) -> None:
        what = "an order" if len(faults) == 1 else f"{len(faults)} orders"
        super().__init__(f"{what} cannot be used: {faults[0].message}", hint=faults[0].hint)
        self.faults = faults


class KeyReused(InvalidInput):
    """A request's idempotency key was used before, for another request."""

    code = "key_reused"


class RenderError(InvalidInput):
    """A template is unknown, or one of its variables is missing or cannot be used."""

    code = "render"


class Suppressed(NotifyError):
    """The recipient asked not to be sent to, or is known not to exist."""

    code = "suppressed"


class EngineError(NotifyError):
    """The queue engine could not do what was asked."""

    code = "engine"


class BrokerUnavailable(EngineError):
    """Redis cannot be reached, or is of no use now."""

    code = "redis_unavailable"


class BrokerRefused(BrokerUnavailable):
    """Redis answers, and does not accept our user, password or rights: credentials, rather than an outage."""

    code = "redis_refused"


class Unreplicated(BrokerUnavailable):
    """The jobs are in their queue; fewer replicas than asked for have confirmed them in time.

    Asking for the same jobs again, by id or idempotency key, is safe: there will be one of each.

    Args:
        message: What is queued, and what was waited for.
        job_ids: The jobs.
        hint: What to do about it.
    """

    code = "redis_unreplicated"

    def __init__(self, message: str, *, job_ids: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.job_ids = job_ids


class StaleLease(EngineError):
    """The job is no longer leased to this worker: it must not be sent."""

    code = "stale_lease"


class JobNotFound(EngineError):
    """No job with this id, or its retention is over."""

    code = "not_found"


class UnknownQueue(EngineError):
    """No queue of this name."""

    code = "unknown_queue"


class WrongState(EngineError):
    """The job exists, but is not in the state that the transition starts from."""

    code = "wrong_state"


class IdempotencyConflict(EngineError):
    """The idempotency key was used before, with other content.

    Args:
        job_id: The job that it stands for.
    """

    code = "idempotency_conflict"

    def __init__(self, message: str, *, job_id: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.job_id = job_id


class RequestUnderWay(EngineError):
    """The same request is being answered at this moment."""

    code = "request_under_way"


class Overtaken(EngineError):
    """A later event is known already, and has made this message wrong: it was not queued."""

    code = "overtaken"


class UnknownProvider(NotifyError):
    """No provider of this name is configured."""

    code = "unknown_provider"


class AccessError(NotifyError):
    """Whoever asks may not do what they ask for."""

    code = "access"


class Unauthorized(AccessError):
    """No token or session was shown, or none that is valid."""

    code = "unauthorized"


class Forbidden(AccessError):
    """The token or session is valid, and its role may not do this."""

    code = "forbidden"


class TooManyFailures(AccessError):
    """Too many sign-ins failed.

    Args:
        retry_after_s: After so many seconds it may be tried again.
    """

    code = "too_many_failures"

    def __init__(self, message: str, *, retry_after_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class UnknownToken(AccessError):
    """No token of this id."""

    code = "unknown_token"


class HookError(NotifyError):
    """Something is wrong with a delivery of a shop system, or with what is set for it."""

    code = "hook"


class UnknownHook(HookError):
    """No hook is set up for this platform, or there is no such platform."""

    code = "unknown_hook"


class HookRejected(HookError):
    """A delivery is not signed as its platform would sign it."""

    code = "hook_rejected"


class HookUnverified(HookError):
    """Nobody can say at present whether a delivery is genuine: the platform may try again."""

    code = "hook_unverified"


class ServerError(NotifyError):
    """The embedded server cannot be started or stopped."""

    code = "server"


class SpoolError(NotifyError):
    """The spool, which keeps messages while Redis is away, cannot be written or read."""

    code = "spool"


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
