"""The main job, end to end: an order goes in, a worker runs, and what arrives at a real mail server is right."""

from __future__ import annotations

import email
import email.policy
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import build
from notifyctl.notification import Channel
from notifyctl.notifier import Options
from notifyctl.orders import load_payload, order_notifications, parse_order
from notifyctl.settings import Settings
from tests.support.receivers import Receiver
from tests.support.smtp_server import mail_server
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from tests.support.server import Server

ROOT = Path(__file__).parents[3]
REAL = ROOT.parent / "shared" / "data" / "orders"

# aiosmtpd warns about its own use of asyncio
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")


@pytest.fixture
def twilio() -> Iterator[Receiver]:
    """Twilio, taking everything."""
    receiver = Receiver(201, {"sid": "SM" + "1" * 32, "status": "queued"}, 0.0)
    yield receiver
    receiver.close()


def _import(server: Server, payload: bytes) -> list[str]:
    """Queue what follows from a WooCommerce payload, as `order import` does; the ids by channel."""
    app = build(Settings.load(redis={"url": server.url}))
    order = parse_order(load_payload(payload))
    planned, *_ = order_notifications(order, catalog=app.catalog)
    return [
        app.notifier.queue(
            plan.notification,
            Options(idempotency_key=plan.idempotency_key, priority=plan.priority, expires=plan.expires_after),
        ).id
        for plan in planned
    ]


def _work(server: Server, environment: dict[str, str], command: list[str], count: int) -> None:
    """Let a worker run until so many jobs are completed, and end it in order."""
    app = build(Settings.load(redis={"url": server.url}))
    worker = subprocess.Popen(
        command, env={**os.environ, "REDIS_URL": server.url, **environment}, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    try:
        wait_until(
            lambda: sum(app.inspector.stats(channel.value).completed for channel in Channel) == count,
            what="the messages to be sent",
        )
    finally:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(timeout=20)
    assert code == 0


@pytest.mark.parametrize(
    ("name", "subject", "total", "facts"),
    [
        ("woocommerce-order_updated-cod.json", "17", "$2.00", ["First Product", "First Last"]),
        ("woocommerce-order_created.json", "727", "$29.35", ["Woo Single #1", "John Doe", "969 Market"]),
    ],
)
def test_real_woocommerce_order_arrives_as_a_right_mail(
    server: Server, twilio: Receiver, name: str, subject: str, total: str, facts: list[str]
) -> None:
    """A payload of a real shop becomes a multipart mail with encoded subject, names, totals and currency."""
    if not (REAL / name).exists():
        pytest.skip(f"no real payloads at ../shared/data/orders: {name} is not there")

    ids = _import(server, (REAL / name).read_bytes())
    with mail_server() as mail:
        environment = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "SMTP_TLS": "none",
            "EMAIL_FROM": "Käthes Laden <shop@example.com>",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "0" * 32,
            "TWILIO_WHATSAPP_FROM": "+15005550006",
            "TWILIO_BASE_URL": twilio.url,
            "NOTIFYCTL_CONTENT_SID_ORDER_CONFIRMATION": "HX" + "0" * 32,
        }
        _work(server, environment, [sys.executable, "-m", "notifyctl.worker.process", "actors.worker"], len(ids))

    assert len(mail.envelopes) == 1
    message: EmailMessage = email.message_from_bytes(mail.envelopes[0].content, policy=email.policy.default)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert message.get_content_type() == "multipart/alternative"
    assert text is not None
    assert html is not None
    assert subject in message["Subject"]
    assert message["From"].addresses[0].display_name == "Käthes Laden"
    assert message["Message-ID"] == f"<{ids[0]}@example.com>"
    for part in (text.get_content(), html.get_content()):
        assert total in part
        assert all(fact in part for fact in facts)
    assert len(twilio.bodies) == len(ids) - 1


def test_stock_dramatiq_command_runs_our_actors(server: Server) -> None:
    """`dramatiq actors.worker` drains a queue, into the outbox here."""
    app = build(Settings.load(redis={"url": server.url}))
    queued = app.notifier.queue_email("test_message", {"note": "hello"}, to="ada@example.com")

    command = [str(Path(sys.executable).with_name("dramatiq")), "actors.worker", "--processes", "1", "--threads", "8"]
    _work(server, {}, command, 1)

    job = app.inspector.job(queued.id)
    assert (job.provider, job.provider_id) == ("outbox", f"{queued.id}.eml")
    assert json.loads(job.payload)["template"] == "test_message"
