"""The end of a provider's time for one message, whatever the other side does.

A socket's own timeout begins anew with each byte, so that a server that drips outlives it; it counts for each address
of a host by itself, and not at all while the host's name is looked up. A `Deadline` is one moment for all of it, and a
`Guard` cuts the connection when it has come. Knows no vendor and no protocol.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Deadline", "Guard"]

#: Zero would mean "do not block at all".
_SHORTEST_S = 0.001


class Deadline:
    """A moment so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """The seconds that are left; more than zero always, as sockets want it."""
        return max(self._end - time.monotonic(), _SHORTEST_S)


class Guard:
    """Opens the connection of a call, keeps an eye on it, and cuts it at the call's deadline.

    One connection and one call at a time; a connection may serve several calls. Cutting shuts the connection down, so
    that whoever is reading or writing finds it closed; whoever opened the connection still closes it.

    Attributes:
        cut: Whether the last call was cut short.
    """

    def __init__(self) -> None:
        self.cut = False
        self._lock = threading.Lock()
        self._deadline: Deadline | None = None
        self._seconds = 0.0
        # a second handle: TLS takes the first one's number away
        self._handle: socket.socket | None = None

    @contextlib.contextmanager
    def hold(self, deadline: Deadline) -> Iterator[None]:
        """Cut the connection if the block has not ended at the deadline."""
        timer = threading.Timer(deadline.left_s, self._cut, [deadline])
        timer.daemon = True
        with self._lock:
            self.cut, self._deadline, self._seconds = False, deadline, deadline.seconds
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._deadline = None  # a timer that is late cuts no later call

    def dial(self, address: tuple[str, int], *_: Any) -> socket.socket:
        """Open a connection while a deadline is held, in the place of `socket.create_connection`.

        Raises:
            OSError: No address of the host took it in time.
        """
        deadline = self._deadline
        assert deadline is not None  # noqa: S101 - dialled only inside `hold`
        found = _addresses(*address, deadline)
        for place, (family, kind, protocol, _name, where) in enumerate(found, start=1):
            sock = socket.socket(family, kind, protocol)
            try:
                # an address that swallows packets must not use up the time of the next one
                sock.settimeout(deadline.left_s / (len(found) - place + 1))
                sock.connect(where)
            except OSError:
                sock.close()
                if place == len(found):
                    raise
            else:
                sock.settimeout(None)  # the guard's is the only clock
                # a small write after a big one must not wait for the big one's acknowledgement
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._watch(sock)
                return sock
        raise OSError(errno.EADDRNOTAVAIL, "the host has no address")

    def why(self, error: BaseException) -> BaseException:
        """Return what made a call fail: the deadline, where that cut it, and not what it looked like from inside."""
        return TimeoutError(errno.ETIMEDOUT, f"not done within {self._seconds:g} s") if self.cut else error

    def check(self) -> None:
        """Raise `TimeoutError` if the last call was cut short, perhaps without having noticed."""
        if self.cut:
            raise TimeoutError

    def close(self) -> None:
        """Let go of the connection, which stays open on the other side until this and its owner's close."""
        with self._lock:
            handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def _watch(self, sock: socket.socket) -> None:
        self.close()
        with self._lock:
            self._handle = sock.dup()
            if self.cut:
                _shut(self._handle)

    def _cut(self, deadline: Deadline) -> None:
        with self._lock:
            if self._deadline is not deadline:
                return
            self.cut = True
            if self._handle is not None:
                _shut(self._handle)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was quicker
        sock.shutdown(socket.SHUT_RDWR)


def _addresses(host: str, port: int, deadline: Deadline) -> list[tuple[Any, ...]]:
    """Look a name up, in a thread of its own: nothing else can end a resolver's patience.

    Raises:
        OSError: It is not known, or not in time.
    """
    answers: SimpleQueue[list[tuple[Any, ...]] | Exception] = SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except UnicodeError:
            answers.put(OSError(errno.EINVAL, "not a host name"))
        except Exception as error:  # noqa: BLE001 - raised by the thread that waits for it
            answers.put(error)

    threading.Thread(target=look_up, name="notifyctl-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left_s)
    except Empty:
        raise TimeoutError(errno.ETIMEDOUT, f"its name was not found within {deadline.seconds:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
