"""redis-py's Sentinel client, with three of its ways changed.

Each thread asks all Sentinels that hang, one after the other. Its connections stay open after a timeout: the late
answer would be taken for that of the next command. And while there is no primary it raises a lost connection, which
would be retried at once; a failover lasts for seconds.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.connection import SSLConnection
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelManagedConnection

from notifyctl.connection.faults import NoPrimary
from notifyctl.connection.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["primary_of"]

#: A Sentinel answers from memory: one that takes longer, or than the client waits at all, is passed over for the next.
_PATIENCE_S = 0.5


def primary_of(
    service: str,
    sentinels: Sequence[tuple[str, int]],
    *,
    options: Mapping[str, Any],
    sentinel_options: Mapping[str, Any],
    retry: Retry,
    look_s: float,
) -> redis.Redis:
    """Return a client of the primary that these Sentinels name, whichever it is at the time.

    Args:
        service: What they call it.
        sentinels: Host and port of each.
        options: redis-py's for connections to the primary; `ssl` says whether they use TLS.
        sentinel_options: The same for the Sentinels.
        retry: For the primary.
        look_s: How long a caller waits, at most, until one of the Sentinels has said which it is.
    """
    patience_s = min(_PATIENCE_S, options["socket_connect_timeout"])
    patience = {"socket_connect_timeout": patience_s, "socket_timeout": patience_s, "retry": Retry(NoBackoff(), 0)}
    known = _Sentinels(sentinels, look_s, sentinel_kwargs={**patience, **sentinel_options})
    kind = _TlsConnection if options["ssl"] else _Connection
    client: redis.Redis = known.master_for(  # type: ignore[no-untyped-call]  # redis-py has no types here
        service, connection_class=kind, retry=retry, **{name: options[name] for name in options if name != "ssl"}
    )
    return client


class _Sentinels(Sentinel):
    def __init__(self, sentinels: Sequence[tuple[str, int]], look_s: float, **options: Any) -> None:
        super().__init__(sentinels, **options)  # type: ignore[no-untyped-call]  # nor here
        self._looks = Looks[tuple[str, int]](look_s)

    def discover_master(self, service_name: str) -> tuple[str, int]:
        try:
            return self._looks.look(partial(super().discover_master, service_name))
        except (MasterNotFoundError, redis.TimeoutError):
            raise NoPrimary from None  # its text holds the Sentinels' addresses


class _Connection(SentinelManagedConnection):
    def read_response(self, *args: Any, disconnect_on_error: bool | None = True, **options: Any) -> Any:
        return super().read_response(*args, disconnect_on_error=disconnect_on_error, **options)


class _TlsConnection(_Connection, SSLConnection):
    pass
