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
from notifyctl.providers.deadline import Deadline, Guard
from notifyctl.providers.smtp_replies import PROVIDER, Step, lost, refusal

if TYPE_CHECKING:
    import ssl

__all__ = ["Session", "Tls"]

Tls = Literal["none", "starttls", "implicit"]

#: A connection is given up after this much idleness or this many mails: servers cap both, without a word.
IDLE_LIMIT_S = 60.0
MAILS_LIMIT = 50

#: How long anything may take that is about no mail: a goodbye, a reset, a look whether the server still answers.
BRIEF_S = 1.0


class Session:
    """A connection that is ready for mail. Belongs to one thread at a time.

    Args:
        host: The server's name, which its certificate must bear.
        port: Its port.
        tls: When to encrypt; with ``starttls`` a server that does not offer it is refused.
        context: What certificates to believe.
        credentials: User name and password; both empty for none.
        deadline: When it must be ready.

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
        deadline: Deadline,
    ) -> None:
        self._step = Step.CONNECT
        self._mails = 0
        self._idle_since = time.monotonic()
        self._guard = Guard()
        with self._guard.hold(deadline):
            self._smtp = self._connect(host, port, context if tls == "implicit" else None)
            try:
                self._introduce(context if tls == "starttls" else None, *credentials)
            except BaseException:
                self._smtp.close()
                raise

    def _connect(self, host: str, port: int, context: ssl.SSLContext | None) -> SMTP:
        try:
            if context:
                return _PrivateSmtp(self._guard, host, port, context)
            return _PlainSmtp(self._guard, host, port)
        except SMTPResponseException as error:  # smtplib has closed
            raise refusal(self._step, error.smtp_code, _bytes(error.smtp_error)) from None
        except OSError as error:
            self._guard.close()
            raise lost(self._step, self._guard.why(error)) from None

    def _introduce(self, starttls: ssl.SSLContext | None, username: str, password: str) -> None:
        smtp = self._smtp
        assert smtp.sock is not None  # noqa: S101 - smtplib has just read a greeting from it
        smtp.local_hostname = _own_name(smtp.sock)
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
            raise lost(self._step, self._guard.why(error)) from None

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

    def transmit(
        self, sender: str, recipient: str, message: bytes, *, deadline: Deadline, answer_timeout_s: float, relays: bool
    ) -> bytes:
        """Hand over one mail and return the text of the server's acceptance.

        Args:
            sender: The envelope's.
            recipient: The envelope's.
            message: The mail.
            deadline: When all of it must be written.
            answer_timeout_s: How long the server may think about it then, which a short patience turns into doubt.
            relays: Whether the server is known to take mail from us.

        Raises:
            DeliveryError: If the server refused it, went away, or left it in doubt.
        """
        try:
            with self._guard.hold(deadline):
                self._write(sender, recipient, message, relays)
            self._guard.check()  # without its dot, the server cannot have taken it
            with self._guard.hold(Deadline(answer_timeout_s)):
                self._step = Step.DOT
                self._smtp.send(b".\r\n")
                reply = self._smtp.getreply()
            self._expect(Step.DOT, reply, range(200, 300), (recipient, sender))
            self._step = Step.DONE
        except OSError as error:
            self._smtp.close()
            raise lost(self._step, self._guard.why(error)) from None
        except DeliveryError:
            raise
        except BaseException:
            # whatever is sent next would be read as part of this mail
            self._smtp.close()
            raise
        return reply[1]

    def _write(self, sender: str, recipient: str, message: bytes, relays: bool) -> None:
        """Send all but the final dot."""
        smtp, known = self._smtp, (recipient, sender)
        self._step = Step.MAIL
        size = [f"SIZE={len(message)}"] if smtp.has_extn("size") else []
        self._expect(Step.MAIL, smtp.mail(sender, size), range(250, 251), known)
        self._step = Step.RCPT
        self._expect(Step.RCPT, smtp.rcpt(recipient), range(250, 252), known, relays=relays)
        self._step = Step.DATA
        self._expect(Step.DATA, smtp.docmd("DATA"), range(354, 355), known)
        smtp.send(re.sub(rb"(?m)^\.", b"..", message))

    def rest(self) -> bool:
        """Make ready for a later mail, whatever became of the last; False where that cannot be."""
        self._mails += 1
        self._idle_since = time.monotonic()
        if self._smtp.sock is None or self._mails >= MAILS_LIMIT:
            return False
        return self._step is Step.DONE or self._answers("RSET", Deadline(BRIEF_S))

    def is_fresh(self, deadline: Deadline) -> bool:
        """Whether this connection, idle until now, can be trusted with a mail; also for want of an answer in time."""
        return time.monotonic() - self._idle_since < IDLE_LIMIT_S and self._answers("NOOP", deadline)

    def close(self, deadline: Deadline | None = None) -> None:
        """Say goodbye, and close whatever the server answers, or does not: its acceptances stand."""
        if self._smtp.sock is not None:
            self._answers("QUIT", deadline or Deadline(BRIEF_S))
        self._smtp.close()

    def _expect(
        self, step: Step, reply: tuple[int, bytes], hoped_for: range, known: tuple[str, ...], *, relays: bool = False
    ) -> None:
        code, text = reply
        if code in hoped_for:
            return
        if code == 421 or not 400 <= code <= 599:
            # the server is leaving, or is not speaking SMTP any more
            self._smtp.close()
        raise refusal(step, code, text, *known, relays=relays)

    def _answers(self, command: str, deadline: Deadline) -> bool:
        try:
            with self._guard.hold(deadline):
                return self._smtp.docmd(command)[0] == 250 and not self._guard.cut
        except OSError:
            return False


class _PlainSmtp(SMTP):
    """smtplib's connection, opened through a guard."""

    guard: Guard

    def __init__(self, guard: Guard, host: str, port: int) -> None:
        self.guard = guard
        # a name of our own: smtplib's default asks the resolver, which may take seconds
        super().__init__(host, port, "localhost")

    def _get_socket(self, host: str, port: int, timeout: object) -> socket.socket:
        del timeout
        return self.guard.dial((host, port))

    def close(self) -> None:
        super().close()
        self.guard.close()


class _PrivateSmtp(SMTP_SSL, _PlainSmtp):
    """The same, with TLS from the first byte."""

    def __init__(self, guard: Guard, host: str, port: int, context: ssl.SSLContext) -> None:
        self.guard = guard
        SMTP_SSL.__init__(self, host, port, "localhost", context=context)


def _own_name(sock: socket.socket) -> str:
    """Return what EHLO says of us: a full name, else our address as RFC 5321 section 4.1.3 writes it."""
    name = socket.gethostname()
    if "." in name:
        return name
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
