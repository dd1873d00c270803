"""A mail server that breaks off at any step of a transaction."""

from __future__ import annotations

import itertools
import re
import socketserver
import time
from typing import TYPE_CHECKING, Any

from tests.chaos.providers.line import hangs_up, wait_for_end
from tests.support.sockets import reset

if TYPE_CHECKING:
    from tests.chaos.providers.ledger import Desk, Receipt

__all__ = ["SmtpServer"]

_ORDER = re.compile(r"order-(\d+)@")
_WELL = {
    "EHLO": "250-test\r\n250-SIZE 10000000\r\n250 PIPELINING",
    "HELO": "250 test",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "NOOP": "250 2.0.0 ok",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
_ILL = {
    "RCPT 450": "450 4.2.1 mailbox busy",
    "RCPT 421": "421 4.3.2 closing down",
    "RCPT 550": "550 5.1.1 no such recipient",
    "DATA 451": "451 4.3.0 try again later",
    "DOT 451": "451 4.3.0 try again later",
    "DOT 554": "554 5.6.0 refused: content",
}


class SmtpServer(socketserver.ThreadingTCPServer):
    """The server on a free loopback port."""

    daemon_threads = True
    request_queue_size = 1024
    allow_reuse_address = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.desk = desk
        self.connections = itertools.count(1)
        self.transactions = itertools.count(1)
        self.names = itertools.count(1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that vanish are what this is about."""


class _Ended(Exception):
    """The connection is over."""


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer
    open: Receipt | None = None

    def handle(self) -> None:
        """Greet, and answer command after command."""
        fault = self._stray("greeting", next(self.server.connections))
        if fault == "greeting reset":
            reset(self.connection)
            return
        try:
            if fault:
                self._leave("421 4.3.2 closing down")
            self._say("220 test ESMTP")
            while line := self.rfile.readline():
                self._answer(line.decode().rstrip("\r\n"))
        except (_Ended, OSError):
            pass
        finally:
            self._close(answered=False, gone=True)

    def _answer(self, command: str) -> None:
        match command.split(" ", maxsplit=1)[0].upper():
            case "MAIL" if fault := self._stray("mail", next(self.server.transactions)):
                if fault == "MAIL 421":
                    self._leave("421 4.3.2 closing down")
                self._say("451 4.3.0 try again later")
            case "RCPT":
                self._begin(command)
            case "DATA" if self.open is not None:
                self._receive(self.open)
            case "QUIT":
                self._leave(_WELL["QUIT"])
            case verb:
                if verb == "RSET":
                    self._close(answered=False, gone=True)
                self._say(_WELL.get(verb, "503 5.5.1 out of order"))

    def _stray(self, protocol: str, number: int) -> str:
        """Draw a fault where nobody knows yet which message it is about."""
        fault, _ = self.server.desk.plan.draw(protocol, number)
        if fault.name:
            self.server.desk.stray(fault)
        return fault.name

    def _begin(self, command: str) -> None:
        found = _ORDER.search(command)
        self.open = self.server.desk.arrives(found[1] if found else "", "")
        if self.open.fault.name.startswith("RCPT"):
            self._refuse(self.open.fault.name)
        else:
            self._say(_WELL["RCPT"])

    def _receive(self, receipt: Receipt) -> None:
        """Read the mail, up to its dot, and say what becomes of it."""
        name = receipt.fault.name
        if name == "DATA 451":
            self._refuse(name)
            return
        self._say(_WELL["DATA"])
        if name == "reset before dot":
            self._close(answered=False, gone=False)
            reset(self.connection)
            raise _Ended
        if not self._reads_mail():
            raise _Ended
        mail = f"M{next(self.server.names)}"
        if receipt.takes:
            self.server.desk.takes(receipt, mail)
        if hangs_up(self.connection, receipt.think_s):
            raise _Ended
        if name in ("hang after dot", "reset after dot"):
            if name == "hang after dot":
                wait_for_end(self.connection)
            self._close(answered=False, gone=False)
            reset(self.connection)
            raise _Ended
        if name.startswith("DOT"):
            self._refuse(name)
            return
        self._answer_copy(f"250 2.0.0 Ok: queued as {mail}")

    def _refuse(self, name: str) -> None:
        self._answer_copy(_ILL[name])
        if _ILL[name].startswith("421"):
            raise _Ended

    def _leave(self, reply: str) -> None:
        self._say(reply)
        raise _Ended

    def _answer_copy(self, reply: str) -> None:
        """Say what becomes of the copy in hand."""
        decided_at = time.monotonic()
        self._say(reply)
        self._close(answered=True, gone=False, at=decided_at)

    def _close(self, *, answered: bool, gone: bool, at: float | None = None) -> None:
        """Note the end of the copy in hand, if there is one."""
        receipt, self.open = self.open, None
        if receipt is not None:
            self.server.desk.ends(receipt, answered=answered, gone=gone, at=at)

    def _reads_mail(self) -> bool:
        """Read up to the dot; False: the client vanished before it."""
        return any(line == b".\r\n" for line in self.rfile)

    def _say(self, reply: str) -> None:
        self.connection.sendall(reply.encode() + b"\r\n")
