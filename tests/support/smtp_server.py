"""SMTP servers for tests: one that says exactly what it is told to, and a real one (aiosmtpd) with TLS and AUTH."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.drip import dripping
from tests.support.sockets import RawServer, reset, unused_port, wait_for_hangup

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from tests.support.certificate import Certificate

#: Instead of a reply: close the connection, close it with a RST, say nothing until the client gives up, or go on
#: with a reply that never ends.
CLOSE, RESET, HANG, DRIP = "close", "reset", "hang", "drip"

_REPLIES = {
    "GREETING": "220 test ESMTP",
    "EHLO": "250-test\r\n250-SIZE 10000000\r\n250-AUTH PLAIN LOGIN\r\n250 PIPELINING",
    "AUTH": "235 2.7.0 ok",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 ok: queued as 4F2A1B",
    "NOOP": "250 ok",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class ScriptedSmtp(RawServer):
    """Answers each step with a fixed reply, and keeps what it was sent.

    Args:
        replies: By step: a verb, ``GREETING`` or ``DOT``; a reply, or `CLOSE`, `RESET`, `HANG` or `DRIP`. A list is
            used up one by one, its last for good.

    Attributes:
        pause_s: How long it thinks before each reply.
    """

    pause_s = 0.0

    def __init__(self, **replies: str | list[str]) -> None:
        self.commands: list[str] = []
        self.messages: list[bytes] = []
        self._replies = {
            step: list(reply) if isinstance(reply, list) else [reply] for step, reply in {**_REPLIES, **replies}.items()
        }
        super().__init__(self._converse)

    def _converse(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        with lines:
            if not self._answer(connection, "GREETING"):
                return
            for line in lines:
                command = line.decode().rstrip("\r\n")
                self.commands.append(command)
                verb = command.split(" ")[0].upper()
                if not self._answer(connection, verb) or verb == "QUIT":
                    return
                if verb == "DATA" and self._last_was_354:
                    self.messages.append(_read_message(lines))
                    if not self._answer(connection, "DOT"):
                        return

    def _answer(self, connection: socket.socket, step: str) -> bool:
        replies = self._replies[step]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        self._last_was_354 = reply.startswith("354")
        match reply:
            case "close":
                return False
            case "reset":
                reset(connection)
                return False
            case "hang":
                wait_for_hangup(connection)
                return False
            case "drip":
                dripping(b"250-", b"x")(connection)
                return False
        self.closing.wait(self.pause_s)
        connection.sendall(reply.encode() + b"\r\n")
        return True

    _last_was_354 = False


def _read_message(lines: Any) -> bytes:
    message = b""
    for line in lines:
        if line == b".\r\n":
            return message
        message += line
    return message


@dataclass
class MailServer:
    """A running aiosmtpd server, and what it took."""

    port: int = 0
    envelopes: list[Any] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's hook
        """Take the message."""
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 2.0.0 Ok: queued as REAL1"


@contextmanager
def mail_server(
    certificate: Certificate | None = None, *, implicit_tls: bool = False, login: tuple[str, str] | None = None
) -> Iterator[MailServer]:
    """Run a real server on loopback.

    Args:
        certificate: Offers STARTTLS, and refuses mail without it; or speaks TLS from the first byte.
        implicit_tls: Which of the two.
        login: The only user name and password it takes; then it refuses mail without them.
    """

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == login, handled=False)

    context = certificate.server_context() if certificate else None
    server = MailServer()
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=unused_port(),
        ssl_context=context if implicit_tls else None,
        tls_context=None if implicit_tls else context,
        require_starttls=context is not None and not implicit_tls,
        authenticator=authenticate,
        auth_required=login is not None,
        auth_require_tls=not implicit_tls,
    )
    controller.start()
    try:
        server.port = controller.port
        yield server
    finally:
        controller.stop()
