"""Redis errors in our words: what is wrong, and what to do; never a host, a user or a password."""

from __future__ import annotations

import re
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import redis
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    ClusterError,
    InvalidResponse,
    MaxConnectionsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from notifyctl.connection.url import NAMED_BY as _NAMED_BY
from notifyctl.errors import BrokerRefused, BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ClusterAway", "NoCluster", "NoPrimary", "translated"]


class NoPrimary(RedisError):
    """The Sentinels know of no primary that is up, or none of them answers."""


class NoCluster(RedisError):
    """What answers is no part of a cluster."""


class ClusterAway(RedisError):
    """No server of the cluster answers, or none has the keys."""


_GIVE = "Give the user the commands and keys that notifyctl doctor finds missing (see ACL SETUSER)."
#: How servers say that a user may not run a command: at the call, or inside of a script.
_NO_COMMAND = re.compile(r"(?:run the '([\w|-]+)' command)|^The user executing the script can't run")

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
        _GIVE,
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
        (NoPrimary,),
        "the Sentinels know of no primary that is up, or cannot be reached",
        f"During a failover, try again in a moment. Else check hosts, service and sentinel_password in {_NAMED_BY}.",
    ),
    (
        (NoCluster,),
        "this Redis is not part of a cluster",
        f"Check {_NAMED_BY}: one server is redis://host, and what Sentinels watch redis+sentinel://host/service.",
    ),
    (
        (ClusterAway,),
        "no server of the cluster can be reached",
        f"Check that one of the servers that {_NAMED_BY} names is up, and that this machine may connect to it.",
    ),
    (
        (ClusterDownError, TryAgainError, ClusterError),
        "the cluster cannot serve these keys now",
        "During a failover or while slots move, try again in a moment. Else see CLUSTER INFO.",
    ),
    (
        (AskError, ClusterCrossSlotError),
        "this Redis is part of a cluster, and the keys are elsewhere in it",
        f"Name it in {_NAMED_BY} as redis+cluster://host.",
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
        f"Check that the server that {_NAMED_BY} names is up, not overloaded, and takes TLS where it is rediss://.",
    ),
    (
        (redis.ConnectionError,),
        "Redis cannot be reached",
        f"Check that the server that {_NAMED_BY} names is up, and that this machine may connect to it.",
    ),
)

#: OpenSSL's codes for a certificate whose names, or addresses, do not match.
_OTHER_HOST = (62, 64)

#: Refusals that redis-py has no class for, by the first word of the answer.
_WORDS = {
    "MISCONF": ("Redis cannot save its data, and takes no more", "Look into its log: its disk may be full."),
    "NOREPLICAS": ("Redis has too few replicas to take writes", "Look at INFO replication on the primary."),
    "UNBLOCKED": ("this Redis has become a replica", f"After a failover, try again; check {_NAMED_BY}."),
    "MASTERDOWN": ("this Redis is a replica that has lost its primary", "During a failover, try again in a moment."),
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
        refused = isinstance(error, _REFUSALS) or hint is _GIVE or _lacks_password(error)
        raise (BrokerRefused if refused else BrokerUnavailable)(message, hint=hint) from error


def _explanation(error: RedisError) -> tuple[str, str] | None:
    """Return what is wrong and what to do, or None for an error that is the command's own."""
    reason = error.__context__
    if isinstance(error, redis.ConnectionError) and isinstance(reason, ssl.SSLError):
        return _distrust(reason)
    if isinstance(error, ResponseError) and (forbidden := _NO_COMMAND.search(str(error))):
        return (
            f"Redis does not let this user run {forbidden[1].upper() if forbidden[1] else 'a command of a script'}",
            _GIVE,
        )
    for kinds, message, hint in _KINDS:
        if isinstance(error, kinds):
            told = reason.strerror if isinstance(reason, OSError) else None
            return (f"{message} ({told.lower()})" if told else message), hint
    if _lacks_password(error):
        return _KINDS[0][1:]
    if isinstance(error, ResponseError):
        return _WORDS.get(str(error).partition(" ")[0])
    return None


def _lacks_password(error: RedisError) -> bool:
    """Whether this is the answer to a long call of a client that gave no password: its length alone is refused."""
    return isinstance(error, ResponseError) and str(error).startswith("Protocol error: unauthenticated")


def _distrust(error: ssl.SSLError) -> tuple[str, str]:
    """Return what is wrong with TLS; the error's own text may hold a host's name."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return (
            "Redis and this machine do not agree on TLS",
            f"Check the port, and rediss:// or redis://, in {_NAMED_BY}.",
        )
    if error.verify_code in _OTHER_HOST:
        return (
            "the certificate of Redis is for another host",
            f"Use a name that stands in it in {_NAMED_BY}; with Sentinel or Cluster, let the servers announce names.",
        )
    return (
        "the certificate of Redis is not trusted",
        f"Name the file of who signed it in {_NAMED_BY}: rediss://host?ssl_ca_certs=/path/to/ca.pem.",
    )
