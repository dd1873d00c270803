"""What can be seen of a client on a connection."""

from __future__ import annotations

import contextlib
import socket

__all__ = ["hangs_up", "wait_for_end"]

#: No client waits for longer than this; a connection that is left open would hold its thread for good.
_PATIENCE_S = 60.0


def hangs_up(connection: socket.socket, seconds: float) -> bool:
    """Let so much time go by; True as soon as the client is gone, False if it still waits."""
    connection.settimeout(max(seconds, 0.001))
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return False
    except OSError:
        return True
    finally:
        with contextlib.suppress(OSError):
            connection.settimeout(None)


def wait_for_end(connection: socket.socket) -> None:
    """Say nothing until the client gives up."""
    connection.settimeout(_PATIENCE_S)
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass
