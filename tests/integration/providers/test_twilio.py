"""Twilio's provider against a loopback server: the exact request, and every row of the classification."""

from __future__ import annotations

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]

from notifyctl.errors import ConfigError, DeliveryError, InDoubt, Permanent, Scope, Throttled, Transient
from notifyctl.notification import Sent
from notifyctl.providers import twilio
from notifyctl.providers.twilio import Twilio
from tests.support.certificate import make_certificate
from tests.support.http_provider import LOST_ANSWERS, BrokenHttp
from tests.support.payloads import a_whatsapp
from tests.support.sockets import RawServer, unused_port, wait_for_hangup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_httpserver import HTTPServer

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
API_KEY = "SK0123456789abcdef0123456789abcdef"
SECRET = "top-secret"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SENDER = "+14155238886"
ACCEPTED = {"sid": "SM00112233445566778899aabbccddeeff", "status": "queued"}


def at(base_url: str, **changes: Any) -> Twilio:
    """A provider that takes a loopback server for Twilio."""
    settings: dict[str, Any] = {"whatsapp_from": SENDER, "timeout_s": 2.0, **changes}
    return Twilio(ACCOUNT, API_KEY, SECRET, base_url=base_url, **settings)


@pytest.fixture
def provider(httpserver: HTTPServer) -> Iterator[Twilio]:
    """A provider of the loopback server, closed after the test."""
    made = at(httpserver.url_for("/"))
    yield made
    made.close()


def answer(httpserver: HTTPServer, status: int, body: Any = "", headers: Mapping[str, str] | None = None) -> None:
    """Let the server give this answer to each message."""
    expected = httpserver.expect_request(PATH, method="POST")
    if isinstance(body, str):
        expected.respond_with_data(body, status=status, headers=headers)
    else:
        expected.respond_with_json(body, status=status, headers=headers)


def error(code: int, status: int = 400, message: str = "no") -> dict[str, Any]:
    """A body as Twilio's errors have it."""
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def problem(code: int, status: int) -> dict[str, Any]:
    """A body as RFC 9457 has it, which the SDK raises as another kind of exception."""
    return {"type": "https://www.twilio.com/x", "title": "No", "status": status, "code": code, "detail": "because"}


def failure(provider: Twilio) -> DeliveryError:
    """What the provider raises for one message."""
    with pytest.raises(DeliveryError) as caught:
        provider.send(a_whatsapp())
    return caught.value


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


@pytest.mark.parametrize(
    ("status", "code", "scope"),
    [
        *[(400, code, Scope.RECIPIENT) for code in (21211, 21604, 21610, 21614, 21265, 21266, 21267, 21268)],
        *[(400, code, Scope.RECIPIENT) for code in (21408, 21612, 63003, 63014, 63024, 63032)],
        *[(400, code, Scope.ACCOUNT) for code in (21603, 21606, 21212, 21705, 21703, 21910, 63007)],
        *[(400, code, Scope.CONTENT) for code in (21617, 21619, 21654, 21655, 21656, 99999)],
        *[(401, code, Scope.ACCOUNT) for code in (20003, 20005, 10001, 90010, 99999)],
        (403, 20003, Scope.ACCOUNT),
        (403, 21408, Scope.RECIPIENT),
        (403, 21610, Scope.RECIPIENT),
        (404, 20404, Scope.ACCOUNT),
        (405, 20004, Scope.CONTENT),
    ],
)
@pytest.mark.parametrize("shape", [error, problem])
def test_refusal_for_good_is_permanent(
    httpserver: HTTPServer, shape: Any, status: int, code: int, scope: Scope
) -> None:
    """A 4xx is a promise that nothing was taken; status first, then the code, say what it is about."""
    answer(httpserver, status, shape(code, status))
    provider = at(httpserver.url_for("/"))

    outcome = failure(provider)
    provider.close()

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider, outcome.provider_code) == (scope, "twilio", str(code))


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refusal_without_a_code_is_permanent(httpserver: HTTPServer, provider: Twilio, status: int) -> None:
    """Where the body is not Twilio's, the status has to do."""
    answer(httpserver, status, "<html>")

    outcome = failure(provider)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider_code) == (Scope.CONTENT, str(status))


@pytest.mark.parametrize("shape", [error, problem])
@pytest.mark.parametrize("code", [20429, 63017, 63018])
def test_429_is_throttled_for_as_long_as_it_says(
    httpserver: HTTPServer, provider: Twilio, shape: Any, code: int
) -> None:
    """The SDK's exceptions hide the headers; the wait is read all the same."""
    answer(httpserver, 429, shape(code, 429), {"Retry-After": "12"})

    outcome = failure(provider)

    assert isinstance(outcome, Throttled)
    assert (outcome.retry_after_s, outcome.provider_code) == (12.0, str(code))


def test_429_without_a_wait_leaves_it_open(httpserver: HTTPServer, provider: Twilio) -> None:
    """No header, no number of ours."""
    answer(httpserver, 429, error(20429, 429))

    outcome = failure(provider)

    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_s is None


@pytest.mark.parametrize(("headers", "wait_s"), [({}, 120.0), ({"Retry-After": "600"}, 600.0)])
def test_full_queue_is_throttled_for_minutes(
    httpserver: HTTPServer, provider: Twilio, headers: dict[str, str], wait_s: float
) -> None:
    """21611 is a 400, but it says no more than "later"."""
    answer(httpserver, 400, error(21611), headers)

    outcome = failure(provider)

    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_s == wait_s


@pytest.mark.parametrize("shape", [error, problem])
def test_503_of_twilio_itself_is_transient(httpserver: HTTPServer, provider: Twilio, shape: Any) -> None:
    """Twilio's own JSON says "try again"; a proxy's page proves nothing."""
    answer(httpserver, 503, shape(20503, 503), {"Retry-After": "4"})

    outcome = failure(provider)

    assert type(outcome) is Transient
    assert outcome.retry_after_s == 4.0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, error(20500, 500)),
        (500, problem(20500, 500)),
        (500, problem(21211, 400)),
        (502, "<html>"),
        (503, "<html>"),
        (504, error(20504, 504)),
        (408, ""),
        (409, error(20409, 409)),
        (423, ""),
        (425, ""),
        (201, "not JSON"),
        (201, ""),
        (201, "{}"),
        (201, "[]"),
        (201, "null"),
        (200, "{}"),
    ],
)
def test_answer_that_proves_nothing_is_in_doubt(
    httpserver: HTTPServer, provider: Twilio, status: int, body: Any
) -> None:
    """The request was read, and the answer is neither an acceptance nor a refusal."""
    answer(httpserver, status, body)

    assert isinstance(failure(provider), InDoubt)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirect_is_the_accounts_fault(httpserver: HTTPServer, provider: Twilio, status: int) -> None:
    """No redirect is followed: the base URL is wrong."""
    answer(httpserver, status, headers={"Location": httpserver.url_for("/elsewhere")})

    outcome = failure(provider)

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.ACCOUNT
    assert len(httpserver.log) == 1


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

    assert type(outcome) is Transient
    assert outcome.message == "no connection to twilio: Connection refused"


def test_unknown_host_is_transient() -> None:
    """A name that does not resolve: nothing was sent."""
    assert type(failure(at("http://twilio.invalid"))) is Transient


def test_stalled_tls_handshake_is_transient() -> None:
    """The library calls this a read timeout, and yet nothing was sent."""
    with RawServer(wait_for_hangup) as server:
        assert type(failure(at(f"https://127.0.0.1:{server.port}", timeout_s=0.3))) is Transient


def test_server_without_tls_is_transient() -> None:
    """A handshake that fails otherwise than by its certificate may be a passing fault."""
    with RawServer(lambda connection: connection.sendall(b"220 this is SMTP\r\n")) as server:
        assert type(failure(at(f"https://127.0.0.1:{server.port}"))) is Transient


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
