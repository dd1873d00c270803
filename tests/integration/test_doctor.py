"""What the doctor finds: on a sound server, on unsound ones, and in settings alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import build
from notifyctl.connection import connect
from notifyctl.delivery.circuits import Kind, Verdict
from notifyctl.doctor import Finding, Status, run_checks
from notifyctl.engine.fleet import Report
from notifyctl.engine.keys import QueueKeys
from notifyctl.errors import ConfigError, ServerError
from notifyctl.settings import Settings
from notifyctl.templates.catalog import Catalog
from notifyctl.units import Rate
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import redis

SID = "0" * 32
TWILIO = {"account_sid": f"AC{SID}", "auth_token": "token", "whatsapp_from": "+15005550006"}
KEY = f"SG.{'a' * 22}.{'b' * 43}"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may change for good."""
    server = Server("--maxmemory-policy", "noeviction")
    yield server
    server.close()


def examine(server: Server, **overrides: Any) -> dict[str, Finding]:
    """All findings by their names."""
    settings = Settings.load(**{"redis": {"url": server.url}} | overrides)
    findings = run_checks(settings, lambda: connect(server.url, role="operator"))
    return {finding.name: finding for finding in findings}


def test_sound_setup_is_all_ok(own_server: Server) -> None:
    """Every check has a finding, and none has anything to mend."""
    found = examine(
        own_server,
        sendgrid={"api_key": KEY},
        smtp={"host": "mail.example.com"},
        email={"from": "orders@example.com"},
        twilio=TWILIO,
        whatsapp={"content_sids": dict.fromkeys(Catalog().whatsapp_names(), f"HX{SID}")},
        shop={"name": "Ada's Books"},
    )

    assert {name: finding.status for name, finding in found.items()} == dict.fromkeys(
        (
            "settings", "state folder", "secrets", "redis", "version", "permissions", "eviction", "persistence", "memory",
            "dead letters", "queues", "clock", "spool", "email", "sender", "whatsapp", "providers", "content ids", "limits",
            "timeouts", "templates", "shop", "workers", "tokens",
        ),
        Status.OK,
    )  # fmt: skip
    assert all(not finding.remedy for finding in found.values())
    assert found["email"].detail == "mail goes through SendGrid, then SMTP"
    assert "from argument" in found["settings"].detail


def test_nothing_configured_means_the_outbox(server: Server) -> None:
    """Worth a look, and nothing is broken."""
    found = examine(server)

    for name in ("email", "whatsapp"):
        assert found[name].status is Status.WARN
        assert str(Settings.load().outbox_dir) in found[name].detail
    assert "SENDGRID_API_KEY" in found["email"].remedy
    assert found["sender"].status is Status.OK


def test_forced_outbox_is_told_as_such(server: Server) -> None:
    """Credentials are there, and nothing is sent."""
    found = examine(server, provider="outbox", sendgrid={"api_key": KEY}, twilio=TWILIO)

    for name in ("email", "whatsapp"):
        assert (found[name].status, found[name].remedy) == (
            Status.WARN,
            "Remove NOTIFYCTL_PROVIDER=outbox to send.",
        )
    assert found["sender"].status is Status.OK
    assert found["content ids"].status is Status.OK


def test_settings_that_do_not_load_are_the_only_finding() -> None:
    """Nothing else can be looked at."""
    error = ConfigError("SMTP_PORT: expected a valid integer", hint="See .env.example.")

    findings = run_checks(error, lambda: pytest.fail("no client without settings"))

    assert findings == [Finding("settings", Status.FAIL, error.message, error.hint)]


@pytest.mark.parametrize(
    ("overrides", "name", "status", "detail", "remedy"),
    [
        ({"sendgrid": {"api_key": "secret"}}, "email", "warn", "not shaped", "Copy the whole key"),
        (
            {"smtp": {"host": "mail.example.com", "username": "u", "password": "secret", "tls": "none"}},
            "email",
            "warn",
            "password in the clear",
            "SMTP_TLS",
        ),
        ({"smtp": {"host": "mail.example.com"}}, "sender", "fail", "mail needs a sender", "EMAIL_FROM"),
        ({"smtp": {"host": "mail.example.com"}}, "shop", "warn", "placeholder", "NOTIFYCTL_SHOP_NAME"),
        ({"twilio": TWILIO | {"whatsapp_from": None}}, "whatsapp", "fail", "no sender", "TWILIO_WHATSAPP_FROM"),
        (
            {"twilio": TWILIO | {"auth_token": None, "api_key_sid": f"SK{SID}", "api_key_secret": "secret"}},
            "whatsapp",
            "warn",
            "receipts cannot be checked",
            "TWILIO_AUTH_TOKEN",
        ),
        ({"twilio": TWILIO}, "content ids", "fail", "order_confirmation", "NOTIFYCTL_CONTENT_SID_"),
        (
            {"twilio": TWILIO, "whatsapp": {"content_sids": {"order_confirmation": f"HX{SID}"}}},
            "content ids",
            "warn",
            "test_message",
            "[whatsapp.content_sids]",
        ),
    ],
)
def test_incomplete_channel_is_found(
    server: Server, *, overrides: dict[str, Any], name: str, status: str, detail: str, remedy: str
) -> None:
    """What is missing, what to set, and never the secret."""
    finding = examine(server, **overrides)[name]

    assert finding.status == status
    assert detail in finding.detail
    assert remedy in finding.remedy
    assert "secret" not in repr(finding)


def test_broken_template_is_found(server: Server, tmp_path: Path) -> None:
    """The shop's own folder is looked into."""
    (tmp_path / "templates" / "whatsapp").mkdir(parents=True)
    (tmp_path / "templates" / "whatsapp" / "mine.toml").write_text("= no TOML")

    finding = examine(server, twilio=TWILIO, templates_dir=tmp_path / "templates")["templates"]

    assert finding.status is Status.FAIL
    assert "mine.toml" in finding.detail


@pytest.mark.parametrize(
    ("option", "value", "name", "status", "detail"),
    [
        ("maxmemory-policy", "allkeys-lru", "eviction", Status.FAIL, "maxmemory-policy is allkeys-lru"),
        ("appendonly", "no", "persistence", Status.FAIL, "the append-only file is off"),
        ("replicaof", "127.0.0.1 1", "redis", Status.FAIL, "read-only replica"),
    ],
)
def test_unsound_server_is_found(
    own_server: Server, *, option: str, value: str, name: str, status: Status, detail: str
) -> None:
    """What would lose jobs, or take none."""
    with own_server.client() as admin:
        if option == "replicaof":
            admin.execute_command("REPLICAOF", *value.split())
        else:
            admin.config_set(option, value)

    finding = examine(own_server)[name]

    assert (finding.status, detail in finding.detail, bool(finding.remedy)) == (status, True, True)


@pytest.mark.parametrize(
    ("facts", "name", "status", "detail"),
    [
        ({"valkey_version": None, "redis_version": "6.2.14"}, "version", Status.FAIL, "6.2.14"),
        ({"aof_last_write_status": "err"}, "persistence", Status.FAIL, "cannot write its append-only file"),
    ],
)
def test_facts_of_the_server_are_judged(
    client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    *,
    facts: dict[str, Any],
    name: str,
    status: Status,
    detail: str,
) -> None:
    """Answers that no test server gives by itself."""
    real = client.info()
    monkeypatch.setattr(client, "info", lambda: real | facts)

    findings = {finding.name: finding for finding in run_checks(Settings.load(), lambda: client)}

    assert findings[name].status is status
    assert detail in findings[name].detail


@pytest.mark.parametrize(
    ("off_s", "status", "detail"),
    [(0, Status.OK, "less than 2 s"), (-30, Status.WARN, "30 s behind"), (3_600, Status.FAIL, "3600 s ahead of")],
)
def test_clocks_that_differ_are_found(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch, *, off_s: int, status: Status, detail: str
) -> None:
    """What is to go at a time is told in the caller's."""
    seconds, microseconds = client.time()
    monkeypatch.setattr(client, "time", lambda: (seconds + off_s, microseconds))

    found = {finding.name: finding for finding in run_checks(Settings.load(), lambda: client)}["clock"]

    assert (found.status, detail in found.detail) == (status, True), found.detail
    assert ("NTP" in found.remedy) is (status is not Status.OK)


def test_limit_that_was_set_live_is_judged(server: Server, client: redis.Redis) -> None:
    """It is the one in force, above the settings' as well as below."""
    inspector = build(Settings.load(redis={"url": server.url})).inspector
    inspector.limit("whatsapp", rate=Rate(100))
    above = examine(server, twilio=TWILIO)["limits"]
    inspector.limit("whatsapp", rate=Rate(5))
    below = examine(server, twilio=TWILIO, whatsapp={"rate": "100/s"})["limits"]

    assert (above.status, below.status) == (Status.WARN, Status.OK)
    assert "limited to 100/s live, above 80/s" in above.detail
    assert "queue limit whatsapp --rate 80/s" in above.remedy


def test_queue_that_hands_nothing_out_is_found(server: Server, client: redis.Redis) -> None:
    """Why, for how long, and what to do; a rest that is over is none."""
    inspector = build(Settings.load(redis={"url": server.url})).inspector
    inspector.pause("whatsapp", reason="new template")
    key, second = QueueKeys("notifyctl", "email").config, client.time()[0]
    client.hset(key, mapping={"blocked_until": (second + 50) * 1_000, "blocked_reason": "smtp refuses the account"})

    found = examine(server)["queues"]

    assert found.status is Status.WARN
    assert re.fullmatch(
        r"email rests for another \d+s, then one message tries: smtp refuses the account; "
        "whatsapp is paused: new template",
        found.detail,
    )
    assert "notifyctl queue resume email" in found.remedy

    inspector.resume("whatsapp")
    client.hset(
        key, mapping={"blocked_until": (second + 7_200) * 1_000, "blocked_ms": 60_000}
    )  # the clock was set back
    assert "rests for another 1m, " in examine(server)["queues"].detail

    client.hset(key, "blocked_until", (second - 1) * 1_000)
    assert examine(server)["queues"].status is Status.OK


def test_looking_writes_nothing(server: Server, client: redis.Redis) -> None:
    """Not even a key of its own."""
    examine(server)

    assert client.dbsize() == 0


def test_server_that_is_away_is_one_finding() -> None:
    """What cannot be asked is not guessed; the other checks are made all the same."""
    settings = Settings.load(redis={"url": "redis://:hidden-word@127.0.0.1:1"})

    findings = run_checks(settings, lambda: connect("redis://:hidden-word@127.0.0.1:1", role="operator"))

    found = {finding.name: finding for finding in findings}
    assert found["redis"].status is Status.FAIL
    assert "cannot be reached" in found["redis"].detail
    assert "version" not in found
    assert "email" in found
    assert "hidden-word" not in repr(findings)


def test_embedded_server_that_cannot_start_is_one_finding() -> None:
    """Whatever keeps the client from being made."""

    def fails() -> redis.Redis:
        raise ServerError("no server to run here", hint="Install one.")

    found = {finding.name: finding for finding in run_checks(Settings.load(), fails)}

    assert found["redis"] == Finding("redis", Status.FAIL, "no server to run here", "Install one.")


def test_state_folder_is_not_made_by_looking(server: Server) -> None:
    """A doctor changes nothing."""
    found = examine(server)

    assert found["state folder"].status is Status.OK
    assert "will be made" in found["state folder"].detail
    assert not Settings.load().state_dir.exists()


def test_state_folder_that_others_can_enter_is_found(server: Server) -> None:
    """It holds personal data."""
    folder = Settings.load().state_dir
    folder.mkdir(mode=0o700)
    assert examine(server)["state folder"].status is Status.OK

    folder.chmod(0o755)

    finding = examine(server)["state folder"]
    assert (finding.status, finding.remedy) == (Status.WARN, f"chmod 700 {folder}")


def test_state_folder_that_cannot_be_used_is_found(server: Server, tmp_path: Path) -> None:
    """Here a file in its place, or above it."""
    (tmp_path / "file").write_text("")

    in_place = examine(server, state_dir=tmp_path / "file")["state folder"]
    above = examine(server, state_dir=tmp_path / "file" / "state")["state folder"]

    assert (in_place.status, above.status) == (Status.FAIL, Status.FAIL)


def test_state_folder_below_a_closed_one_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could never be made."""
    monkeypatch.setattr("os.access", lambda *_: False)

    finding = examine(server)["state folder"]

    assert (finding.status, "cannot be made" in finding.detail) == (Status.FAIL, True)


@pytest.mark.parametrize(
    ("provider", "verdict", "status", "detail", "remedy"),
    [
        ("sendgrid", Verdict(Kind.ACCOUNT, "401"), Status.WARN, "sendgrid refuses the account, and is not asked: 401", "test"),
        ("twilio", Verdict(Kind.ACCOUNT, "401"), Status.FAIL, "nothing else takes its messages, which wait", "workers"),
        ("smtp", Verdict(Kind.THROTTLED, "less"), Status.WARN, "asks for fewer messages", "by itself"),
    ],
)  # fmt: skip
def test_provider_that_is_not_asked(
    server: Server, provider: str, verdict: Verdict, status: Status, detail: str, remedy: str
) -> None:
    """A warning while another one takes its channel's messages, a failure where they wait."""
    settings = {"sendgrid": {"api_key": KEY}, "smtp": {"host": "mail.example.com"}, "twilio": TWILIO}
    circuits = build(Settings.load(redis={"url": server.url})).circuits
    circuits.report(circuits.admit(provider), verdict)

    found = examine(server, **settings)

    assert (found[provider].status, "providers" in found) == (status, False)
    assert detail in found[provider].detail
    assert remedy in found[provider].remedy


def test_channel_without_a_provider_that_is_asked(server: Server) -> None:
    """Both are out: mail waits, and each finding says so."""
    circuits = build(Settings.load(redis={"url": server.url})).circuits
    for name in ("sendgrid", "smtp"):
        circuits.trip(name, 60_000, "")

    found = examine(server, sendgrid={"api_key": KEY}, smtp={"host": "mail.example.com"})

    assert found["sendgrid"].status is found["smtp"].status is Status.FAIL
    assert "notifyctl provider reset smtp" in found["smtp"].remedy


def test_messages_that_nobody_takes_are_worth_a_look(server: Server) -> None:
    """Where they wait or are due; a worker of another queue, or one that drains, takes none of them."""
    app = build(Settings.load(redis={"url": server.url}))
    assert examine(server)["workers"].detail == "none runs, and nothing waits"
    app.notifier.queue_email("test_message", {}, to="ada@example.com")
    app.notifier.queue_email("test_message", {}, to="ada@example.com", delay=timedelta(hours=1))
    app.fleet.tell("w1", Report(host="a", version="1.2", queues=("whatsapp",)))
    app.fleet.tell("w2", Report(host="b", version="1.2", queues=("email",), draining=True))

    found = examine(server)["workers"]

    assert (found.status, found.remedy != "") == (Status.WARN, True)
    assert "1 on email" in found.detail

    app.fleet.tell("w3", Report(host="b", version="1.3", queues=("email",)))
    found = examine(server)["workers"]
    assert (found.status, found.detail) == (Status.OK, "2 of version 1.2, 1 of version 1.3 on 2 hosts")
