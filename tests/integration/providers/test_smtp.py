"""SMTP's provider against a real server: TLS, login, and what never reaches one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import ConfigError, Permanent, Scope
from notifyctl.notification import Sent
from notifyctl.providers.smtp import Smtp
from tests.support.certificate import Certificate, make_certificate
from tests.support.payloads import an_email
from tests.support.smtp_provider import failure, plain
from tests.support.smtp_server import mail_server
from tests.support.sockets import unused_port

if TYPE_CHECKING:
    from pathlib import Path

# aiosmtpd does not count implicit TLS as TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

LOGIN = ("shop", "pass word")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_mail_arrives_as_it_was_written() -> None:
    """Envelope, headers and both bodies survive, dots at line starts included."""
    with mail_server() as server:
        provider = plain(server.port)
        sent = provider.send(an_email(text=".dots\n..\n.\nGrüße\n"))
        provider.close()

    (envelope,) = server.envelopes
    mail = message_from_bytes(envelope.content, policy=default)
    assert sent == Sent("smtp", "REAL1")
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["ada@example.org"])
    assert mail["Message-ID"] == "<n-10482@example.com>"
    assert mail["X-Notification-ID"] == "n-10482"
    assert [part.get_content().splitlines() for part in mail.iter_parts()] == [
        [".dots", "..", ".", "Grüße"],
        ["<p>Thank you, <b>Ada</b>.</p>"],
    ]


def test_starttls_then_login(certificate: Certificate) -> None:
    """The mail goes encrypted and logged in."""
    with mail_server(certificate, login=LOGIN) as server:
        provider = Smtp(
            "localhost", server.port, username=LOGIN[0], password=LOGIN[1], ca_file=str(certificate.ca_file)
        )
        provider.send(an_email())
        provider.close()

    assert server.sessions[0].ssl is not None
    assert server.sessions[0].authenticated


def test_implicit_tls_then_login(certificate: Certificate) -> None:
    """Port 465's way: encrypted from the first byte."""
    with mail_server(certificate, implicit_tls=True, login=LOGIN) as server:
        provider = Smtp(
            "localhost",
            server.port,
            username=LOGIN[0],
            password=LOGIN[1],
            tls="implicit",
            ca_file=str(certificate.ca_file),
        )
        provider.send(an_email())
        provider.close()

    assert server.sessions[0].authenticated


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_unknown_certificate_is_the_accounts_fault(certificate: Certificate, tls: Any) -> None:
    """Without its authority in the trust store nothing is sent, not even a greeting after STARTTLS."""
    with mail_server(certificate, implicit_tls=tls == "implicit") as server:
        outcome = failure(Smtp("localhost", server.port, tls=tls))

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider_code) == (Scope.ACCOUNT, "certificate")
    assert server.envelopes == []


def test_certificate_of_another_host_is_the_accounts_fault(tmp_path: Path) -> None:
    """The name is checked, not only the signature."""
    other = make_certificate(tmp_path, host="mail.example.com")
    with mail_server(other) as server:
        outcome = failure(Smtp("localhost", server.port, ca_file=str(other.ca_file)))

    assert isinstance(outcome, Permanent)
    assert outcome.provider_code == "certificate"
    assert server.envelopes == []


def test_server_without_starttls_gets_nothing() -> None:
    """Where TLS is demanded, clear text is no way out."""
    with mail_server() as server:
        outcome = failure(Smtp("127.0.0.1", server.port, username=LOGIN[0], password=LOGIN[1]))

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.ACCOUNT
    assert server.envelopes == []


def test_wrong_password_is_tried_once(certificate: Certificate) -> None:
    """One mechanism, one try: three would lock some accounts. The password shows nowhere."""
    with mail_server(certificate, login=LOGIN) as server:
        provider = Smtp("localhost", server.port, username="shop", password="wrong", ca_file=str(certificate.ca_file))
        outcome = failure(provider)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider_code) == (Scope.ACCOUNT, "535 5.7.8")
    assert "wrong" not in outcome.message


def test_threads_share_one_provider() -> None:
    """Each concurrent send has a connection of its own; every mail arrives once."""
    with mail_server() as server:
        provider = plain(server.port)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: provider.send(an_email(to=f"c{n}@example.org")), range(40)))
        provider.close()

    assert sorted(to for envelope in server.envelopes for to in envelope.rcpt_tos) == sorted(
        f"c{n}@example.org" for n in range(40)
    )


@pytest.mark.parametrize(
    ("payload", "scope"),
    [
        ({"subject": "x\r\nBcc: eve@example.net"}, Scope.CONTENT),
        ({"to": "ada@example.org>\r\nRCPT TO:<eve@example.net"}, Scope.CONTENT),
        ({"sender": "shop@example.com\nX: y"}, Scope.CONTENT),
        ({"text": "\ud83c"}, Scope.CONTENT),
        ({"to": "zoë@example.org"}, Scope.RECIPIENT),
        ({"sender": "größe@example.com"}, Scope.ACCOUNT),
    ],
)
def test_unsendable_mail_is_refused_before_connecting(payload: dict[str, str], scope: Scope) -> None:
    """What no server could take, or what would inject a header or command, is permanent at once."""
    raised = failure(plain(unused_port()), **payload)

    assert isinstance(raised, Permanent)
    assert raised.scope is scope


@pytest.mark.parametrize(
    "settings",
    [
        {"host": ""},
        {"host": "mail.example.com", "tls": "none", "username": "shop", "password": "x"},
        {"username": "shop", "password": "pässword"},
        {"ca_file": "/nowhere.pem"},
    ],
)
def test_unusable_settings_are_refused_at_once(settings: dict[str, Any]) -> None:
    """What cannot work or is not safe is said when the provider is built."""
    with pytest.raises(ConfigError):
        Smtp(**{"host": "localhost", "port": 25, **settings})


def test_ca_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    """A file of the wrong kind is named at once."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("not a certificate")

    with pytest.raises(ConfigError, match=r"wrong\.pem"):
        Smtp("localhost", 25, ca_file=str(wrong))
