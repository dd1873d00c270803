"""The circuits: which providers are not asked now, and whether their channels have another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.delivery.circuits import Kind
from notifyctl.doctor.finding import Finding, Status
from notifyctl.notification import Channel
from notifyctl.providers.configured import provider_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.delivery.circuits import Circuit
    from notifyctl.settings import Settings

__all__ = ["check_circuits", "providers_in_use"]

_REMEDIES = {
    Kind.FAILING: "It is tried again by itself. See whether it works: notifyctl provider test {0}.",
    Kind.ACCOUNT: "Mend the credentials or the account, restart the workers, and see: notifyctl provider test {0}.",
    Kind.THROTTLED: "It is asked again by itself. Lower the limit if this happens often.",
    Kind.TRIPPED: "notifyctl provider reset {0}, once it is to be asked again.",
}


def providers_in_use(settings: Settings) -> list[str]:
    """The names of the providers of all channels, each once."""
    return list(dict.fromkeys(name for channel in Channel for name in provider_names(settings, channel)))


def check_circuits(settings: Settings, circuits: Mapping[str, Circuit]) -> list[Finding]:
    """Return a finding for each provider that is not asked now, or one that all are.

    It is a failure where a channel has no other: its messages wait. Not where the next one is let through.

    Args:
        settings: What is configured.
        circuits: What the server knows, by provider.
    """
    shut = {name: circuit for name, circuit in circuits.items() if circuit.kind}
    waiting = [names for channel in Channel if shut.keys() >= {*(names := provider_names(settings, channel))}]
    findings = []
    for name, circuit in shut.items():
        assert circuit.kind is not None  # noqa: S101 - it is open
        alone = circuit.wait_ms > 0 and any(name in names for names in waiting)
        detail = f"{name} {circuit.kind.words}, and is not asked" + (f": {circuit.reason}" if circuit.reason else "")
        if alone:
            detail += "; nothing else takes its messages, which wait"
        elif not circuit.wait_ms:
            detail += "; the next message finds out whether that is still so"
        status = Status.FAIL if alone else Status.WARN
        findings.append(Finding(name, status, detail, _REMEDIES[circuit.kind].format(name)))
    return findings or [Finding("providers", Status.OK, "none is left alone")]
