"""The RateLimiter middleware tells the broker each queue's rate."""

from __future__ import annotations

import redis
from dramatiq.brokers.stub import StubBroker

from notifyctl.engine.broker import NotifyBroker
from notifyctl.middleware.rate_limit import RateLimiter
from notifyctl.units import Rate


def test_rate_limiter_gives_each_declared_queue_its_rate() -> None:
    """Queues that are not named have no limit."""
    rates = RateLimiter({"email": Rate(10), "whatsapp": Rate(300, 60_000)})
    broker = NotifyBroker(redis.Redis(), redis.Redis(), namespace="t", middleware=[rates])

    for queue in ("email", "whatsapp", "other"):
        broker.declare_queue(queue)

    assert broker.rates == {"email": "10/1000", "whatsapp": "300/60000"}


def test_rate_limiter_leaves_another_broker_alone() -> None:
    """It may sit in a broker for tests, and does nothing there."""
    broker = StubBroker(middleware=[RateLimiter({"email": Rate(10)})])

    broker.declare_queue("email")

    assert "email" in broker.get_declared_queues()
