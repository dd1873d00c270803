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

from notifyctl.errors.access import (
    AccessError,
    Forbidden,
    HookError,
    HookRejected,
    HookUnverified,
    TooManyFailures,
    Unauthorized,
    UnknownHook,
    UnknownToken,
)
from notifyctl.errors.base import ConfigError, NotifyError, ServerError, SpoolError, Suppressed, UnknownProvider
from notifyctl.errors.delivery import (
    DeliveryError,
    InDoubt,
    NoProvider,
    Permanent,
    Scope,
    Throttled,
    Transient,
    Unavailable,
    Unsendable,
)
from notifyctl.errors.engine import (
    BrokerRefused,
    BrokerUnavailable,
    EngineError,
    IdempotencyConflict,
    JobNotFound,
    Overtaken,
    RequestUnderWay,
    StaleLease,
    UnknownQueue,
    Unreplicated,
    WrongState,
)
from notifyctl.errors.input import InvalidInput, InvalidOrder, InvalidOrders, InvalidRecipient, KeyReused, RenderError

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
