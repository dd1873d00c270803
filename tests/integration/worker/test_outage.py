"""Real worker processes and a SendGrid in trouble: mail goes on by SMTP, or waits, and comes back by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import build
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import Transient
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.settings import Settings
from tests.support.delivery import FakeJob
from tests.support.outage import FAILS, HANGS, OK, REFUSES, WRONG_KEY, FlakySendGrid
from tests.support.payloads import an_email
from tests.support.smtp_server import MailServer, ScriptedSmtp, mail_server
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from tests.support.server import Server

ROOT = Path(__file__).parents[3]
THRESHOLD = 5

# aiosmtpd warns about its own use of asyncio
pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd"), pytest.mark.timeout(90)]


class Shop:
    """A queue of numbered mails, and workers that send them, with little patience."""

    def __init__(self, server: Server, sendgrid: FlakySendGrid, smtp: MailServer | None = None) -> None:
        self.app = build(Settings.load(redis={"url": server.url}))
        self.sendgrid = sendgrid
        self.smtp = smtp
        self.queued = 0
        self._workers: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "REDIS_URL": server.url,
            "SENDGRID_API_KEY": "SG.test",
            "SENDGRID_HOST": sendgrid.url,
            "EMAIL_FROM": "shop@example.com",
            "NOTIFYCTL_EMAIL_RATE": "80/s",
            "NOTIFYCTL_SEND_TIMEOUT": "1s",
            "NOTIFYCTL_CIRCUIT_COOL_DOWN": "500ms",
            "NOTIFYCTL_CIRCUIT_MAX_COOL_DOWN": "1s",
            "NOTIFYCTL_CIRCUIT_ACCOUNT_COOL_DOWN": "1s",
            "NOTIFYCTL_LOG_LEVEL": "ERROR",
        }
        if smtp is not None:
            self._environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(smtp.port), "SMTP_TLS": "none"}

    def start_worker(self) -> None:
        """Start one more process, with five threads."""
        command = [sys.executable, "-m", "notifyctl.worker.process", "actors.worker", "--queues", "email"]
        worker = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, cwd=ROOT)
        self._workers.append(worker)

    def queue(self, count: int) -> None:
        """Queue so many more mails."""
        mails = [
            (Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {"note": f"n{n} "}), Options())
            for n in range(self.queued, self.queued + count)
        ]
        self.app.notifier.queue_many(mails)
        self.queued += count

    @property
    def by_smtp(self) -> int:
        """How many mails went by SMTP."""
        return len(self.smtp.envelopes) if self.smtp else 0

    def times_sent(self) -> Counter[str]:
        """How often each mail was taken, by whomever."""
        by_smtp = self.smtp.envelopes if self.smtp else []
        return Counter(self.sendgrid.taken) + Counter(
            re.findall(r"\bn\d+\b", envelope.content.decode())[0] for envelope in by_smtp
        )

    def end(self) -> None:
        """End the workers in order."""
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self._workers:
            worker.wait(timeout=20)


@pytest.fixture
def sendgrid() -> Iterator[FlakySendGrid]:
    """SendGrid on loopback."""
    with FlakySendGrid() as running:
        yield running


def changes(client: redis.Redis) -> list[tuple[str, str]]:
    """The events of circuits, in order."""
    stream: Any = client.xrange("notifyctl:events")
    events = [event for _, event in stream if event[b"kind"].startswith(b"circuit_")]
    return [(event[b"kind"].decode(), event[b"cause"].decode()) for event in events]


@pytest.mark.parametrize("trouble", [REFUSES, HANGS, FAILS])
def test_mail_goes_on_by_smtp_while_sendgrid_is_down(
    server: Server, client: redis.Redis, sendgrid: FlakySendGrid, trouble: str
) -> None:
    """Within seconds, with no more doubts than the threshold; and back to SendGrid by itself."""
    with mail_server() as smtp:
        shop = Shop(server, sendgrid, smtp)
        try:
            shop.queue(300)
            shop.start_worker()
            wait_until(lambda: sendgrid.mails[OK] >= 10, what="SendGrid to take mail")

            sendgrid.trouble = trouble
            down_at = time.monotonic()
            wait_until(lambda: shop.by_smtp > 0, what="SMTP to take mail")
            went_on_s = time.monotonic() - down_at
            wait_until(lambda: shop.by_smtp >= 80, what="SMTP to take more")

            sendgrid.trouble = OK
            before = sendgrid.mails[OK]
            wait_until(lambda: sendgrid.mails[OK] > before + 20, what="SendGrid to take mail again")
            shop.queue(20)
            wait_until(lambda: shop.app.inspector.stats("email").waiting == 0, timeout_s=40, what="the queue to empty")
        finally:
            shop.end()

    assert went_on_s < 5
    assert sendgrid.mails[trouble] <= THRESHOLD
    assert changes(client) == [("circuit_opened", "failing"), ("circuit_closed", "")]
    assert set(shop.times_sent().values()) == {1}
    assert shop.app.inspector.stats("email").dlq == 0


@pytest.mark.parametrize("trouble", [HANGS, FAILS])
def test_two_processes_have_no_more_doubts_than_the_threshold(
    server: Server, client: redis.Redis, sendgrid: FlakySendGrid, trouble: str
) -> None:
    """Nor than answers made room for before; they share what one learned and what both wait for; one event tells."""
    with mail_server() as smtp:
        shop = Shop(server, sendgrid, smtp)
        try:
            shop.queue(200)
            shop.start_worker()
            shop.start_worker()
            wait_until(lambda: sendgrid.mails[OK] >= 10, what="SendGrid to take mail")
            sendgrid.trouble = trouble
            wait_until(lambda: shop.by_smtp > 0, what="SMTP to take mail")
            room: Any = client.get(FleetKeys("notifyctl").sends_most("sendgrid"))
            wait_until(lambda: shop.by_smtp >= 60, what="SMTP to take more")
        finally:
            shop.end()

    assert sendgrid.mails[trouble] <= max(THRESHOLD, int(room or 0))
    assert changes(client) == [("circuit_opened", "failing")]


def test_wrong_key_leaves_every_mail_waiting(server: Server, client: redis.Redis, sendgrid: FlakySendGrid) -> None:
    """No mail dies of it, few are risked, and all go when the key is right."""
    sendgrid.trouble = WRONG_KEY
    shop = Shop(server, sendgrid)
    inspector = shop.app.inspector
    try:
        shop.queue(200)
        shop.start_worker()
        wait_until(lambda: sendgrid.questions[WRONG_KEY] >= 3, what="the account to be checked again and again")
        refused = inspector.stats("email")

        sendgrid.trouble = OK
        wait_until(lambda: inspector.stats("email").completed == 200, timeout_s=40, what="all to be sent")
    finally:
        shop.end()

    assert refused.dlq + refused.delayed == 0
    assert "wrong key" in refused.blocked_reason
    assert sendgrid.mails[WRONG_KEY] <= THRESHOLD
    assert set(shop.times_sent().values()) == {1}
    assert changes(client) == [("circuit_opened", "account"), ("circuit_closed", "")]


def test_full_mailbox_is_no_failure_of_the_mail_server(server: Server, client: redis.Redis) -> None:
    """However many recipients are refused for now in a row, the others' mails go."""
    full = ["452 4.2.2 mailbox full"] * (2 * THRESHOLD)
    with ScriptedSmtp(RCPT=[*full, "250 ok"]) as smtp:
        settings = {"host": "127.0.0.1", "port": smtp.port, "tls": "none"}
        app = build(Settings.load(redis={"url": server.url}, smtp=settings, email={"from": "shop@example.com"}))
        route = app.route(Channel.EMAIL)
        for _ in full:
            with pytest.raises(Transient, match="mailbox full"):
                route.send(FakeJob(), an_email())
        sent = route.send(FakeJob(), an_email())
        route.close()

    assert sent.provider == "smtp"
    assert changes(client) == []
