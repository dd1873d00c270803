"""A proxy in front of a server that can cut connections, refuse them, and swallow requests and replies.

A client connects to its Unix socket, and talks to the server behind it until the test makes trouble.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Proxy:
    """Stands between a client and the server on the socket `behind`.

    Attributes:
        url: Where clients connect.
        lost: How many requests and replies were swallowed.
        refused: How many connections were refused.
        requests: How often clients sent something: what they send at once is one round trip.
    """

    def __init__(self, behind: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="np-"))
        self.url = f"unix://{self.folder / 's'}"
        self.lost = 0
        self.refused = 0
        self.requests = 0
        self._behind = behind
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        self._refuses = False
        self._lose_requests: list[bytes] = []
        self._lose_replies: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / "s"))
        self._listener.listen(64)
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def lose_request(self, marker: str, times: int = 1) -> None:
        """The next requests that hold this text end their connection before the server sees them."""
        with self._lock:
            self._lose_requests += [marker.encode()] * times

    def lose_reply(self, marker: str, times: int = 1) -> None:
        """The next requests that hold this text reach the server; instead of the reply, the connection ends."""
        with self._lock:
            self._lose_replies += [marker.encode()] * times

    def cut(self) -> None:
        """End every connection, and refuse new ones until `mend`."""
        with self._lock:
            self._refuses = True
            connections = list(self._open)
        for connection in connections:
            connection.close()

    def mend(self) -> None:
        """Take connections again."""
        self._refuses = False

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """Cut on the way in, mended on the way out."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def close(self) -> None:
        """End everything."""
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                if self._refuses:
                    self.refused += 1
                    raise ConnectionRefusedError
                server.connect(str(self._behind))
            except OSError:
                server.close()
                client.close()
                continue
            connection = _Connection(self, client, server)
            with self._lock:
                self._open.add(connection)
            connection.start()

    def _loses(self, request: bytes) -> str:
        """What is to be swallowed: this request, the reply to it, or nothing."""
        with self._lock:
            self.requests += 1
            for what, markers in (("request", self._lose_requests), ("reply", self._lose_replies)):
                for marker in markers:
                    if marker in request:
                        markers.remove(marker)
                        self.lost += what == "request"
                        return what
        return ""

    def _ended(self, connection: _Connection, swallowed: bool) -> None:
        with self._lock:
            self._open.discard(connection)
            self.lost += swallowed


class _Connection:
    """One client's connection, a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._swallows = False

    def start(self) -> None:
        """Pass bytes on until one side ends."""
        for work in (self._requests, self._replies):
            threading.Thread(target=work, name="proxy-connection", daemon=True).start()

    def close(self) -> None:
        """End both sides."""
        for side in (self._client, self._server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _requests(self) -> None:
        with contextlib.suppress(OSError):
            while request := self._client.recv(1 << 16):
                loses = self._proxy._loses(request)
                if loses == "request":
                    break
                if loses == "reply":
                    self._swallows = True
                self._server.sendall(request)
        self.close()

    def _replies(self) -> None:
        swallowed = False
        with contextlib.suppress(OSError):
            while reply := self._server.recv(1 << 16):
                if self._swallows:
                    swallowed = True
                    break
                self._client.sendall(reply)
        self.close()
        self._proxy._ended(self, swallowed)
        self._client.close()
        self._server.close()
