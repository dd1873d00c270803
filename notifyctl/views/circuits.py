"""Circuits as records, and which of them hold up a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.delivery.circuits import Circuit

__all__ = ["circuit_record", "open_circuits", "provider_records"]


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


def provider_records(app: App) -> list[dict[str, Any]]:
    """All providers as records, with their circuits, channel by channel in the order in which they are asked.

    Raises:
        BrokerUnavailable: Redis cannot be reached.
    """
    found = app.switches.places()
    circuits = app.circuits.look([name for name, _, _ in found])
    return [
        {**circuit_record(circuit), "channel": channel.value, "place": place}
        for circuit, (_, channel, place) in zip(circuits, found, strict=True)
    ]


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
