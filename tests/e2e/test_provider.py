"""`notifyctl provider`: which providers are asked, and an operator's say in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.delivery.circuits import Admitted, Kind, Verdict
from tests.support.cli import run
from tests.support.outage import FAILS, WRONG_KEY, FlakySendGrid
from tests.support.smtp_server import ScriptedSmtp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notifyctl.app import App
    from tests.support.cli import Result


@pytest.fixture
def sendgrid() -> Iterator[FlakySendGrid]:
    """SendGrid on loopback."""
    with FlakySendGrid() as running:
        yield running


@pytest.fixture
def mailing(redis_url: str, sendgrid: FlakySendGrid, monkeypatch: pytest.MonkeyPatch) -> FlakySendGrid:
    """SendGrid with SMTP behind it, in the environment of every command."""
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.test-key_0123456789")
    monkeypatch.setenv("SENDGRID_HOST", sendgrid.url)
    monkeypatch.setenv("SMTP_HOST", "mail.example.com")
    monkeypatch.setenv("EMAIL_FROM", "shop@example.com")
    return sendgrid


def refuse(app: App, provider: str) -> None:
    """Let a provider refuse the account."""
    app.circuits.report(app.circuits.admit(provider), Verdict(Kind.ACCOUNT, "SendGrid answered 401: no"))


def test_list_has_all_providers_in_their_order(mailing: FlakySendGrid, ok: Callable[..., Result], app: App) -> None:
    """With the state of each circuit, and why it is open."""
    refuse(app, "sendgrid")

    listed = ok("provider", "ls", "-o", "json").json()

    assert [(one["provider"], one["channel"], one["place"], one["state"]) for one in listed] == [
        ("sendgrid", "email", 1, "open"),
        ("smtp", "email", 2, "closed"),
        ("outbox", "whatsapp", 1, "closed"),
    ]
    assert (listed[0]["kind"], listed[0]["reason"]) == ("account", "SendGrid answered 401: no")
    assert listed[0]["since"] < listed[0]["until"]
    assert "SendGrid answered 401: no" in ok("provider", "list").out


def test_stats_say_which_provider_is_not_asked(mailing: FlakySendGrid, ok: Callable[..., Result], app: App) -> None:
    """In a column that is there only then, and in JSON always."""
    calm = ok("stats")
    refuse(app, "sendgrid")

    assert "not asked" not in calm.out
    assert "sendgrid: SendGrid answered 401: no" in " ".join(ok("stats", "email", "--format", "plain").out.split())
    (circuit,) = ok("stats", "email", "-o", "json").json()["circuits"]
    assert (circuit["provider"], circuit["kind"]) == ("sendgrid", "account")
    assert ok("stats", "whatsapp", "-o", "json", "--fail-if", "circuits>0").json()["circuits"] == []
    alarm = run("stats", "--fail-if", "circuits>0")
    assert (alarm.code, alarm.err) == (7, "email: circuits is 1, as in 'circuits>0'\n")


def test_trip_takes_a_provider_out_and_reset_asks_it_again(
    mailing: FlakySendGrid, ok: Callable[..., Result], app: App, audit: Callable[[], list[dict[str, str]]]
) -> None:
    """Both are audited, and events; the queue goes on at once."""
    assert (
        ok("provider", "trip", "sendgrid", "--for", "10m", "--reason", "late").out == "sendgrid is not asked for 10m\n"
    )
    assert app.circuits.admit("sendgrid").reason == "sendgrid was taken out by an operator: late"
    app.client("operator").hset("{notifyctl:email}:config", mapping={"blocked_until": "9" * 13, "paused": "1"})
    assert ok("provider", "reset", "sendgrid", "--reason", "mended").out == "sendgrid is asked again\n"

    assert app.circuits.admit("sendgrid").word is Admitted.YES
    assert (app.inspector.stats("email").blocked_ms, app.inspector.stats("email").paused) == (0, True)
    assert [(entry["verb"], entry["what"], entry["why"]) for entry in audit()] == [
        ("tripped", "sendgrid", "late"),
        ("reset", "sendgrid", "mended"),
    ]
    stream: Any = app.client("operator").xrange("notifyctl:events")
    events = [fields for _, fields in stream]
    assert [(event[b"kind"], event[b"provider"], event[b"reason"]) for event in events] == [
        (b"circuit_opened", b"sendgrid", b"late"),
        (b"circuit_closed", b"sendgrid", b"mended"),
    ]
    assert all(event[b"at"].isdigit() for event in events)


def test_dry_run_changes_nothing(
    mailing: FlakySendGrid, ok: Callable[..., Result], app: App, audit: Callable[[], list[dict[str, str]]]
) -> None:
    """It says what would be done."""
    assert ok("provider", "trip", "smtp", "--for", "1h", "--dry-run").out == "smtp would not be asked for 1h\n"
    assert ok("provider", "reset", "smtp", "--dry-run").out == "smtp would be asked again\n"

    assert app.circuits.admit("smtp").word is Admitted.YES
    assert audit() == []


def test_test_asks_without_sending(mailing: FlakySendGrid, ok: Callable[..., Result]) -> None:
    """A question that the key is needed for, and no mail."""
    tested = ok("provider", "test", "sendgrid", "-o", "json")

    assert (tested.json()["provider"], tested.json()["provider_id"]) == ("sendgrid", "")
    assert "nothing was sent" in tested.err
    assert (mailing.questions.total(), mailing.mails.total()) == (1, 0)


def test_test_sends_one_message_of_made_up_data(mailing: FlakySendGrid, ok: Callable[..., Result]) -> None:
    """Of any template; its address shows nowhere."""
    sent = ok("provider", "test", "sendgrid", "--to", "ada@example.com", "--template", "order_shipped")

    assert mailing.mails.total() == 1
    assert sent.err == "sendgrid took the message\n"
    assert "ada@" not in sent.out


@pytest.mark.parametrize(("to", "channel"), [("ada@example.com", "email"), ("+447700900123", "whatsapp")])
def test_test_of_the_outbox_puts_a_message_there(ok: Callable[..., Result], to: str, channel: str) -> None:
    """On the channel that the address is of."""
    tested = ok("provider", "test", "outbox", "--to", to, "-o", "json").json()

    assert tested["channel"] == channel
    assert [entry["channel"] for entry in ok("outbox", "list", "-o", "json").json()] == [channel]


@pytest.mark.parametrize(("trouble", "code"), [(WRONG_KEY, 4), (FAILS, 1)])
def test_test_of_a_provider_in_trouble(mailing: FlakySendGrid, trouble: str, code: int) -> None:
    """Refused credentials and a provider that does not work are told apart by the exit code."""
    mailing.trouble = trouble
    result = run("provider", "test", "sendgrid", "-o", "json")

    assert (result.code, result.out) == (code, "")
    assert "SendGrid answered" in json.loads(result.err)["error"]["message"]


def test_test_of_a_mail_server_logs_in(redis_url: str, ok: Callable[..., Result]) -> None:
    """The whole way, but for a mail."""
    with ScriptedSmtp() as server:
        variables = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port), "SMTP_TLS": "none"}
        ok("provider", "test", "smtp", SMTP_USERNAME="shop", SMTP_PASSWORD="x", EMAIL_FROM="a@example.com", **variables)

    assert [command.split(" ")[0].upper() for command in server.commands] == ["EHLO", "AUTH", "NOOP", "QUIT"]


@pytest.mark.parametrize("words", [("test", "mailgun"), ("trip", "mailgun", "--for", "1m"), ("reset", "mailgun")])
def test_unknown_provider_is_not_found(mailing: FlakySendGrid, words: tuple[str, ...]) -> None:
    """And the error names those that there are."""
    result = run("provider", *words)

    assert result.code == 3
    assert "There are: sendgrid, smtp, outbox." in result.err
