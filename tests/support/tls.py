"""TLS in front of a server that has none."""

from __future__ import annotations

import socketserver
import threading
from socket import AF_UNIX, socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from tests.support.certificate import Certificate


class TlsProxy:
    """Takes TLS on a loopback port, and passes on what is in it.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, behind: Path, certificate: Certificate) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _connect(self.request, behind, certificate.server_context())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="tls-proxy", daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()


def _connect(plain: socket, behind: Path, context: ssl.SSLContext) -> None:
    """Pass requests and replies on, one after the other, until one side ends."""
    with socket(AF_UNIX) as server:
        server.connect(str(behind))
        try:
            with context.wrap_socket(plain, server_side=True) as client:
                while request := client.recv(1 << 16):
                    server.sendall(request)
                    client.sendall(server.recv(1 << 16))
        except OSError:
            return
