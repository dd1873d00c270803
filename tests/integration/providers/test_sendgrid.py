"""SendGrid's provider against a loopback server: the exact request, and every row of the classification."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from notifyctl import clock
from notifyctl.errors import ConfigError, DeliveryError, InDoubt, Permanent, Scope, Throttled, Unavailable
from notifyctl.notification import Sent
from notifyctl.providers.sendgrid import SendGrid
from tests.support.certificate import make_certificate
from tests.support.http_provider import LOST_ANSWERS, BrokenHttp
from tests.support.payloads import an_email
from tests.support.sockets import RawServer, unused_port, wait_for_hangup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_httpserver import HTTPServer
    from werkzeug import Request

PATH = "/v3/mail/send"
KEY = "SG.test-key_0123456789"


def provider(httpserver: HTTPServer) -> SendGrid:
    """A provider that takes the loopback server for SendGrid."""
    return SendGrid(KEY, host=httpserver.url_for("/"), timeout_s=2)


def answer(httpserver: HTTPServer, status: int, body: Any = "", headers: Mapping[str, str] | None = None) -> None:
    """Let the server give this answer to each mail."""
    expected = httpserver.expect_request(PATH, method="POST")
    if isinstance(body, str):
        expected.respond_with_data(body, status=status, headers=headers)
    else:
        expected.respond_with_json(body, status=status, headers=headers)


def errors(message: str, field: str | None = None) -> dict[str, Any]:
    """A body as SendGrid's errors have it."""
    return {"errors": [{"message": message, "field": field, "help": None}]}


def failure(httpserver: HTTPServer, **payload: Any) -> DeliveryError:
    """What the provider raises for one mail."""
    with pytest.raises(DeliveryError) as caught:
        provider(httpserver).send(an_email(**payload))
    return caught.value


def test_send_returns_sendgrids_message_id(httpserver: HTTPServer) -> None:
    """202 is an acceptance; its X-Message-Id is what events begin with."""
    answer(httpserver, 202, headers={"X-Message-Id": "14c5d75ce93.dfd"})

    assert provider(httpserver).send(an_email()) == Sent("sendgrid", "14c5d75ce93.dfd")


def test_send_without_message_id_is_an_acceptance_all_the_same(httpserver: HTTPServer) -> None:
    """A 202 needs no header to be one."""
    answer(httpserver, 202)

    assert provider(httpserver).send(an_email()) == Sent("sendgrid", "")


def test_send_posts_one_personalization(httpserver: HTTPServer) -> None:
    """The whole request: one recipient, text before HTML, our id as a custom argument."""
    answer(httpserver, 202)

    provider(httpserver).send(an_email(reply_to="help@example.com"))

    ((request, _),) = httpserver.log
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == str(len(request.data))
    assert request.json == {
        "personalizations": [{"to": [{"email": "ada@example.org", "name": "Ada Lovelace"}]}],
        "from": {"email": "shop@example.com", "name": "The Shop"},
        "reply_to": {"email": "help@example.com"},
        "subject": "Your order 10482",
        "content": [
            {"type": "text/plain", "value": "Thank you, Ada.\n"},
            {"type": "text/html", "value": "<p>Thank you, <b>Ada</b>.</p>\n"},
        ],
        "headers": {"Message-ID": "<n-10482@example.com>", "X-Notification-ID": "n-10482"},
        "custom_args": {"notification_id": "n-10482"},
        "categories": ["order_confirmation"],
    }


def test_send_leaves_out_what_is_empty(httpserver: HTTPServer) -> None:
    """SendGrid refuses empty values: they are not there at all."""
    answer(httpserver, 202)

    provider(httpserver).send(an_email(html="", to_name="", sender_name="", category=""))

    body = httpserver.log[0][0].json
    assert body["personalizations"] == [{"to": [{"email": "ada@example.org"}]}]
    assert body["from"] == {"email": "shop@example.com"}
    assert [part["type"] for part in body["content"]] == ["text/plain"]
    assert not body.keys() & {"reply_to", "categories"}


def test_send_takes_commas_and_semicolons_out_of_names(httpserver: HTTPServer) -> None:
    """SendGrid would read them as a list."""
    answer(httpserver, 202)

    provider(httpserver).send(an_email(to_name="Lovelace, Ada; Countess"))

    assert httpserver.log[0][0].json["personalizations"][0]["to"][0]["name"] == "Lovelace Ada Countess"


@pytest.mark.parametrize(
    ("status", "body", "scope"),
    [
        (400, errors("bad address", "personalizations.0.to.0.email"), Scope.RECIPIENT),
        (400, errors("bad value", "content.0.value"), Scope.CONTENT),
        (400, errors("bad request"), Scope.CONTENT),
        (400, errors("bad sender", "from.email"), Scope.ACCOUNT),
        (400, "not JSON", Scope.CONTENT),
        (400, ["not", "errors"], Scope.CONTENT),
        (400, {"errors": "not a list"}, Scope.CONTENT),
        (401, errors("authorization required"), Scope.ACCOUNT),
        (401, errors("Maximum credits exceeded"), Scope.ACCOUNT),
        (403, errors("from address is no verified sender", "from"), Scope.ACCOUNT),
        (404, "", Scope.ACCOUNT),
        (405, "", Scope.ACCOUNT),
        (413, errors("too large"), Scope.CONTENT),
        (415, errors("media type"), Scope.ACCOUNT),
        (422, "", Scope.CONTENT),
        (402, "", Scope.ACCOUNT),
        (451, "", Scope.CONTENT),
        (400, errors("bad reply address", "reply_to.email"), Scope.ACCOUNT),
    ],
)
def test_refusal_for_good_is_permanent(httpserver: HTTPServer, status: int, body: Any, scope: Scope) -> None:
    """A 4xx is a promise that nothing was taken; its status and field say what it is about."""
    answer(httpserver, status, body)

    outcome = failure(httpserver)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider, outcome.provider_code) == (scope, "sendgrid", str(status))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, errors("oops")),
        (502, "<html>"),
        (503, "<html>a proxy"),
        (504, errors("slow")),
        (599, ""),
        (408, ""),
        (409, ""),
        (423, ""),
        (425, ""),
        (200, ""),
        (201, ""),
        (204, ""),
    ],
)
def test_answer_that_proves_nothing_is_in_doubt(httpserver: HTTPServer, status: int, body: Any) -> None:
    """The request was read, and the answer is neither an acceptance nor a refusal."""
    answer(httpserver, status, body)

    outcome = failure(httpserver)

    assert isinstance(outcome, InDoubt)
    assert outcome.provider_code == str(status)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"X-RateLimit-Reset": "1793534407"}, 7.0),
        ({"X-RateLimit-Reset": "1"}, 1.0),
        ({}, None),
    ],
)
def test_429_is_throttled_for_as_long_as_it_says(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], wait_s: float | None
) -> None:
    """SendGrid's reset is an epoch in seconds; any wait is bounded."""
    monkeypatch.setattr(clock, "now_ms", lambda: 1_793_534_400_000)
    answer(httpserver, 429, errors("too many requests"), headers)

    outcome = failure(httpserver)

    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_s == wait_s


def test_503_of_sendgrid_itself_is_transient(httpserver: HTTPServer) -> None:
    """SendGrid's own JSON says that it took nothing; a proxy's page does not."""
    answer(httpserver, 503, errors("not available"), {"Retry-After": "9"})

    outcome = failure(httpserver)

    assert type(outcome) is Unavailable
    assert outcome.retry_after_s == 9.0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_refused_and_the_key_stays_here(httpserver: HTTPServer, status: int) -> None:
    """The client would repeat the call as a GET, with the key, and take the 200 there for success."""
    seen: list[str] = []

    def elsewhere(request: Request) -> Response:
        seen.append(request.headers.get("Authorization", ""))
        return Response(status=202)

    httpserver.expect_request("/elsewhere").respond_with_handler(elsewhere)
    answer(httpserver, status, headers={"Location": httpserver.url_for("/elsewhere")})

    outcome = failure(httpserver)

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.ACCOUNT
    assert seen == []


@pytest.mark.parametrize("loss", LOST_ANSWERS)
def test_lost_answer_is_in_doubt(loss: str) -> None:
    """Once the request was read, a lost answer leaves nobody knowing; the request is not repeated."""
    with BrokenHttp(LOST_ANSWERS[loss]) as server, pytest.raises(InDoubt) as caught:
        SendGrid(KEY, host=server.url, timeout_s=0.3).send(an_email())

    assert caught.value.provider_code == "no_answer"
    assert len(server.requests) == 1


def test_refused_connection_is_transient() -> None:
    """Nobody listens: nothing was sent."""
    with pytest.raises(Unavailable, match="refused"):
        SendGrid(KEY, host=f"http://127.0.0.1:{unused_port()}").send(an_email())


def test_unknown_host_is_transient() -> None:
    """A name that does not resolve: nothing was sent."""
    with pytest.raises(Unavailable) as caught:
        SendGrid(KEY, host="http://sendgrid.invalid").send(an_email())

    assert caught.value.provider_code == "connect"


def test_stalled_tls_handshake_is_transient() -> None:
    """A timeout, but one before the request: it is not the kind of exception that decides."""
    with RawServer(wait_for_hangup) as server, pytest.raises(Unavailable):
        SendGrid(KEY, host=f"https://127.0.0.1:{server.port}", timeout_s=0.3).send(an_email())


def test_stalled_write_of_a_big_mail_is_in_doubt() -> None:
    """A timeout of the same kind, but some of the body is gone: a busy machine needs a while to get so far."""

    def read_nothing(_: Any) -> None:
        server.closing.wait()

    server = RawServer(read_nothing)
    with server, pytest.raises(InDoubt):
        SendGrid(KEY, host=f"http://127.0.0.1:{server.port}", timeout_s=2).send(an_email(text="x" * 20_000_000))


def test_unknown_certificate_is_the_accounts_fault(tmp_path: Path) -> None:
    """A certificate that is not believed will not be at the next attempt."""
    context = make_certificate(tmp_path).server_context()

    def handshake(connection: Any) -> None:
        context.wrap_socket(connection, server_side=True)

    with RawServer(handshake) as server, pytest.raises(Permanent) as caught:
        SendGrid(KEY, host=f"https://localhost:{server.port}").send(an_email())

    assert (caught.value.scope, caught.value.provider_code) == (Scope.ACCOUNT, "certificate")


def test_error_names_no_recipient_and_no_key(httpserver: HTTPServer) -> None:
    """SendGrid quotes addresses; what is raised does not, nor does its traceback."""
    answer(httpserver, 400, errors(f"ada@example.org is bad, says {KEY} of ADA LOVELACE", "personalizations.0.to"))

    outcome = failure(httpserver)

    assert outcome.message == "SendGrid answered 400: [recipient] is bad, says [key] of [recipient]"
    assert outcome.__cause__ is None
    assert outcome.__suppress_context__


def test_client_logs_nothing_below_warning(httpserver: HTTPServer, caplog: pytest.LogCaptureFixture) -> None:
    """Even with the root logger at DEBUG no payload and no key reaches a log."""
    answer(httpserver, 202)
    caplog.set_level(logging.DEBUG)

    provider(httpserver).send(an_email())

    logged = "\n".join(r.getMessage() for r in caplog.records if r.name != "werkzeug")
    assert KEY not in logged
    assert "ada@example.org" not in logged


def test_one_client_serves_many_sends_with_the_same_headers(httpserver: HTTPServer) -> None:
    """Nothing of one request stays for the next, the host's trailing slash included."""
    answer(httpserver, 202)
    sendgrid = provider(httpserver)

    for _ in range(2):
        sendgrid.send(an_email())
    sendgrid.close()
    sendgrid.send(an_email())

    first, *others = [(request.path, dict(request.headers), request.data) for request, _ in httpserver.log]
    assert others == [first, first]


@pytest.mark.parametrize(
    ("key", "host"), [("", "https://x"), ("SG.ü", "https://x"), ("SG.a\n", "https://x"), ("SG.a", "api.sendgrid.com")]
)
def test_unusable_settings_are_refused_at_once(key: str, host: str) -> None:
    """What cannot work is said when the provider is built, not at the first mail."""
    with pytest.raises(ConfigError):
        SendGrid(key, host=host)
