"""Makes the clients.

redis-py's defaults suit nobody here: ten retries, RESP3 with maintenance notifications, two CLIENT SETINFO on every new
connection. A client made here speaks RESP2, says nothing but AUTH and SELECT (and PING, with TLS) when it connects, and
gives up within seconds. A lost connection is retried. A timeout is not, nor is a failover: a caller can wait no longer.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import redis
from redis.backoff import ConstantBackoff, ExponentialBackoff
from redis.cluster import REDIS_ALLOWED_KEYS
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from notifyctl.connection.cluster import Cluster
from notifyctl.connection.sentinel import primary_of
from notifyctl.connection.url import NAMED_BY, Place, read_url
from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Role", "connect"]

#: What a client is for: enqueuing, working, waiting for work, or an operator's command.
Role = Literal["producer", "worker", "blocking", "operator"]


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long a client waits, in seconds, also for the first that says where servers are; how often it reconnects."""

    connect_s: float
    answer_s: float
    look_s: float
    retries: int
    backoff: ConstantBackoff | ExponentialBackoff

    def retry(self) -> Retry:
        return Retry(self.backoff, self.retries, supported_errors=(redis.ConnectionError,))


_QUICK = _Patience(connect_s=1, answer_s=2, look_s=4, retries=2, backoff=ConstantBackoff(0.05))
_PATIENCE: dict[Role, _Patience] = {
    # a shop's customer waits meanwhile, and there is the spool: less than half a second in all
    "producer": _Patience(connect_s=0.25, answer_s=0.3, look_s=0.3, retries=1, backoff=ConstantBackoff(0.05)),
    "operator": _QUICK,
    "worker": _Patience(2, 5, 10, 3, ExponentialBackoff(cap=0.5, base=0.05)),
    # longer than the longest blocking read, 3 s; the loop that reads is its own retry
    "blocking": _Patience(2, 6, 10, 0, ConstantBackoff(0)),
}
_PLAIN: Mapping[str, Any] = {"protocol": 2, "driver_info": None, "health_check_interval": 0}


def connect(target: str, *, role: Role, waits_s: float = 0) -> redis.Redis:
    """Return a client of a server, of a primary behind Sentinels, or of a cluster; the first command connects.

    Args:
        target: A URL as in `notifyctl.connection.url`; options in its query win over the role's.
        role: What the client is for.
        waits_s: For how long a command may wait by itself, as WAIT does: so much longer is an answer waited for.

    Raises:
        ConfigError: If the URL cannot be used.
    """
    place = read_url(target)
    patience = _PATIENCE[role]
    options = {
        **_PLAIN,
        "decode_responses": False,
        "socket_connect_timeout": patience.connect_s,
        "socket_timeout": patience.answer_s + waits_s,
        **place.options,
    }
    if place.tls:
        options["redis_connect_func"] = _greet if place.way == "cluster" else _connect_and_greet
    try:
        client = _client(place, options, patience)
    except (ValueError, TypeError, RedisError):
        # the text of these errors may hold parts of the URL, its password among them
        raise ConfigError(
            "the Redis URL cannot be used: it has an option that is unknown, or cannot have this value",
            hint=f"Check what follows the question mark in {NAMED_BY}; ssl_… options need rediss://.",
        ) from None
    return client


def _client(place: Place, options: dict[str, Any], patience: _Patience) -> redis.Redis:
    retry, look_s = patience.retry(), patience.look_s
    if place.way == "cluster":
        if foreign := set(place.options) - set(REDIS_ALLOWED_KEYS):
            raise ValueError(foreign)  # would be left out without a word
        _try_out(redis.Redis(**options).connection_pool)
        return cast("redis.Redis", Cluster(place.nodes, retry, options, look_s=look_s))
    if place.way == "sentinel":
        sentinel_options = {**_PLAIN, **place.sentinel_options}
        if place.tls:
            sentinel_options["redis_connect_func"] = _connect_and_greet
        client = primary_of(
            place.service,
            place.nodes,
            options=options,
            sentinel_options=sentinel_options,
            retry=retry,
            look_s=look_s,
        )
    else:
        if place.nodes:
            options["host"], options["port"] = place.nodes[0]
        client = redis.Redis.from_pool(redis.ConnectionPool(retry=retry, **options))
    _try_out(client.connection_pool)
    return client


def _try_out(pool: redis.ConnectionPool) -> None:
    """Hear what a connection says to its options: it is made only when a command needs one.

    Raises:
        TypeError, ValueError, RedisError: It says no.
    """
    pool.connection_class(**pool.connection_kwargs)


def _connect_and_greet(connection: redis.Connection) -> None:
    connection.on_connect()
    _greet(connection)


def _greet(connection: redis.Connection) -> None:
    """Have one answer, whichever, on a new connection with TLS.

    What TLS 1.3 itself sends after a handshake (session tickets) is read on the way to it. redis-py takes that for an
    answer that nobody fetched, and the connection for one that cannot be used.
    """
    connection.send_command("PING", check_health=False)
    with suppress(ResponseError):
        connection.read_response()
