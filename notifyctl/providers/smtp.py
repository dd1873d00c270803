"""Mail through an SMTP server: the way out that needs no vendor.

RFC 5321, with STARTTLS (RFC 3207) demanded where it is configured, and AUTH (RFC 4954) never in clear text
over a network. One recipient a transaction, so that one message has one outcome. Knows no queue and no other
provider.
"""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

from notifyctl.errors import ConfigError, Scope, Unavailable, Unsendable
from notifyctl.notification import Sent
from notifyctl.providers.deadline import Deadline
from notifyctl.providers.mime import as_message
from notifyctl.providers.smtp_replies import PROVIDER, queue_id
from notifyctl.providers.smtp_session import BRIEF_S, Session, Tls

if TYPE_CHECKING:
    from notifyctl.notification import EmailPayload

__all__ = ["Smtp"]


class Smtp:
    """Hands mails to one SMTP server, over connections that are kept for the next mail.

    Args:
        host: The server's name.
        port: 587 for STARTTLS, 465 for implicit TLS, as a rule.
        username: Empty where the server asks for none.
        password: ASCII.
        tls: ``none`` sends in clear text; with a password only to this machine.
        timeout_s: For one mail, from looking up the server's name to the last byte before the final dot.
        answer_timeout_s: For the answer to the dot, beyond that. RFC 5321 wants ten minutes; a short one makes doubt.
        ca_file: PEM file of the authorities to believe instead of the system's.

    Raises:
        ConfigError: If these settings cannot work or are not safe.
    """

    name = PROVIDER

    def __init__(
        self,
        host: str,
        port: int,
        *,
        username: str = "",
        password: str = "",
        tls: Tls = "starttls",
        timeout_s: float = 10.0,
        answer_timeout_s: float = 15.0,
        ca_file: str | None = None,
    ) -> None:
        if not host:
            raise ConfigError("SMTP needs a server's host name")
        if not (username + password).isascii():
            raise ConfigError("SMTP user names and passwords must be ASCII")
        if username and tls == "none" and not _is_this_machine(host):
            raise ConfigError(
                "an SMTP password is not sent over a network in clear text",
                hint='Set the TLS mode to "starttls" or "implicit".',
            )
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise ConfigError(f"the SMTP CA file {ca_file!r} cannot be used: {error.strerror}") from error
        self._host = host
        self._port = port
        self._credentials = (username, password)
        self._tls: Tls = tls
        self._timeout_s = timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._context = context
        self._relays = False  # whether it ever took a mail of ours
        self._idle: list[Session] = []
        self._lock = threading.Lock()

    def send(self, payload: EmailPayload) -> Sent:
        """Hand over one mail. Once the server took it, nothing that follows can make it unsent.

        Raises:
            DeliveryError: As `notifyctl.providers.base.Provider.send` says.
        """
        message = _as_bytes(payload)
        deadline = Deadline(self._timeout_s)
        session = self._ready_session(deadline)
        try:
            reply = session.transmit(
                payload.sender,
                payload.to,
                message,
                deadline=deadline,
                answer_timeout_s=self._answer_timeout_s,
                relays=self._relays,
            )
        finally:
            self._put_back(session)
        self._relays = True
        return Sent(self.name, queue_id(reply) or payload.message_id)

    def check(self) -> None:
        """Open a connection, make it private, log in, and ask for nothing; it is kept for the next mail.

        Raises:
            DeliveryError: As `notifyctl.providers.base.Provider.check` says.
        """
        deadline = Deadline(self._timeout_s)
        session = self._open(deadline)
        if not session.is_fresh(deadline):
            session.close()
            raise Unavailable(
                "the SMTP server did not answer NOOP, which does nothing", provider=self.name, provider_code="lost"
            )
        with self._lock:
            self._idle.append(session)

    def close(self) -> None:
        """Close the connections that no send is using."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _ready_session(self, deadline: Deadline) -> Session:
        """Return a connection that answers; before MAIL, opening another one repeats nothing."""
        # one for all that are idle: if they are dead, most of the time is still there for a new one
        brief = Deadline(min(BRIEF_S, self._timeout_s / 2))
        while (session := self._pop_idle()) is not None:
            if session.is_fresh(brief):
                return session
            session.close(brief)
        return self._open(deadline)

    def _open(self, deadline: Deadline) -> Session:
        return Session(
            self._host,
            self._port,
            tls=self._tls,
            context=self._context,
            credentials=self._credentials,
            deadline=deadline,
        )

    def _pop_idle(self) -> Session | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _put_back(self, session: Session) -> None:
        if not session.rest():
            session.close()
            return
        with self._lock:
            self._idle.append(session)


def _as_bytes(payload: EmailPayload) -> bytes:
    for whose, address, scope in (
        ("recipient's", payload.to, Scope.RECIPIENT),
        ("sender's", payload.sender, Scope.ACCOUNT),
    ):
        if not address.isascii():
            message = f"the {whose} address is not ASCII, and few SMTP servers take such"
            raise Unsendable(message, provider=PROVIDER, provider_code="address", scope=scope)
    try:
        return as_message(payload).as_bytes()
    except ValueError as error:
        raise Unsendable(str(error), provider=PROVIDER, provider_code="header", scope=Scope.CONTENT) from None


def _is_this_machine(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")
