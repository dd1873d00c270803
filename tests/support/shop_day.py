"""A shop's day in the queues, for pages that show it: orders that wait, went out, are tried again and died."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from notifyctl.notifier.options import Options
from notifyctl.orders import made_up_orders, order_notifications
from tests.support import cli
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.serving import Serving

__all__ = ["queue_mails", "queue_orders", "sending"]

_SEED = 10_482


def queue_orders(serving: Serving, count: int) -> None:
    """Queue the messages of so many made-up orders, in many languages."""
    wanted = [
        (step.notification, Options(idempotency_key=step.idempotency_key))
        for order in made_up_orders(count, seed=_SEED)
        for step in order_notifications(order).planned
    ]
    serving.app.notifier.queue_many(wanted)


def queue_mails(serving: Serving, *mailboxes: str) -> list[str]:
    """Queue a test mail to each of these mailboxes, such as `anna+bounce`; their ids."""
    queue = serving.app.notifier.queue_email
    return [queue("test_message", {"note": box}, to=f"{box}@example.com", order_id="10482").id for box in mailboxes]


@contextmanager
def sending(serving: Serving, *, rate: str = "10/s") -> Iterator[None]:
    """Let a worker process send, into the outbox of this dashboard."""
    settings = serving.app.settings
    worker = cli.start(
        "worker",
        REDIS_URL=serving.redis_url,
        NOTIFYCTL_STATE_DIR=str(settings.state_dir),
        NOTIFYCTL_OUTBOX_DIR=str(settings.outbox_dir),
        NOTIFYCTL_PROVIDER="outbox",
        NOTIFYCTL_EMAIL_RATE=rate,
        NOTIFYCTL_EMAIL_RETRY_DELAYS="50ms,50ms,50ms",
        NOTIFYCTL_LOG_LEVEL="CRITICAL",
    )
    try:
        wait_until(serving.app.fleet.workers, what="a worker to be there")
        yield
    finally:
        worker.terminate()
        worker.communicate(timeout=20)
