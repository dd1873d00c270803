"""An HTTP server that takes a vendor's messages, and does to some what no vendor would admit to."""

from __future__ import annotations

import itertools
import json
import socket
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.chaos.providers.line import hangs_up, wait_for_end
from tests.support.sockets import reset

if TYPE_CHECKING:
    from tests.chaos.providers.faults import Fault
    from tests.chaos.providers.ledger import Desk

__all__ = ["Answer", "Vendor", "WebServer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body that becomes JSON, and headers beside the usual ones."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The body's bytes."""
        return (
            self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode() if self.body else b""
        )


class Vendor(Protocol):
    """What differs from vendor to vendor."""

    desk: Desk

    def whose(self, content: bytes) -> tuple[str, str]:
        """Return the order's number and the job's id that a message names; empty where it does not."""
        ...

    def take(self, content: bytes) -> tuple[str, Answer]:
        """Take a message: the vendor's name for it, and what to answer."""
        ...

    def refuse(self, fault: Fault) -> Answer:
        """What to answer where this fault is one of status codes."""
        ...

    def look(self, path: str, query: dict[str, str]) -> Answer:
        """Answer a GET."""
        ...


class WebServer(ThreadingHTTPServer):
    """A vendor on a free loopback port."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vendor = vendor
        self.looks = itertools.count(1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that vanish are what this is about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    server: WebServer

    def do_GET(self) -> None:
        """Look something up; some look-ups fail, and change nothing."""
        vendor, url = self.server.vendor, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        fault, _ = vendor.desk.plan.draw("http", "look", next(self.server.looks))
        if fault.name in ("500", "502", "503", "429", "503 of the vendor"):
            vendor.desk.stray(fault)
            self._answer(vendor.refuse(fault))
        else:
            self._answer(vendor.look(url.path, query))

    def do_POST(self) -> None:
        """Take a message, or not."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if len(content) < int(self.headers["Content-Length"]):
            return  # nobody is left to tell
        vendor, desk = self.server.vendor, self.server.vendor.desk
        receipt = desk.arrives(*vendor.whose(content))
        answer = Answer(500)
        if receipt.takes:
            name, answer = vendor.take(content)
            desk.takes(receipt, name)
        gone = hangs_up(self.connection, receipt.think_s)
        answered, decided_at = False, time.monotonic()
        try:
            if not gone:
                answered = self._act(receipt.fault, answer)
        except OSError:
            gone = True
        finally:
            desk.ends(receipt, answered=answered, gone=gone, at=decided_at if answered else None)

    def _act(self, fault: Fault, answer: Answer) -> bool:
        """Answer as the fault wants it; whether that was a whole answer."""
        match fault.name:
            case "hang":
                wait_for_end(self.connection)
            case "reset before" | "reset after":
                reset(self.connection)
            case "truncated":
                length = max(100, 2 * len(answer.content()))
                self._say(f"HTTP/1.1 {answer.status} OK\r\nContent-Length: {length}\r\n\r\n".encode() + b'{"half": ')
            case "half headers":
                self._say(f"HTTP/1.1 {answer.status} O".encode())
            case "" | "slow":
                self._answer(answer)
                return True
            case _:
                self._answer(self.server.vendor.refuse(fault))
                return True
        self.close_connection = True
        return False

    def _say(self, raw: bytes) -> None:
        self.wfile.write(raw)
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, answer: Answer) -> None:
        content = answer.content()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html" if isinstance(answer.body, str) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def finish(self) -> None:
        """Close, whatever a reset left of the connection."""
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing."""
