"""What goes wrong with queues and jobs."""

from __future__ import annotations

from notifyctl.errors.base import NotifyError

__all__ = [
    "BrokerRefused",
    "BrokerUnavailable",
    "EngineError",
    "IdempotencyConflict",
    "JobNotFound",
    "Overtaken",
    "RequestUnderWay",
    "StaleLease",
    "UnknownQueue",
    "Unreplicated",
    "WrongState",
]


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
