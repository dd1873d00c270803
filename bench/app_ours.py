"""A no-op job of about 1 KiB on our broker, for `python -m notifyctl.worker.process bench.app_ours`."""

from __future__ import annotations

import os

import dramatiq

from bench.job import handle
from notifyctl.connection import connect
from notifyctl.engine.broker import NotifyBroker
from notifyctl.middleware.retries import Retries

_URL = os.environ["BENCH_URL"]
broker = NotifyBroker(
    connect(_URL, role="worker"), connect(_URL, role="blocking"), namespace="bench", middleware=[Retries()]
)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="bench")
def job(order: dict[str, object]) -> None:
    """Do nothing with an order, or note when it came."""
    handle(order)
