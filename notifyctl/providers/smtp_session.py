"""One connection to an SMTP server: opened, made private, logged in, and used for one mail after the other.

smtplib throws one and the same exception before and after the final dot, so the steps of a transaction are
taken here one by one. Knows no message, only bytes.
"""

from __future__ import annotations

import re
import socket
import time
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPAuthenticationError,
    SMTPNotSupportedError,
    SMTPResponseException,
)
from typing import TYPE_CHECKING, Any, Literal

from notifyctl.errors import DeliveryError, Permanent, Scope
from notifyctl.providers.smtp_replies import PROVIDER, Step, lost, refusal

if TYPE_CHECKING:
    import ssl

__all__ = ["Session", "Tls"]

Tls = Literal["none", "starttls", "implicit"]

#: A connection is given up after this much idleness or this many mails: servers cap both, without a word.
IDLE_LIMIT_S = 60.0
MAILS_LIMIT = 50

_QUIT_TIMEOUT_S = 1.0


class Session:
    """A connection that is ready for mail. Belongs to one thread at a time.

    Args:
        host: The server's name, which its certificate must bear.
        port: Its port.
        tls: When to encrypt; with ``starttls`` a server that does not offer it is refused.
        context: What certificates to believe.
        credentials: User name and password; both empty for none.
        timeout_s: For connecting and for each reply.
        data_timeout_s: For the reply to the final dot, which a short patience turns into doubt.

    Raises:
        DeliveryError: If the server cannot be reached or will not have us.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: Tls,
        context: ssl.SSLContext,
        credentials: tuple[str, str],
        timeout_s: float,
        data_timeout_s: float,
    ) -> None:
        self._timeout_s = timeout_s
        self._data_timeout_s = data_timeout_s
        self._step = Step.CONNECT
        self._mails = 0
        self._idle_since = time.monotonic()
        try:
            # a name of our own: smtplib's default asks the resolver, which may take seconds
            if tls == "implicit":
                self._smtp: SMTP = SMTP_SSL(host, port, "localhost", timeout=timeout_s, context=context)
            else:
                self._smtp = SMTP(host, port, "localhost", timeout=timeout_s)
        except SMTPResponseException as error:
            raise refusal(self._step, error.smtp_code, _bytes(error.smtp_error)) from None
        except OSError as error:
            raise lost(self._step, error) from None
        try:
            self._introduce(context if tls == "starttls" else None, *credentials)
        except BaseException:
            self._smtp.close()
            raise

    def _introduce(self, starttls: ssl.SSLContext | None, username: str, password: str) -> None:
        smtp = self._smtp
        sock = self._socket()
        # the final dot is a small write after a big one: it must not wait for the big one's acknowledgement
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.local_hostname = _own_name(sock)
        try:
            if starttls:
                smtp.starttls(context=starttls)
            smtp.ehlo_or_helo_if_needed()
            if username:
                self._step = Step.AUTH
                self._log_in(username, password)
        except SMTPNotSupportedError as error:
            raise Permanent(
                f"the SMTP server does not offer what is configured: {error}",
                provider=PROVIDER,
                provider_code="not_supported",
                scope=Scope.ACCOUNT,
            ) from None
        except SMTPResponseException as error:
            raise refusal(self._step, error.smtp_code, _bytes(error.smtp_error), username) from None
        except OSError as error:
            raise lost(self._step, error) from None

    def _log_in(self, username: str, password: str) -> None:
        """Try one mechanism: smtplib's own login tries all, and three wrong passwords may lock an account."""
        smtp = self._smtp
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        ways: dict[str, Any] = {
            "PLAIN": smtp.auth_plain,
            "LOGIN": smtp.auth_login,
            "CRAM-MD5": smtp.auth_cram_md5,
        }
        mechanism = next((name for name in ways if name in offered), None)
        if mechanism is None:
            raise SMTPNotSupportedError("no AUTH mechanism that we know")
        smtp.user, smtp.password = username, password
        code, text = smtp.auth(mechanism, ways[mechanism])
        if code != 235:
            raise SMTPAuthenticationError(code, text)

    def transmit(self, sender: str, recipient: str, message: bytes) -> bytes:
        """Hand over one mail and return the text of the server's acceptance.

        Raises:
            DeliveryError: If the server refused it, went away, or left it in doubt.
        """
        smtp = self._smtp
        known = (recipient, sender)
        self._step = Step.MAIL
        try:
            size = [f"SIZE={len(message)}"] if smtp.has_extn("size") else []
            self._expect(Step.MAIL, smtp.mail(sender, size), range(250, 251), known)
            self._step = Step.RCPT
            self._expect(Step.RCPT, smtp.rcpt(recipient), range(250, 252), known)
            self._step = Step.DATA
            self._expect(Step.DATA, smtp.docmd("DATA"), range(354, 355), known)
            self._socket().settimeout(self._data_timeout_s)
            smtp.send(re.sub(rb"(?m)^\.", b"..", message))
            # up to here the server cannot have taken it
            self._step = Step.DOT
            smtp.send(b".\r\n")
            reply = smtp.getreply()
            self._expect(Step.DOT, reply, range(200, 300), known)
            self._step = Step.DONE
        except OSError as error:
            smtp.close()
            raise lost(self._step, error) from None
        except DeliveryError:
            raise
        except BaseException:
            # whatever is sent next would be read as part of this mail
            smtp.close()
            raise
        return reply[1]

    def rest(self) -> bool:
        """Make ready for a later mail, whatever became of the last; False where that cannot be."""
        self._mails += 1
        self._idle_since = time.monotonic()
        if self._smtp.sock is None or self._mails >= MAILS_LIMIT:
            return False
        self._smtp.sock.settimeout(self._timeout_s)
        return self._step is Step.DONE or self._answers("RSET")

    def is_fresh(self) -> bool:
        """Whether this connection, idle until now, can be trusted with a mail."""
        return time.monotonic() - self._idle_since < IDLE_LIMIT_S and self._answers("NOOP")

    def close(self) -> None:
        """Say goodbye, and close whatever the server answers: its acceptances stand."""
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(_QUIT_TIMEOUT_S)
            self._answers("QUIT")
        self._smtp.close()

    def _expect(self, step: Step, reply: tuple[int, bytes], hoped_for: range, known: tuple[str, ...]) -> None:
        code, text = reply
        if code in hoped_for:
            return
        if code == 421 or not 400 <= code <= 599:
            # the server is leaving, or is not speaking SMTP any more
            self._smtp.close()
        raise refusal(step, code, text, *known)

    def _answers(self, command: str) -> bool:
        try:
            return self._smtp.docmd(command)[0] == 250
        except OSError:
            return False

    def _socket(self) -> socket.socket:
        assert self._smtp.sock is not None  # noqa: S101 - smtplib has just read a reply from it
        return self._smtp.sock


def _own_name(sock: socket.socket) -> str:
    """Return what EHLO says of us: a full name, else our address as RFC 5321 section 4.1.3 writes it."""
    name = socket.gethostname()
    if "." in name:
        return name
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
