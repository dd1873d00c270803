"""Circuits as records, and which of them hold up a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.delivery.circuits import Circuit

__all__ = ["circuit_record", "open_circuits"]


def circuit_record(circuit: Circuit) -> dict[str, Any]:
    """A circuit as a record."""
    return {
        "provider": circuit.provider,
        "state": circuit.state,
        "kind": circuit.kind.value if circuit.kind else "",
        "failures": circuit.failures,
        "since": iso(circuit.since_ms),
        "until": iso(circuit.until_ms),
        "reason": circuit.reason,
    }


def open_circuits(app: App, queue: str) -> list[dict[str, Any]]:
    """The providers of a queue that are not asked now, as records.

    Raises:
        BrokerUnavailable: Redis is away.
    """
    from notifyctl.notification import Channel

    if queue not in list(Channel):
        return []  # only the server knows it
    circuits = app.circuits.look(app.provider_names(Channel(queue)))
    return [circuit_record(circuit) for circuit in circuits if circuit.kind]
