"""SMTP's provider against a scripted server: every step's refusals and losses, and the use of one connection for many mails."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from notifyctl.errors import DeliveryError, InDoubt, Permanent, Scope, Transient, Unavailable
from notifyctl.notification import Sent
from notifyctl.providers import smtp_session
from notifyctl.providers.smtp import Smtp
from tests.support.payloads import an_email
from tests.support.smtp_provider import failure, plain
from tests.support.smtp_server import CLOSE, HANG, RESET, ScriptedSmtp
from tests.support.sockets import RawServer, unused_port, wait_for_hangup

BEFORE_THE_DOT = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"]


def test_transaction_says_exactly_this(monkeypatch: pytest.MonkeyPatch) -> None:
    """EHLO with our address, MAIL with the size where the server asks for it, one RCPT, DATA."""
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    with ScriptedSmtp() as server:
        provider = plain(server.port)
        sent = provider.send(an_email())
        provider.close()

    (message,) = server.messages
    assert sent == Sent("smtp", "4F2A1B")
    assert server.commands == [
        "ehlo [127.0.0.1]",
        f"mail FROM:<shop@example.com> SIZE={len(message)}",
        "rcpt TO:<ada@example.org>",
        "DATA",
        "QUIT",
    ]


@pytest.mark.parametrize(("host", "said"), [("shop.example.com", "shop.example.com"), ("box", "[127.0.0.1]")])
def test_ehlo_says_our_full_name_or_address(monkeypatch: pytest.MonkeyPatch, host: str, said: str) -> None:
    """A bare host name would be refused by strict servers, and the resolver is never asked."""
    monkeypatch.setattr("socket.gethostname", lambda: host)
    with ScriptedSmtp() as server:
        provider = plain(server.port)
        provider.send(an_email())
        provider.close()

    assert server.commands[0] == f"ehlo {said}"


def test_message_id_stands_in_for_a_missing_queue_id() -> None:
    """A server that names no id leaves our own to look for."""
    with ScriptedSmtp(DOT="250 thanks") as server:
        provider = plain(server.port)
        assert provider.send(an_email()).provider_id == "<n-10482@example.com>"
        provider.close()


@pytest.mark.parametrize(
    ("step", "reply", "outcome", "code"),
    [
        ("GREETING", "421 4.3.2 busy", Unavailable, "421 4.3.2"),
        ("GREETING", "451 later", Unavailable, "451"),
        ("GREETING", "554 you are listed", Permanent, "554"),
        ("AUTH", "454 4.7.0 later", Unavailable, "454 4.7.0"),
        ("AUTH", "451 4.7.0 Maximum credits exceeded", Unavailable, "451 4.7.0"),
        ("AUTH", "421 4.7.0 bye", Unavailable, "421 4.7.0"),
        ("AUTH", "535 5.7.8 no", Permanent, "535 5.7.8"),
        ("AUTH", "503 already", Permanent, "503"),
        ("MAIL", "421 bye", Unavailable, "421"),
        ("MAIL", "451 later", Unavailable, "451"),
        ("MAIL", "550 5.7.1 no", Permanent, "550 5.7.1"),
        ("RCPT", "421 bye", Unavailable, "421"),
        ("RCPT", "450 4.2.1 later", Transient, "450 4.2.1"),
        ("RCPT", "550-5.1.1 no\r\n550 5.1.1 really", Permanent, "550 5.1.1"),
        ("DATA", "451 later", Transient, "451"),
        ("DATA", "554 no", Permanent, "554"),
        ("DOT", "421 bye", Unavailable, "421"),
        ("DOT", "451 4.3.0 later", Unavailable, "451 4.3.0"),
        ("DOT", "554 5.7.1 spam", Permanent, "554 5.7.1"),
        ("DOT", "nonsense", InDoubt, "-1"),
        ("DOT", "9" * 9000, InDoubt, "no_answer"),
        ("RCPT", "9" * 9000, Unavailable, "lost"),
        ("MAIL", "nonsense", Unavailable, "-1"),
    ],
)
def test_refusal_at_each_step(step: str, reply: str, outcome: type[DeliveryError], code: str) -> None:
    """The reply and its step decide; the provider's code is the reply's."""
    with ScriptedSmtp(**{step: reply}) as server:
        raised = failure(plain(server.port, username="shop", password="x"))

    assert type(raised) is outcome
    assert (raised.provider, raised.provider_code) == ("smtp", code)
    assert raised.__cause__ is None


@pytest.mark.parametrize("loss", [CLOSE, RESET, HANG])
@pytest.mark.parametrize("step", [*BEFORE_THE_DOT, "AUTH"])
def test_loss_before_the_dot_is_the_servers(step: str, loss: str) -> None:
    """Whatever is lost before the final dot, the server has taken nothing, and is in trouble."""
    with ScriptedSmtp(**{step: loss}) as server:
        raised = failure(plain(server.port, username="shop", password="x", timeout_s=0.2))

    assert type(raised) is Unavailable


@pytest.mark.parametrize("loss", [CLOSE, RESET, HANG])
def test_loss_after_the_dot_is_in_doubt(loss: str) -> None:
    """The reply may have been on its way; the mail is not sent again."""
    with ScriptedSmtp(DOT=loss) as server:
        raised = failure(plain(server.port, answer_timeout_s=0.2))

    assert isinstance(raised, InDoubt)
    assert len(server.messages) == 1


def test_reply_to_the_dot_has_a_patience_of_its_own() -> None:
    """A short timeout for commands does not cut short a server that thinks about the message."""
    with ScriptedSmtp(DOT=HANG) as server:
        provider = plain(server.port, timeout_s=0.1, answer_timeout_s=0.6)
        with pytest.raises(InDoubt):
            provider.send(an_email())


@pytest.mark.parametrize("reply", ["500 what?", CLOSE, RESET])
def test_what_follows_the_acceptance_changes_nothing(reply: str) -> None:
    """A server may say anything to QUIT: the mail stays sent."""
    with ScriptedSmtp(QUIT=reply) as server:
        provider = plain(server.port)
        sent = provider.send(an_email())
        provider.close()

    assert sent.provider_id == "4F2A1B"


def test_refused_connection_is_the_servers() -> None:
    """Nobody listens."""
    assert type(failure(plain(unused_port()))) is Unavailable


def test_unknown_host_is_the_servers() -> None:
    """A name that does not resolve."""
    assert type(failure(Smtp("smtp.invalid", 587))) is Unavailable


def test_stalled_tls_handshake_is_the_servers() -> None:
    """A server that never speaks."""
    with RawServer(wait_for_hangup) as server:
        assert type(failure(plain(server.port, tls="implicit", timeout_s=0.2))) is Unavailable


def test_server_without_auth_is_the_accounts_fault() -> None:
    """A password is configured, and the server has no use for it: that is a wrong server."""
    with ScriptedSmtp(EHLO="250 test") as server:
        raised = failure(plain(server.port, username="shop", password="x"))

    assert isinstance(raised, Permanent)
    assert raised.scope is Scope.ACCOUNT


def test_login_falls_to_what_is_offered() -> None:
    """A server without PLAIN gets LOGIN."""
    offer = "250-test\r\n250 AUTH GSSAPI LOGIN"
    with ScriptedSmtp(EHLO=offer, AUTH="235 ok") as server:
        provider = plain(server.port, username="shop", password="x")
        provider.send(an_email())
        provider.close()

    assert server.commands[1] == "AUTH LOGIN " + base64.b64encode(b"shop").decode()


def test_denied_relay_is_the_accounts_until_a_mail_was_taken() -> None:
    """A server that relays nothing for us stops the queue; one that refuses a single domain does not."""
    with ScriptedSmtp(RCPT=["554 5.7.1 Relay access denied", "250 ok", "554 5.7.1 Relay access denied"]) as server:
        provider = plain(server.port)
        with pytest.raises(Permanent) as first:
            provider.send(an_email())
        provider.send(an_email())
        with pytest.raises(Permanent) as later:
            provider.send(an_email())
        provider.close()

    assert (first.value.scope, later.value.scope) == (Scope.ACCOUNT, Scope.RECIPIENT)


# reuse


def test_connection_is_kept_for_the_next_mail() -> None:
    """Two mails, one connection, and a NOOP to see whether it lives."""
    with ScriptedSmtp() as server:
        provider = plain(server.port)
        for _ in range(2):
            provider.send(an_email())
        provider.close()

    assert server.connections == 1
    assert [command.split(" ")[0] for command in server.commands] == [
        *("ehlo", "mail", "rcpt", "DATA"),
        *("NOOP", "mail", "rcpt", "DATA"),
        "QUIT",
    ]


@pytest.mark.parametrize("reply", ["421 idle for too long", CLOSE, RESET, "500 what?"])
def test_stale_connection_is_replaced_before_mail(reply: str) -> None:
    """An idle connection that the server has given up costs no mail and no attempt."""
    with ScriptedSmtp(NOOP=reply) as server:
        provider = plain(server.port)
        for _ in range(2):
            provider.send(an_email())
        provider.close()

    assert server.connections == 2
    assert len(server.messages) == 2


@pytest.mark.parametrize("limit", ["IDLE_LIMIT_S", "MAILS_LIMIT"])
def test_connection_is_not_used_beyond_its_limits(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Servers cap idleness and mails a connection; we stay below."""
    monkeypatch.setattr(smtp_session, limit, 0)
    with ScriptedSmtp() as server:
        provider = plain(server.port)
        for _ in range(2):
            provider.send(an_email())
        provider.close()

    assert server.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DOT"])
def test_refusal_leaves_the_connection_usable(step: str) -> None:
    """After a refused mail the transaction is reset, and the next one goes over the same connection."""
    with ScriptedSmtp(**{step: ["550 5.1.1 no", "250 ok: queued as OK2"]}) as server:
        provider = plain(server.port)
        with pytest.raises(Permanent):
            provider.send(an_email())
        provider.send(an_email())
        provider.close()

    assert server.connections == 1
    assert "RSET" in server.commands


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DOT"])
@pytest.mark.parametrize("reply", ["421 bye", "nonsense", CLOSE])
def test_connection_that_lost_its_way_is_not_reused(step: str, reply: str) -> None:
    """After a 421, gibberish or a loss, replies could belong to anything."""
    with ScriptedSmtp(**{step: [reply, "250 ok"]}) as server:
        provider = plain(server.port)
        with pytest.raises((Transient, InDoubt)):
            provider.send(an_email())
        provider.send(an_email())
        provider.close()

    assert server.connections == 2
    assert "RSET" not in server.commands


def test_interrupted_send_leaves_no_connection_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that is stopped in mid-mail must not have its half mail continued by the next."""

    class Interrupt(BaseException):
        """As Dramatiq's, which no "except Exception" catches."""

    def interrupt(*_: object) -> None:
        raise Interrupt

    with ScriptedSmtp() as server:
        provider = plain(server.port)
        with monkeypatch.context() as patch:
            patch.setattr("smtplib.SMTP.getreply", interrupt_at(3, interrupt))
            with pytest.raises(Interrupt):
                provider.send(an_email())
        provider.send(an_email())
        provider.close()

    assert server.connections == 2


def interrupt_at(call: int, interrupt: Any) -> Any:
    """A `getreply` that works until this call."""
    from smtplib import SMTP

    original, calls = SMTP.getreply, iter(range(1, 100))
    return lambda self: interrupt() if next(calls) == call else original(self)
