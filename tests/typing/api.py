"""The public API as a user's type checker sees it: checked by mypy, never run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

from notifyctl import (
    Channel,
    Notification,
    Notifier,
    Options,
    Queued,
    Recipient,
    default_notifier,
    queue_email,
    queue_whatsapp,
)
from notifyctl.engine.jobs import Job

data: dict[str, Any] = {"customer_name": "Ada", "order_number": "10482"}

assert_type(queue_email("order_confirmation", data, to="ada@example.com", order_id="10482"), Queued)
assert_type(queue_whatsapp("+15005550006", "order_confirmation", data, delay=timedelta(minutes=10)), Queued)

notifier: Notifier = default_notifier()
assert_type(notifier.queue_email("order_confirmation", data, to="ada@example.com", priority="high").id, str)
assert_type(queue_email("order_confirmation", data, to="ada@example.com").spooled, bool)
assert_type(notifier.queue_stats("email"), dict[str, Any])
assert_type(notifier.dlq_jobs("email"), list[Job])
assert_type(notifier.retry_dlq_job("d21hy3t293rvjzc7"), Job)

later = Options(at=datetime(2030, 1, 1, tzinfo=UTC), expires=timedelta(hours=1), idempotency_key="shop:10482:placed")
assert_type(
    notifier.queue(Notification(Channel.EMAIL, Recipient("ada@example.com"), "order_confirmation", data), later), Queued
)
