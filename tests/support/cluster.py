"""A cluster: three primaries that share the slots, each with a replica."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from tests.support.node import Node, free_port
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from tests.support.certificate import Certificate

_CONFIG = (
    "cluster-enabled yes\ncluster-node-timeout 2000\ncluster-port {bus}\nappendonly yes\nappendfsync everysec\n"
    "repl-diskless-sync-delay 0\n"
)
_PRIMARIES = 3
_SLOTS = 16384


class Nodes:
    """Six processes that are one cluster.

    Args:
        config: More configuration of each.
        tls: The certificate of all, where they take nothing but TLS.

    Attributes:
        data: All servers; the first three begin as primaries.
    """

    def __init__(self, config: str = "", *, tls: Certificate | None = None) -> None:
        self.tls = tls
        config += "tls-cluster yes\n" if tls else ""
        self.data = [Node(_CONFIG.format(bus=free_port()) + config, tls=tls) for _ in range(2 * _PRIMARIES)]
        self._introduce()
        ids = [bytes(node.ask("CLUSTER", "MYID")).decode() for node in self.data]  # type: ignore[call-overload]
        for place, node in enumerate(self.data[:_PRIMARIES]):
            ends = _SLOTS * place // _PRIMARIES, _SLOTS * (place + 1) // _PRIMARIES - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", *ends)
        for place, node in enumerate(self.data[_PRIMARIES:]):
            node.ask("CLUSTER", "REPLICATE", ids[place])
        self.settle()

    def _introduce(self) -> None:
        for epoch, node in enumerate(self.data, start=1):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        first = self.data[0]
        for node in self.data[1:]:
            first.ask("CLUSTER", "MEET", "127.0.0.1", node.port, self._bus(node))
        wait_until(lambda: all(self._known(node) == len(self.data) for node in self.data), what="nodes that have met")

    def _bus(self, node: Node) -> int:
        with node.client() as client:
            return int(client.config_get("cluster-port")["cluster-port"])

    def _known(self, node: Node) -> int:
        with node.client() as client:
            return len([known for known in client.cluster("NODES").values() if "handshake" not in known["flags"]])

    @property
    def url(self) -> str:
        """What to connect to."""
        return f"redis{'s' if self.tls else ''}+cluster://{','.join(node.address for node in self.data[:2])}"

    def owner(self, key: str) -> Node:
        """The primary that has this key."""
        node = self.find_owner(key)
        assert node is not None, "nobody has this slot"
        return node

    def find_owner(self, key: str) -> Node | None:
        """The primary that has this key; None between the failure of one and the election of the next."""
        with self._anyone().client() as client:
            slot = client.cluster("KEYSLOT", key)
            for address, known in client.cluster("NODES").items():
                spans = [[int(end) for end in span] for span in known["slots"] if span]
                if (
                    "master" in known["flags"]
                    and "fail" not in known["flags"].split(",")
                    and any(span[0] <= slot <= span[-1] for span in spans)
                ):
                    return next(node for node in self.data if node.address == address)
        return None

    @property
    def primaries(self) -> list[Node]:
        """Those that have slots."""
        return [node for node in self.data if node.answers() and self._role(node) == "master"]

    def _role(self, node: Node) -> str:
        with node.client() as client:
            return str(client.info("replication")["role"])

    def replica_of(self, primary: Node) -> Node:
        """The replica of a primary."""
        with primary.client() as client:
            port = client.info("replication")["slave0"]["port"]
        return next(node for node in self.data if node.port == port)

    def replicas(self, key: str) -> list[Node]:
        """Those that have a copy of this key."""
        return [self.replica_of(self.owner(key))]

    def move(self, key: str, source: Node, target: Node) -> None:
        """Give the slot of a key to another primary, which gets its keys."""
        with source.client() as client:
            slot = client.cluster("KEYSLOT", key)
            ids = {node: bytes(node.ask("CLUSTER", "MYID")).decode() for node in (source, target)}  # type: ignore[call-overload]
            target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
            source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
            keys = client.cluster("GETKEYSINSLOT", slot, 100)
            if keys:
                client.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[target])

    def _anyone(self) -> Node:
        return next(node for node in self.data if node.answers())

    def settle(self) -> None:
        """Wait until every node serves, and every primary has a replica that is up to date."""
        wait_until(lambda: all(map(self._is_well, self.data)), timeout_s=40, what="a cluster in which all is well")

    def _is_well(self, node: Node) -> bool:
        try:
            with node.client() as client:
                facts = client.info("replication")
                if client.cluster("INFO")["cluster_state"] != "ok":
                    return False
                if facts["role"] == "master":
                    return bool(client.wait(1, 100) == 1)
                return bool(facts["master_link_status"] == "up")
        except redis.RedisError:
            return False

    def close(self) -> None:
        """End all of them."""
        for node in self.data:
            node.close()
