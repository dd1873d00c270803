"""The command line against the test server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import App, build
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts
from tests.support.cli import Result, run
from tests.support.receivers import Receiver
from tests.support.server import Server
from tests.support.sockets import RawServer, wait_for_hangup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def redis_url(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The emptied server's URL, in the environment of every command; no limits and waits that would take time."""
    monkeypatch.setenv("REDIS_URL", server.url)
    for queue in ("EMAIL", "WHATSAPP"):
        monkeypatch.setenv(f"NOTIFYCTL_{queue}_RATE", "off")
        monkeypatch.setenv(f"NOTIFYCTL_{queue}_RETRY_DELAYS", "10ms,10ms,10ms")
    return server.url


@pytest.fixture
def ok(redis_url: str) -> Callable[..., Result]:
    """Run a command that must succeed."""

    def run_well(*args: str, **options: Any) -> Result:
        result = run(*args, **options)
        assert result.code == 0, result.err
        return result

    return run_well


@pytest.fixture
def app(redis_url: str) -> App:
    """The application that the commands have, in this process: to prepare and to look."""
    return build()


@pytest.fixture
def queued(app: App) -> Callable[..., list[str]]:
    """Queue so many test mails; their ids."""

    def queue(count: int, **options: Any) -> list[str]:
        to = "ada@example.com"
        return [app.notifier.queue_email("test_message", {}, to=to, **options).id for _ in range(count)]

    return queue


@pytest.fixture
def dead(app: App, queued: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Make so many dead letters of the email queue; their ids, the oldest first."""

    def bury(count: int, **options: Any) -> list[str]:
        ids = queued(count, **options)
        scripts = Scripts(app.client("operator"), QueueKeys(app.settings.namespace, "email"))
        batch = scripts.take(
            f"w-{ids[0]}", 1, count, lease_ms=10_000, rate="0/1", gap_ms=5_000, block_ms=1_000, cancelled_ms=60_000
        )
        record = '{"attempt": 1, "outcome": "permanent", "code": "550", "error": "no such recipient"}'
        for job in batch.jobs:
            scripts.bury(job.job_id, job.token, "permanent", record)
        assert [job.job_id for job in batch.jobs] == ids
        return ids

    return bury


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test may kill."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def audit(app: App) -> Callable[[], list[dict[str, str]]]:
    """What the audit log holds, the oldest first."""

    def read() -> list[dict[str, str]]:
        entries: Any = app.client("operator").xrange("notifyctl:audit")
        return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in entries]

    return read


@pytest.fixture
def slow_server() -> Iterator[str]:
    """The port of a mail server that takes connections and never says a word."""
    with RawServer(wait_for_hangup) as server:
        yield str(server.port)


@pytest.fixture
def sendgrid() -> Iterator[Receiver]:
    """SendGrid, taking a fifth of a second for each mail."""
    receiver = Receiver(202, {}, 0.2)
    yield receiver
    receiver.close()


@pytest.fixture
def through_sendgrid(sendgrid: Receiver) -> dict[str, str]:
    """The settings of a worker that sends there."""
    return {"SENDGRID_API_KEY": "SG.test", "SENDGRID_HOST": sendgrid.url, "EMAIL_FROM": "shop@example.com"}


@pytest.fixture
def never_answered(slow_server: str) -> dict[str, str]:
    """The settings of a worker whose sends come to no end."""
    server = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": slow_server, "SMTP_TLS": "none"}
    return {**server, "EMAIL_FROM": "shop@example.com", "NOTIFYCTL_SEND_TIMEOUT": "60s"}
