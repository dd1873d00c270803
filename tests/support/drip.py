"""A server's answer that never ends and never pauses for long: no socket's own timeout sees anything wrong with it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

#: Between two drops.
EVERY_S = 0.1


def dripping(start: bytes, drop: bytes, *, drops: int = 60) -> Callable[[socket.socket], None]:
    """Say something, and then one drop after the other, until the client has gone."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        pause = threading.Event()
        for _ in range(drops):
            pause.wait(EVERY_S)
            connection.sendall(drop)

    return drip


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block takes longer; what it raises goes through."""
    start = time.monotonic()
    try:
        yield
    finally:
        took_s = time.monotonic() - start
        assert took_s < seconds, f"took {took_s:.2f} s"
