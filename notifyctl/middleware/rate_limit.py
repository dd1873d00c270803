"""Owns the rate of each queue.

The limit is enforced where jobs are taken, inside the server: a message that may not go yet is not taken, stays
waiting, holds no thread and uses no attempt. Never talks to Redis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dramatiq.middleware import Middleware

from notifyctl.engine.broker import NotifyBroker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dramatiq import Broker

    from notifyctl.units import Rate

__all__ = ["RateLimiter"]


class RateLimiter(Middleware):
    """Gives each declared queue its rate over the whole fleet.

    Args:
        rates: By queue; queues that are not named have no limit. What an operator sets live wins.
    """

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        self._rates = dict(rates)

    def before_declare_queue(self, broker: Broker, queue_name: str) -> None:
        """Tell the broker, before a worker that runs already consumes the queue."""
        rate = self._rates.get(queue_name)
        if rate is not None and isinstance(broker, NotifyBroker):
            broker.rates[queue_name] = f"{rate.count}/{rate.period_ms}"
