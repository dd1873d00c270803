"""The server of a run: one, reached through a proxy that can be cut; or a primary and its replicas behind Sentinels."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Protocol

import redis

from tests.support.proxy import Proxy
from tests.support.sentinel import Sentinels
from tests.support.server import Server
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Backing", "BehindSentinels", "Single"]


class Backing(Protocol):
    """What can be done to the server of a run.

    Attributes:
        url: Where workers and shop find it.
        direct: Where the run itself finds it, whatever is done to the way.
    """

    url: str
    direct: str

    def crash(self, pause: Callable[[], None]) -> None:
        """Kill -9, and let it come back after a pause."""
        ...

    def freeze(self, pause: Callable[[], None]) -> None:
        """Stop it in its tracks for a pause."""
        ...

    def cut(self, pause: Callable[[], None]) -> None:
        """Cut all connections to it, and refuse new ones for a pause."""
        ...

    def lose_reply(self, marker: str) -> None:
        """Let the reply to the next request that holds this text never arrive."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Single:
    """One server, which comes back from its append-only file."""

    def __init__(self) -> None:
        self._server = Server()
        self._proxy = Proxy(self._server.socket)
        self.url, self.direct = self._proxy.url, self._server.url

    def crash(self, pause: Callable[[], None]) -> None:
        """Kill it, and start it again."""
        self._server.kill()
        pause()
        self._server.start()

    def freeze(self, pause: Callable[[], None]) -> None:
        """Stop it for a pause."""
        self._server.freeze()
        try:
            pause()
        finally:
            self._server.thaw()

    def cut(self, pause: Callable[[], None]) -> None:
        """Cut it off for a pause."""
        with self._proxy.outage():
            pause()

    def lose_reply(self, marker: str) -> None:
        """Swallow one reply."""
        self._proxy.lose_reply(marker)

    def close(self) -> None:
        """End both."""
        self._proxy.close()
        self._server.close()


class BehindSentinels:
    """Three servers; what befalls the primary makes another one the primary. Its way cannot be cut."""

    def __init__(self) -> None:
        self._sentinels = Sentinels("min-replicas-to-write 1\nmin-replicas-max-lag 2\n")
        self.url = self.direct = self._sentinels.url

    def crash(self, pause: Callable[[], None]) -> None:
        """Kill the primary; it comes back as a replica."""
        primary = self._sentinels.primary
        primary.kill()
        self._await_another(primary.port)
        pause()
        primary.start()
        self._sentinels.settle()

    def freeze(self, pause: Callable[[], None]) -> None:
        """Stop the primary for a pause; if that is long enough, it is none when it goes on."""
        primary = self._sentinels.primary
        primary.signal(signal.SIGSTOP)
        try:
            pause()
            self._await_another(primary.port)
        finally:
            primary.signal(signal.SIGCONT)
        self._sentinels.settle()

    def cut(self, pause: Callable[[], None]) -> None:
        """Do nothing: there is no proxy here."""

    def lose_reply(self, marker: str) -> None:
        """Do nothing: there is no proxy here."""

    def close(self) -> None:
        """End all."""
        self._sentinels.close()

    def _await_another(self, port: int) -> None:
        def promoted() -> bool:
            try:
                return self._sentinels.primary.port != port
            except redis.RedisError:
                return False

        wait_until(promoted, timeout_s=40, what="a replica to become the primary", every_s=0.05)
