"""A primary with two replicas, and three Sentinels that watch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import redis

from tests.support.node import Node
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from tests.support.certificate import Certificate

SERVICE = "main"
_DATA = "appendonly yes\nappendfsync everysec\nrepl-diskless-sync-delay 0\nrepl-timeout 10\n"
_SENTINEL = (
    "sentinel monitor {service} 127.0.0.1 {port} 2\n"
    # soon, but not so soon that a primary on a busy machine is taken for dead
    "sentinel down-after-milliseconds {service} 2000\n"
    "sentinel failover-timeout {service} 6000\n"
)


class Sentinels:
    """Six processes that are one Redis.

    Args:
        config: More configuration of the servers that hold data.
        tls: The certificate of all, where they take nothing but TLS.

    Attributes:
        data: The servers that hold data; which one of them is the primary changes.
        sentinels: Those that watch.
    """

    def __init__(self, config: str = "", *, tls: Certificate | None = None) -> None:
        self.tls = tls
        first = Node(_DATA + config, tls=tls)
        self.data = [first, *(Node(f"{_DATA}{config}\nreplicaof 127.0.0.1 {first.port}", tls=tls) for _ in range(2))]
        watch = _SENTINEL.format(service=SERVICE, port=first.port)
        self.sentinels = [Node(watch, "--sentinel", tls=tls) for _ in range(3)]
        self.settle()

    @property
    def url(self) -> str:
        """What to connect to."""
        return (
            f"redis{'s' if self.tls else ''}+sentinel://{','.join(node.address for node in self.sentinels)}/{SERVICE}"
        )

    @property
    def primary(self) -> Node:
        """The server that the Sentinels call the primary."""
        _, port = cast("tuple[bytes, bytes]", self.sentinels[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE))
        return next(node for node in self.data if node.port == int(port))

    def owner(self, key: str) -> Node:  # noqa: ARG002 - as of a cluster
        """The primary has every key."""
        return self.primary

    def replicas(self, key: str) -> list[Node]:  # noqa: ARG002
        """The others have a copy of every key."""
        primary = self.primary
        return [node for node in self.data if node is not primary]

    def settle(self) -> None:
        """Wait until all know each other, and the replicas are up to date."""
        wait_until(self._is_whole, timeout_s=40, what="three Sentinels that agree on a primary with two replicas")

    def _is_whole(self) -> bool:
        try:
            known = [self._known(node) for node in self.sentinels]
            with self.primary.client() as client:
                synced = client.info("replication")["role"] == "master" and client.wait(2, 100) == 2
        except redis.RedisError:
            return False
        seen = {(one["port"], one["flags"], one["num-slaves"], one["num-other-sentinels"]) for one in known}
        return synced and seen == {(self.primary.port, "master", 2, 2)}

    def _known(self, sentinel: Node) -> dict[str, Any]:
        with sentinel.client() as client:
            found: dict[str, Any] = client.sentinel_master(SERVICE)
        return found

    def close(self) -> None:
        """End all of them."""
        for node in (*self.sentinels, *self.data):
            node.close()
