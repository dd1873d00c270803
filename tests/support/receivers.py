"""Loopback stand-ins for SendGrid and Twilio that note when each request came, and how many were open at once."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """An HTTP server on a free loopback port.

    Args:
        status: What it answers.
        body: The answer's JSON.
        delay_s: How long it takes to answer.
        port: Where to listen; a free one by default.
    """

    def __init__(self, status: int, body: dict[str, str], delay_s: float, port: int = 0) -> None:
        self.arrivals: list[float] = []
        self.bodies: list[str] = []
        self.most_open = 0
        self._open: dict[int, int] = {}
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # the answer leaves in one piece

            def do_POST(self) -> None:
                arrived = time.monotonic()
                content = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    receiver.arrivals.append(arrived)
                    receiver.bodies.append(content.decode())
                    receiver._open[0] = receiver._open.get(0, 0) + 1
                    receiver.most_open = max(receiver.most_open, receiver._open[0])
                time.sleep(delay_s)
                with receiver._lock:
                    receiver._open[0] -= 1
                answer = json.dumps(body).encode() if body else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.send_header("X-Message-Id", f"m{len(receiver.arrivals)}")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def busiest_second(self) -> int:
        """The most arrivals in any half-open window of one second."""
        times = sorted(self.arrivals)
        return busiest(times, 1.0)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def busiest(times: list[float], window: float) -> int:
    """The most of these sorted moments in any half-open window."""
    most, start = 0, 0
    for end, moment in enumerate(times):
        while moment - times[start] >= window:
            start += 1
        most = max(most, end - start + 1)
    return most
