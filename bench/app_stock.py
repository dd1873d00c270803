"""The same job on Dramatiq's own Redis broker with its default middleware, for `dramatiq bench.app_stock`."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.job import handle

broker = RedisBroker(url=os.environ["BENCH_URL"])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="bench")
def job(order: dict[str, object]) -> None:
    """Do nothing with an order, or note when it came."""
    handle(order)
