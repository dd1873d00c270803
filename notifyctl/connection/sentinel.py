"""redis-py's Sentinel client, with five of its ways changed.

Each thread asks all Sentinels that hang, one after the other. Its connections stay open after a timeout: the late
answer would be taken for that of the next command. While there is no primary it raises a lost connection, which
would be retried at once; a failover lasts for seconds. What is tried again after a lost connection goes to the same
server, whoever is the primary by then. And it stays with a primary that hung, comes back, and takes
itself for the primary until a Sentinel tells it otherwise, seconds later: what it is told meanwhile, nobody else knows.
So here the Sentinels are asked once a second, and before an answer is believed that took long.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.connection import SSLConnection
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool, SentinelManagedConnection

from notifyctl.connection.faults import NoPrimary
from notifyctl.connection.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["primary_of"]

#: A Sentinel answers from memory: one that takes longer, or than the client waits at all, is passed over for the next.
_PATIENCE_S = 0.5
#: How often they are asked whether the primary is still the same, in use; and how long that may hold up a command.
_EVERY_S, _GLANCE_S = 1.0, 0.1
#: An answer that took longer is believed only of a server that is still the primary.
_LATE_S = 1.0


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
        service,
        connection_pool_class=_Pool,
        connection_class=kind,
        retry=retry,
        **{name: options[name] for name in options if name != "ssl"},
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

    def glance(self, service_name: str) -> tuple[str, int] | None:
        """Return who is the primary, where one of them says so in a moment."""
        look = self._looks.begin(partial(super().discover_master, service_name))
        look.join(_GLANCE_S)
        return look.found[0] if look.found else None


class _Pool(SentinelConnectionPool):
    sentinel_manager: _Sentinels

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]  # nor here
        self._next_look = 0.0

    def get_connection(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() >= self._next_look:
            self.follow()
        return super().get_connection(*args, **options)

    def follow(self) -> None:
        """Go to the primary where another server has become it; nobody waits for Sentinels that do not answer."""
        self._next_look = time.monotonic() + _EVERY_S
        found = self.sentinel_manager.glance(self.service_name) if self.master_address else None
        if found and found != self.master_address:
            self.proxy.master_address = found
            self.disconnect(inuse_connections=False)


class _Connection(SentinelManagedConnection):
    def send_packed_command(self, *args: Any, **options: Any) -> None:
        # where the connection was lost: to the primary, whichever it is
        self._connect_retry()  # type: ignore[no-untyped-call]  # nor here
        super().send_packed_command(*args, **options)  # type: ignore[no-untyped-call]  # nor here

    def read_response(self, *args: Any, disconnect_on_error: bool | None = True, **options: Any) -> Any:
        began = time.monotonic()
        answer = super().read_response(*args, disconnect_on_error=disconnect_on_error, **options)
        if time.monotonic() - began > _LATE_S:
            self._still_primary()
        return answer

    def _still_primary(self) -> None:
        """Look whether this is still the primary, as it was silent for a while.

        Raises:
            redis.ConnectionError: It is not: what it was asked is to be asked again, of the new one.
        """
        pool = self.connection_pool.connection_pool_ref()
        if pool is None:
            return
        pool.follow()
        if pool.master_address not in (None, (self.host, self.port)):
            self.disconnect()  # type: ignore[no-untyped-call]  # nor here
            raise redis.ConnectionError("the server that answered late is no longer the primary")


class _TlsConnection(_Connection, SSLConnection):
    pass
