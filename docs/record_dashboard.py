"""Photographs the dashboard of a made-up shop on a busy day, into docs/assets/dashboard.png and dead-letters.png.

python -m docs.record_dashboard [FOLDER]        with a folder: each page in light, dark and on a phone goes there, too

Needs a Chromium. Nothing is sent to anybody: no worker runs; what workers would have left in Redis is put there.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from notifyctl.clock import now_ms
from notifyctl.engine.fleet import Report
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts
from notifyctl.notifier.options import Options
from notifyctl.orders import made_up_orders, order_notifications
from tests.support.browsing import Visit, chromium, launch
from tests.support.fates import Fates
from tests.support.server import Server
from tests.support.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.app import App
    from notifyctl.notification import EmailPayload, WhatsAppPayload

ASSETS = Path(__file__).parent / "assets"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1360, "height": 1040}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1360, "height": 900}, "color_scheme": "null"},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "color_scheme": "light"},
}
MESSAGES = (
    "order_confirmation",
    "payment_received",
    *(f"order_{word}" for word in ("shipped", "delivered", "cancelled", "refunded")),
)
SETTINGS: dict[str, Any] = {
    "namespace": "corner-shop",
    "shop": {"name": "Corner Shop", "url": "https://shop.example.com"},
    "email": {"from": "Corner Shop <orders@shop.example.com>"},
    "whatsapp": {"content_sids": dict.fromkeys((*MESSAGES, "test_message"), "HX" + "0" * 32)},
    "sendgrid": {"api_key": f"SG.{'x' * 22}.{'x' * 43}"},
    "smtp": {"host": "smtp.example.com"},
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "made-up", "whatsapp_from": "+447700900000"},
}


class Shop:
    """A shop's queues on a busy day.

    Args:
        app: What the dashboard shows.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._fates = Fates(app)
        self._dice = random.Random(7)  # noqa: S311 - nothing secret is drawn

    def open(self) -> None:
        """Put everything there."""
        self._history()
        self._troubles()
        self._sent()
        self._waiting()
        self._outbox()
        self._operators()

    def _history(self) -> None:
        """What the last hour was like: calm, then a campaign; a provider that failed for some minutes; a pause."""
        client = self._app.inspector.client
        newest, passed = divmod(now_ms() / 60_000, 1)
        for queue, most in (("email", 590), ("whatsapp", 280)):
            keys = QueueKeys(self._app.settings.namespace, queue)
            for back in range(61):
                trouble = queue == "email" and 33 <= back <= 38
                share = (
                    0.5 + 0.3 * math.sin((60 - back) / 9) + (0.25 if back < 22 else 0) + self._dice.uniform(-0.08, 0.08)
                )
                share = 0 if queue == "whatsapp" and back < 3 else min(1, share) * (0.2 if trouble else 1)
                count = round(most * share * (1 if back else passed))
                buried = self._dice.choice((6, 9, 14)) if trouble else self._dice.choice((0,) * 14 + (1,))
                counts = {"enqueued": count, "granted": count + buried, "completed": count, "buried": buried}
                client.hset(keys.minute(int(newest) - back), mapping=counts)
                ended = {f"sent-{back}-{number}": (newest - back) * 60_000 for number in range(count)}
                if ended:
                    client.zadd(keys.completed, ended)

    def _troubles(self) -> None:
        """Dead letters of several causes, and one that is tried again."""
        for number in range(9):
            self._fates.refused(self._mail(10_402 + number), "401", "the API key is not valid", "sendgrid")
        for number in range(4):
            self._fates.refused(self._mail(10_420 + number), "550", "no such recipient", "smtp")
        for number in range(3):
            self._fates.exhausted(self._mail(10_430 + number), "503", "service unavailable", "sendgrid")
        self._fates.held(self._fates.chat("10436"))
        self._fates.failed(self._mail(10_440), "451", "try again later", "smtp")

    def _sent(self) -> None:
        for number in range(40):
            self._fates.sent(self._mail(10_441 + number), "sendgrid", f"sg-{number}")
        for number in range(18):
            self._fates.sent(self._fates.chat(str(10_441 + number)), "twilio", f"SM{number:032}")

    def _mail(self, order: int) -> str:
        return self._fates.mail(str(order), to=f"customer{order}@example.com", name="Grace Okafor")

    def _waiting(self) -> None:
        wanted = [
            (planned.notification, Options(idempotency_key=planned.idempotency_key))
            for order in made_up_orders(90, seed=3)
            for planned in order_notifications(order).planned
        ]
        self._app.notifier.queue_many(wanted)
        for hours in (1, 2, 5):
            self._fates.mail(str(10_600 + hours), delay=timedelta(hours=hours))
        for queue, count in (("email", 5), ("whatsapp", 3)):
            keys = QueueKeys(self._app.settings.namespace, queue)
            Scripts(self._app.inspector.client, keys).take(
                "mailer-1-4b4", 1, count, lease_ms=600_000, rate="0/1", gap_ms=600_000, block_ms=1, cancelled_ms=1
            )

    def _outbox(self) -> None:
        """Messages of a rehearsal, which were kept here."""
        for order in made_up_orders(12, seed=5):
            for planned in order_notifications(order).planned:
                payload: EmailPayload | WhatsAppPayload = self._app.rendering.payload(planned.notification)
                self._app.outbox(planned.notification.channel).send(payload)

    def _operators(self) -> None:
        inspector = self._app.inspector
        self._app.switches.trip("sendgrid", 480_000, by="amira (token 7f3k)", why="answers 401 since 14:02")
        inspector.pause("whatsapp", reason="template under review at Meta", by="jonas (token q2mx)")
        inspector.resume("whatsapp", by="jonas (token q2mx)", why="approved")
        inspector.note("revealed", "10436", by="support desk (token 9ab1)")
        inspector.pause("whatsapp", reason="Twilio reports delays", by="amira (token 7f3k)")

    @contextmanager
    def staffed(self) -> Iterator[None]:
        """Have worker processes there that give their signs of life."""
        ended = threading.Event()
        fleet = self._app.fleet

        def beat() -> None:
            while not ended.wait(1):
                tell()

        def tell() -> None:
            for host, pid, active, queues in _WORKERS:
                report = Report(
                    host, pid, "0.1.0", 11_520_000 + pid * 1000, queues, 8, active, _JOB if active else "", 640
                )
                fleet.tell(f"{host}-{pid:x}", report)

        tell()
        beating = threading.Thread(target=beat)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()


_JOB = "d21vg8kq3m5x7w9z"
_WORKERS = (
    ("mailer-1", 1204, 3, ("email", "whatsapp")),
    ("mailer-1", 1205, 2, ("email", "whatsapp")),
    ("mailer-2", 871, 3, ("email", "whatsapp")),
)
PAGES = (
    "/", "/jobs", "/dead-letters", "/replays", "/orders/10436", "/workers", "/providers", "/templates",
    "/templates/order_confirmation", "/outbox", "/audit", "/doctor", "/nowhere",
)  # fmt: skip


def photograph(serving: Serving, folder: Path | None) -> None:
    """Take the pictures of the docs, and with a folder those of all pages."""
    path = chromium()
    if path is None:
        raise SystemExit("no chromium: .ci/chromium installs Debian's")
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        for look, tastes in LOOKS.items():
            visit = Visit(browser.new_context(reduced_motion="reduce", **tastes), serving)
            if folder:
                visit.open("/sign-in").screenshot(path=folder / f"sign-in-{look}.png")
            visit.sign_in()
            if look == "dark":
                visit.context.add_cookies([{"name": "notifyctl_theme", "value": "dark", "url": serving.url}])
            if look == "light":
                visit.open("/").screenshot(path=ASSETS / "dashboard.png")
                visit.open("/dead-letters").screenshot(path=ASSETS / "dead-letters.png")
            if folder is None:
                break
            for page in PAGES:
                shown = visit.open(page)
                shown.wait_for_timeout(150)
                if visit.overflow():
                    print(f"{page} is {visit.overflow()} px too wide: {look}")
                name = page.strip("/").replace("/", "-") or "overview"
                shown.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
            if visit.complaints:
                print(look, *set(visit.complaints), sep="\n  ")
        browser.close()


def main() -> None:
    """Open the shop, and photograph it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as state, Serving(server.url, {**SETTINGS, "state_dir": state}) as serving:
            shop = Shop(serving.app)
            shop.open()
            with shop.staffed():
                photograph(serving, folder)
    finally:
        server.close()


if __name__ == "__main__":
    main()
