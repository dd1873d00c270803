"""Checks: whether a provider would take messages, found out without sending one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import DeliveryError, Permanent, Scope, Throttled, Unavailable
from notifyctl.notification import Channel
from notifyctl.providers.outbox import Outbox
from notifyctl.providers.sendgrid import SendGrid
from tests.support.drip import within
from tests.support.http_provider import LOST_ANSWERS, BrokenHttp
from tests.support.payloads import an_email
from tests.support.smtp_provider import plain
from tests.support.smtp_server import CLOSE, HANG, ScriptedSmtp, mail_server
from tests.support.sockets import unused_port
from tests.support.twilio_account import ACCOUNT, PATH, at, error

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from notifyctl.providers.base import Provider

KEY = "SG.test-key_0123456789"


def trouble(provider: Provider[Any]) -> DeliveryError:
    """What a check finds."""
    with pytest.raises(DeliveryError) as caught:
        provider.check()
    return caught.value


@pytest.fixture(params=["sendgrid", "twilio"])
def vendor(request: pytest.FixtureRequest) -> Any:
    """A way to build a vendor's provider for a loopback server."""
    return (lambda url: SendGrid(KEY, host=url, timeout_s=0.5)) if request.param == "sendgrid" else _twilio


def _twilio(url: str) -> Provider[Any]:
    return at(url, timeout_s=0.5)


def test_sendgrid_is_asked_what_the_key_may_do(httpserver: HTTPServer) -> None:
    """A GET with the key, and no mail."""
    httpserver.expect_request("/v3/scopes", method="GET").respond_with_json({"scopes": ["mail.send"]})

    SendGrid(KEY, host=httpserver.url_for("/")).check()

    ((request, _),) = httpserver.log
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.data == b""


def test_twilio_is_asked_for_its_newest_message(httpserver: HTTPServer) -> None:
    """A GET of what a standard key may see, too; and no message."""
    httpserver.expect_request(PATH, method="GET").respond_with_json({"messages": [], "page": 0})

    at(httpserver.url_for("/")).check()

    ((request, _),) = httpserver.log
    assert request.query_string == b"PageSize=1"
    assert ACCOUNT in request.path


@pytest.mark.parametrize("status", [401, 404, 302])
def test_refused_credentials_are_the_accounts(vendor: Any, httpserver: HTTPServer, status: int) -> None:
    """A wrong key or URL: a person has to mend it."""
    headers = {"Location": "/elsewhere"}
    httpserver.expect_request("/v3/scopes").respond_with_json({"errors": [{"message": "no"}]}, status, headers)
    httpserver.expect_request(PATH).respond_with_json(error(20003, status), status, headers)

    found = trouble(vendor(httpserver.url_for("/")))

    assert isinstance(found, Permanent)
    assert found.scope is Scope.ACCOUNT
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("status", [400, 403, 405])
def test_other_refusals_of_the_question_are_answers(vendor: Any, httpserver: HTTPServer, status: int) -> None:
    """It can be reached, and works; a key that may only send is told 403."""
    httpserver.expect_request("/v3/scopes").respond_with_json({"errors": [{"message": "no"}]}, status=status)
    httpserver.expect_request(PATH).respond_with_json(error(70051, status), status=status)

    vendor(httpserver.url_for("/")).check()

    assert len(httpserver.log) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_means_that_it_does_not_work(vendor: Any, httpserver: HTTPServer, status: int) -> None:
    """Nothing was sent: no doubt."""
    httpserver.expect_request("/v3/scopes").respond_with_data("down", status=status)
    httpserver.expect_request(PATH).respond_with_data("down", status=status)

    assert type(trouble(vendor(httpserver.url_for("/")))) is Unavailable


def test_429_means_later(vendor: Any, httpserver: HTTPServer) -> None:
    """With the time that it asks for."""
    for path in ("/v3/scopes", PATH):
        httpserver.expect_request(path).respond_with_data("less", status=429, headers={"Retry-After": "17"})

    found = trouble(vendor(httpserver.url_for("/")))

    assert isinstance(found, Throttled)
    assert found.retry_after_s == 17.0


@pytest.mark.parametrize("loss", ["hang", "reset", "close", "garbage", "half_headers"])
def test_lost_answer_to_a_check_is_no_doubt(vendor: Any, loss: str) -> None:
    """Within the time that a send has."""
    with BrokenHttp(LOST_ANSWERS[loss]) as server, within(5.0):
        found = trouble(vendor(server.url))

    assert type(found) is Unavailable
    assert found.provider_code == "no_answer"


def test_refused_connection_to_a_check(vendor: Any) -> None:
    """Nobody listens."""
    found = trouble(vendor(f"http://127.0.0.1:{unused_port()}"))

    assert type(found) is Unavailable
    assert found.message.endswith(" gives no answer: Connection refused")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_mail_server_is_logged_in_to_and_sent_nothing() -> None:
    """The connection is kept: the mail that follows needs no other."""
    with ScriptedSmtp() as server:
        provider = plain(server.port, username="shop", password="x")
        provider.check()
        seen = [command.split(" ")[0].upper() for command in server.commands]
        provider.send(an_email())
        provider.close()

    assert seen == ["EHLO", "AUTH", "NOOP"]
    assert server.connections == 1
    with mail_server() as real:
        provider = plain(real.port)
        provider.check()
        provider.close()
    assert real.envelopes == []


@pytest.mark.parametrize(
    ("step", "reply", "kind"),
    [
        ("GREETING", "421 busy", Unavailable),
        ("GREETING", HANG, Unavailable),
        ("EHLO", CLOSE, Unavailable),
        ("AUTH", "454 later", Unavailable),
        ("AUTH", "535 5.7.8 no", Permanent),
        ("NOOP", "421 bye", Unavailable),
        ("NOOP", HANG, Unavailable),
    ],
)
def test_trouble_of_a_mail_server(step: str, reply: str, kind: type[DeliveryError]) -> None:
    """It does not work, or refuses the login."""
    with ScriptedSmtp(**{step: reply}) as server, within(5.0):
        provider = plain(server.port, username="shop", password="x", timeout_s=0.4)
        found = trouble(provider)
        provider.close()

    assert type(found) is kind


def test_outbox_is_well_where_its_folder_can_be_written_to(tmp_path: Path) -> None:
    """Made when needed; nothing is left in it."""
    folder = tmp_path / "box"
    Outbox(folder, Channel.EMAIL).check()
    assert list(folder.iterdir()) == []

    (tmp_path / "file").write_text("in the way")
    found = trouble(Outbox(tmp_path / "file", Channel.EMAIL))
    assert isinstance(found, Unavailable)
