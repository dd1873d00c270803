"""A vendor's HTTP endpoint that reads a request and then does something no HTTP server would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sockets import RawServer, reset, wait_for_hangup

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


def read_request(connection: socket.socket) -> bytes:
    """Read one whole request: headers, and as much body as they announce."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += _receive(connection)
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    missing = int(headers.get(b"content-length", b"0")) - len(body)
    while missing > 0:
        part = _receive(connection)
        missing -= len(part)
        body += part
    return head + b"\r\n\r\n" + body


def _receive(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the client hung up")
    return part


class BrokenHttp(RawServer):
    """Reads each request whole, keeps it, and then misbehaves.

    Args:
        misbehave: What to do with the connection once the request is read.
    """

    def __init__(self, misbehave: Callable[[socket.socket], None]) -> None:
        self.requests: list[bytes] = []
        self._misbehave = misbehave
        super().__init__(self._read_and_misbehave)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def _read_and_misbehave(self, connection: socket.socket) -> None:
        self.requests.append(read_request(connection))
        self._misbehave(connection)


def _says(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


#: What may become of an answer to a request that was read; each leaves the outcome in doubt.
LOST_ANSWERS: dict[str, Callable[[socket.socket], None]] = {
    "hang": wait_for_hangup,
    "reset": reset,
    "close": lambda _: None,
    "garbage": _says(b"\x16\x03\x01 this is not HTTP\r\n\r\n"),
    "half_headers": _says(b"HTTP/1.1 20"),
    "half_body": _says(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf"),
    "half_error": _says(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{"errors"'),
}
