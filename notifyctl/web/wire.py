"""HTTP on the wire: uvicorn's own protocol, with an end to heads that are long or do not end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from notifyctl.web.guard import MOST_HEAD_BYTES

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

__all__ = ["OPTIONS", "Server", "Wire"]

#: So long a client may take to send the head of a request, from when it connects or begins with one.
_HEAD_S: Final = 20.0
_REFUSAL: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Wire(HttpToolsProtocol):
    """One connection. Its parser keeps a head in memory until it is complete, however long that takes."""

    _in_head = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._begin_deadline()

    def data_received(self, data: bytes) -> None:
        """Take what came, and hang up where a head has become too long."""
        rested = self._rests
        super().data_received(data)
        if rested and self._rests:  # blank lines, which begin nothing, and uvicorn has stopped its own clock for them
            self._begin_deadline()
            return
        if not self._in_head:
            self._forget_deadline()
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_REFUSAL)
            self.transport.close()
        else:
            self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._forget_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    @property
    def _rests(self) -> bool:
        """Whether one request has been answered, and no other has begun."""
        cycle: Any = self.cycle  # uvicorn says that there is one from the beginning
        return not self._in_head and cycle is not None and bool(cycle.response_complete)

    def on_headers_complete(self) -> None:
        """A head is complete."""
        self._in_head = False
        super().on_headers_complete()

    def _begin_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(_HEAD_S, self.transport.close)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """uvicorn's own, which ends what would go on for ever as soon as it is told to end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self.close_streams()
        super().handle_exit(sig, frame)

    def close_streams(self) -> None:
        """Let streams end; they see it within a second."""
        app: Any = self.config.app
        app.state.closing = True


#: What uvicorn is told, wherever this is served.
OPTIONS: Final[dict[str, Any]] = {
    "http": Wire,
    "ws": "none",
    "lifespan": "off",
    "log_config": None,
    "access_log": False,  # it would log queries, with addresses in them; the guard's own names the route
    "server_header": False,
}
