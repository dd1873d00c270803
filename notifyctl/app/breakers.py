"""The circuits of providers, from the settings; what opens and closes is told as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.delivery.circuits import Circuits, Policy
from notifyctl.engine.events import Events
from notifyctl.engine.keys import FleetKeys

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    import redis

    from notifyctl.delivery.circuits import Change
    from notifyctl.settings import Settings

__all__ = ["breakers"]


def breakers(settings: Settings, client: redis.Redis, caller: Callable[[], str] = str) -> Circuits:
    """Return the circuits that a client asks, on behalf of the process that `caller` names."""
    circuit, timeout = settings.circuit, settings.send_timeout
    policy = Policy(
        threshold=circuit.threshold,
        cool_down_ms=_ms(circuit.cool_down),
        max_cool_down_ms=_ms(circuit.max_cool_down),
        account_ms=_ms(circuit.account_cool_down),
        # a check and a send, and what comes in between
        probe_ms=_ms(2 * timeout + settings.smtp.answer_timeout) + 5_000,
        send_ms=_ms(timeout + settings.smtp.answer_timeout) + 1_000,
    )
    keys = FleetKeys(settings.namespace)
    events = Events(client, keys.events)

    def tell(change: Change) -> None:
        events.add(f"circuit_{change.change}", provider=change.provider, cause=change.kind, reason=change.reason)

    return Circuits(client, keys, policy, tell=tell, caller=caller)


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
