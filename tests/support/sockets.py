"""Raw loopback servers that misbehave on purpose: what no well-made server library lets one do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


def unused_port() -> int:
    """A port on loopback that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reset(connection: socket.socket) -> None:
    """Close with a RST, as a crashed peer or an angry firewall does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_for_hangup(connection: socket.socket) -> None:
    """Say nothing until the client has given up."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


class RawServer:
    """Hands each connection to a function, in a thread of its own, and closes it afterwards.

    Args:
        serve: May block for as long as it likes: leaving the server's context ends its connection.
    """

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.serve = serve
        self.closing = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def connections(self) -> int:
        """How many were made so far."""
        return len(self._open)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.closing.is_set():
                connection.close()
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._run, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.serve(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        # wakes the thread that waits for connections
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()
