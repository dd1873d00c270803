"""Redis clients with timeouts and retries that fit their use, and Redis errors in our words.

redis-py's defaults suit nobody here: ten retries, RESP3 with maintenance notifications, two CLIENT SETINFO on
every new connection. A client made here speaks RESP2, says nothing but AUTH and SELECT when it connects, and
gives up within seconds. A lost connection is retried; a timeout is not: it has used up what its caller can wait.

Knows no setting beyond the URL, no key and no script.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import redis
from redis.backoff import ConstantBackoff, ExponentialBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    InvalidResponse,
    MaxConnectionsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.retry import Retry

from notifyctl.errors import BrokerRefused, BrokerUnavailable, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Role", "connect", "translated"]

#: What a client is for: enqueuing, working, waiting for work, or an operator's command.
Role = Literal["producer", "worker", "blocking", "operator"]

_NAMED_BY = "REDIS_URL (or REDIS_HOST, REDIS_PORT and REDIS_PASSWORD)"
_NOT_YET = ("redis+sentinel", "redis+cluster")


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long a client waits, in seconds, and how often it reconnects."""

    connect_s: float
    answer_s: float
    retries: int
    backoff: ConstantBackoff | ExponentialBackoff

    def retry(self) -> Retry:
        return Retry(self.backoff, self.retries, supported_errors=(redis.ConnectionError,))


_QUICK = _Patience(connect_s=1, answer_s=2, retries=2, backoff=ConstantBackoff(0.05))
_PATIENCE: dict[Role, _Patience] = {
    "producer": _QUICK,
    "operator": _QUICK,
    "worker": _Patience(2, 5, 3, ExponentialBackoff(cap=0.5, base=0.05)),
    # longer than the longest blocking read, 3 s; the loop that reads is its own retry
    "blocking": _Patience(2, 6, 0, ConstantBackoff(0)),
}


def connect(target: str, *, role: Role) -> redis.Redis:
    """Return a client of a server; the first command connects.

    Args:
        target: `redis://`, `rediss://` or `unix://`; options in its query win over the role's.
        role: What the client is for.

    Raises:
        ConfigError: If the URL cannot be used.
    """
    scheme = target.partition("://")[0]
    if scheme in _NOT_YET:
        raise ConfigError(
            f"a {scheme}:// URL is not supported yet",
            hint="Name a single server: redis://, rediss:// or unix://.",
        )
    patience = _PATIENCE[role]
    try:
        client = redis.Redis.from_url(
            target,
            decode_responses=False,
            protocol=2,
            driver_info=None,
            health_check_interval=0,
            socket_connect_timeout=patience.connect_s,
            socket_timeout=patience.answer_s,
            retry=patience.retry(),
        )
        # a connection is made only when a command needs one: hear now what it says to the URL's options
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, RedisError):
        # the text of these errors may hold parts of the URL, its password among them
        raise ConfigError(
            "the Redis URL cannot be used",
            hint=f"Check {_NAMED_BY}: expected redis://user:password@host:6379/0, with every special "
            "character of the password percent-encoded.",
        ) from None
    return client


_REFUSALS = (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    NoPermissionError,
    AuthorizationError,
)

#: The first kind of error that fits says what is wrong and what to do; an error's own text is never repeated.
_KINDS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (AuthenticationError, AuthenticationWrongNumberOfArgsError),
        "Redis refused the user name or password",
        f"Check {_NAMED_BY}.",
    ),
    (
        (NoPermissionError, AuthorizationError),
        "Redis does not let this user do that",
        "Give the user access to the commands and keys of this namespace (see ACL SETUSER).",
    ),
    (
        (BusyLoadingError,),
        "Redis is still loading its data",
        "Try again in a moment.",
    ),
    (
        (ReadOnlyError,),
        "this Redis is a read-only replica",
        f"Check that {_NAMED_BY} names the primary; after a failover, try again in a moment.",
    ),
    (
        (ClusterDownError, TryAgainError, AskError, ClusterCrossSlotError),
        "this Redis is part of a cluster that cannot serve us",
        "Name a server that is not part of a cluster, or see CLUSTER INFO.",
    ),
    (
        (OutOfMemoryError,),
        "Redis has no memory left",
        "Raise its maxmemory, or purge jobs that are not needed any more.",
    ),
    (
        (MaxConnectionsError,),
        "every connection of this client is in use",
        "Raise max_connections in REDIS_URL, or lower the concurrency.",
    ),
    (
        (InvalidResponse,),
        "what answers is not Redis",
        f"Check the host and port in {_NAMED_BY}; a server with TLS needs rediss://.",
    ),
    (
        (redis.TimeoutError,),
        "Redis did not answer in time",
        f"Check that the server that {_NAMED_BY} names is up and not overloaded.",
    ),
    (
        (redis.ConnectionError,),
        "Redis cannot be reached",
        f"Check that the server that {_NAMED_BY} names is up, and that this machine may connect to it.",
    ),
)

#: Refusals that redis-py has no class for, by the first word of the answer.
_WORDS = {
    "MISCONF": ("Redis cannot save its data, and takes no more", "Look into its log: its disk may be full."),
    "NOREPLICAS": ("Redis has too few replicas to take writes", "Look at INFO replication on the primary."),
    "UNBLOCKED": ("this Redis has become a replica", f"After a failover, try again; check {_NAMED_BY}."),
    "BUSY": ("Redis is held up by a script", "Try again in a moment; SCRIPT KILL ends a script that hangs."),
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors that mean "this Redis is of no use now" into BrokerUnavailable; also a decorator.

    What a command or script got wrong by itself (a wrong type, a syntax error) passes unchanged.

    Raises:
        BrokerUnavailable: With what to do about it, and without a host or a password.
    """
    try:
        yield
    except RedisError as error:
        found = _explanation(error)
        if found is None:
            raise
        message, hint = found
        kind = BrokerRefused if isinstance(error, _REFUSALS) else BrokerUnavailable
        raise kind(message, hint=hint) from error


def _explanation(error: RedisError) -> tuple[str, str] | None:
    """Return what is wrong and what to do, or None for an error that is the command's own."""
    for kinds, message, hint in _KINDS:
        if isinstance(error, kinds):
            reason = error.__context__.strerror if isinstance(error.__context__, OSError) else None
            return (f"{message} ({reason.lower()})" if reason else message), hint
    if isinstance(error, ResponseError):
        return _WORDS.get(str(error).partition(" ")[0])
    return None
