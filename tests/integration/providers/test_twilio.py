"""Twilio's provider against a loopback server: the exact request, lost answers, connections, and what shows nowhere."""

from __future__ import annotations

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]

from notifyctl.errors import ConfigError, InDoubt, Permanent, Scope, Unavailable
from notifyctl.notification import Sent
from notifyctl.providers import twilio
from notifyctl.providers.twilio import Twilio
from tests.support.certificate import make_certificate
from tests.support.http_provider import LOST_ANSWERS, BrokenHttp
from tests.support.payloads import a_whatsapp
from tests.support.sockets import RawServer, unused_port, wait_for_hangup
from tests.support.twilio_account import (
    ACCEPTED,
    ACCOUNT,
    API_KEY,
    SECRET,
    SENDER,
    answer,
    at,
    error,
    failure,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer


@pytest.fixture
def provider(httpserver: HTTPServer) -> Iterator[Twilio]:
    """A provider of the loopback server, closed after the test."""
    made = at(httpserver.url_for("/"))
    yield made
    made.close()


def test_send_returns_the_sid(httpserver: HTTPServer, provider: Twilio) -> None:
    """201 with a SID is an acceptance."""
    answer(httpserver, 201, ACCEPTED)

    assert provider.send(a_whatsapp()) == Sent("twilio", ACCEPTED["sid"])


def test_send_posts_a_content_template(httpserver: HTTPServer, provider: Twilio) -> None:
    """The whole request: WhatsApp addresses, the template with its variables, no Body."""
    answer(httpserver, 201, ACCEPTED)

    provider.send(a_whatsapp(variables={"1": "Zoë", "2": "10482"}))

    ((request, _),) = httpserver.log
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"{API_KEY}:{SECRET}".encode()).decode()
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = request.form.to_dict()
    assert json.loads(form.pop("ContentVariables")) == {"1": "Zoë", "2": "10482"}
    assert form == {
        "To": "whatsapp:+15005550006",
        "From": f"whatsapp:{SENDER}",
        "ContentSid": "HX0123456789abcdef0123456789abcdef",
    }


def test_send_names_a_messaging_service(httpserver: HTTPServer) -> None:
    """A service may stand for a sender; a template without variables has none."""
    answer(httpserver, 201, ACCEPTED)
    provider = at(httpserver.url_for("/"), whatsapp_from="", messaging_service_sid="MG1")

    provider.send(a_whatsapp(variables={}))
    provider.close()

    assert httpserver.log[0][0].form.to_dict() == {
        "To": "whatsapp:+15005550006",
        "MessagingServiceSid": "MG1",
        "ContentSid": "HX0123456789abcdef0123456789abcdef",
    }


def test_sender_may_be_written_with_its_prefix(httpserver: HTTPServer) -> None:
    """The prefix is there once, however the setting is written."""
    answer(httpserver, 201, ACCEPTED)
    provider = at(httpserver.url_for("/"), whatsapp_from=f"whatsapp:{SENDER}")

    provider.send(a_whatsapp())
    provider.close()

    assert httpserver.log[0][0].form["From"] == f"whatsapp:{SENDER}"


def test_message_without_a_template_is_never_sent(httpserver: HTTPServer, provider: Twilio) -> None:
    """WhatsApp takes nothing but approved templates from a shop: that is known before asking Twilio."""
    with pytest.raises(Permanent, match="order_confirmation") as caught:
        provider.send(a_whatsapp(content_sid=""))

    assert caught.value.scope is Scope.CONTENT
    assert httpserver.log == []


@pytest.mark.parametrize("loss", LOST_ANSWERS)
def test_lost_answer_is_in_doubt(loss: str) -> None:
    """Once the request was read, a lost answer leaves nobody knowing; the request is not repeated."""
    with BrokenHttp(LOST_ANSWERS[loss]) as server:
        provider = at(server.url, timeout_s=0.3)
        outcome = failure(provider)
        provider.close()

    assert isinstance(outcome, InDoubt)
    assert len(server.requests) == 1


def test_refused_connection_is_transient() -> None:
    """Nobody listens: nothing was sent."""
    outcome = failure(at(f"http://127.0.0.1:{unused_port()}"))

    assert type(outcome) is Unavailable
    assert outcome.message == "no connection to twilio: Connection refused"


def test_unknown_host_is_transient() -> None:
    """A name that does not resolve: nothing was sent."""
    assert type(failure(at("http://twilio.invalid"))) is Unavailable


def test_stalled_tls_handshake_is_transient() -> None:
    """The library calls this a read timeout, and yet nothing was sent."""
    with RawServer(wait_for_hangup) as server:
        assert type(failure(at(f"https://127.0.0.1:{server.port}", timeout_s=0.3))) is Unavailable


def test_server_without_tls_is_transient() -> None:
    """A handshake that fails otherwise than by its certificate may be a passing fault."""
    with RawServer(lambda connection: connection.sendall(b"220 this is SMTP\r\n")) as server:
        assert type(failure(at(f"https://127.0.0.1:{server.port}"))) is Unavailable


def test_unknown_certificate_is_the_accounts_fault(tmp_path: Path) -> None:
    """A certificate that is not believed will not be at the next attempt."""
    context = make_certificate(tmp_path).server_context()

    def handshake(connection: Any) -> None:
        context.wrap_socket(connection, server_side=True)

    with RawServer(handshake) as server:
        outcome = failure(at(f"https://localhost:{server.port}"))

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider_code) == (Scope.ACCOUNT, "certificate")


def test_error_names_no_number_and_no_account(httpserver: HTTPServer, provider: Twilio) -> None:
    """Twilio quotes the number and the SDK the account; what is raised does neither."""
    answer(httpserver, 400, error(21211, message=f"+1 500 555 0006 of {ACCOUNT} is no number, nor is 15005550006"))

    outcome = failure(provider)

    assert outcome.message == (
        "Twilio answered 400: Unable to create record: [number] of [account] is no number, nor is [number]"
    )
    assert outcome.__suppress_context__


def test_client_logs_nothing_below_warning(
    httpserver: HTTPServer, provider: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    """Even with the root logger at DEBUG no account and no number reaches a log."""
    answer(httpserver, 201, ACCEPTED)
    caplog.set_level(logging.DEBUG)

    provider.send(a_whatsapp())

    logged = "\n".join(r.getMessage() for r in caplog.records if r.name != "werkzeug")
    assert ACCOUNT not in logged
    assert "15005550006" not in logged


def test_edge_and_region_do_not_rewrite_a_custom_base_url(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK would turn 127.0.0.1 into another host."""
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    answer(httpserver, 201, ACCEPTED)
    provider = at(httpserver.url_for("/"))

    assert provider.send(a_whatsapp()).provider_id
    provider.close()


def test_edge_and_region_hold_for_twilio_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no base URL is configured, Twilio's own variables work as it documents them."""
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    provider = Twilio(ACCOUNT, API_KEY, SECRET, whatsapp_from=SENDER)

    client = provider._open().client

    assert client.get_hostname(client.api.base_url) == "https://api.dublin.ie1.twilio.com"


def test_connection_is_kept_for_the_next_message() -> None:
    """Two messages in a row need one connection, an idle one is not trusted."""
    reply = b"HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n" + b'{"sid":"SM1"}'

    def twice(connection: Any) -> None:
        connection.sendall(reply)
        server._read_and_misbehave(connection)

    server = BrokenHttp(twice)
    with server:
        provider = at(server.url)
        for _ in range(2):
            provider.send(a_whatsapp())
        assert server.connections == 1

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(twilio, "_IDLE_LIMIT_S", -1.0)
            provider.send(a_whatsapp())
        assert server.connections == 2
        provider.close()


def test_threads_share_one_provider(httpserver: HTTPServer, provider: Twilio) -> None:
    """Each concurrent send has a client of its own; every message goes out once."""
    answer(httpserver, 201, ACCEPTED)

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda n: provider.send(a_whatsapp(to=f"+1500555{n:04}")), range(40)))

    assert len(sent) == 40
    assert len({request.form["To"] for request, _ in httpserver.log}) == 40


def test_sdk_that_fails_without_an_answer_is_in_doubt(
    httpserver: HTTPServer, provider: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception of the SDK's own that follows no answer proves nothing."""

    def fail(*_: object, **__: object) -> None:
        raise TwilioException("something of the SDK's own")

    monkeypatch.setattr(twilio._Http, "request", fail)

    assert isinstance(failure(provider), InDoubt)


@pytest.mark.parametrize(
    "settings",
    [
        {"account_sid": ""},
        {"username": ""},
        {"password": ""},
        {"whatsapp_from": ""},
        {"base_url": "api.twilio.com"},
    ],
)
def test_unusable_settings_are_refused_at_once(settings: dict[str, str]) -> None:
    """What cannot work is said when the provider is built, not at the first message."""
    complete: dict[str, Any] = {
        "account_sid": ACCOUNT,
        "username": API_KEY,
        "password": SECRET,
        "whatsapp_from": SENDER,
    }

    with pytest.raises(ConfigError):
        Twilio(**{**complete, **settings})
