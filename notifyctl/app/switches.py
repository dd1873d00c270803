"""Providers taken out and asked again by hand: their circuits, the queues behind them, and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.errors import UnknownProvider
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.delivery.circuits import Circuits
    from notifyctl.engine.inspector import Inspector
    from notifyctl.settings import Settings

__all__ = ["Switches"]


class Switches:
    """What an operator does with providers.

    Args:
        settings: Which providers there are.
        circuits: Which of them are asked.
        inspector: The queues behind them, and the audit log.
    """

    def __init__(self, settings: Settings, circuits: Circuits, inspector: Inspector) -> None:
        self._settings = settings
        self._circuits = circuits
        self._inspector = inspector

    def places(self) -> list[tuple[str, Channel, int]]:
        """All providers, with their channel and their place in its order."""
        from notifyctl.providers.configured import provider_names

        return [
            (name, channel, place)
            for channel in Channel
            for place, name in enumerate(provider_names(self._settings, channel), start=1)
        ]

    def channels_of(self, provider: str) -> list[Channel]:
        """The channels of a provider.

        Raises:
            UnknownProvider: It is not configured.
        """
        found = self.places()
        channels = [channel for name, channel, _ in found if name == provider]
        if not channels:
            names = ", ".join(dict.fromkeys(name for name, _, _ in found))
            raise UnknownProvider(f"no provider named {provider!r} is configured", hint=f"There are: {names}.")
        return channels

    def trip(self, provider: str, for_ms: int, *, by: str, why: str = "") -> None:
        """Ask a provider for nothing more, for a while; after that, one message finds out whether it works.

        Raises:
            UnknownProvider: It is not configured.
            BrokerUnavailable: Redis cannot be reached.
        """
        self.channels_of(provider)
        self._circuits.trip(provider, for_ms, why)
        self._inspector.note("tripped", provider, by=by, why=why)

    def reset(self, provider: str, *, by: str, why: str = "") -> None:
        """Ask a provider again at once: its failures are forgotten, and its queues go on.

        Raises:
            UnknownProvider: It is not configured.
            BrokerUnavailable: Redis cannot be reached.
        """
        channels = self.channels_of(provider)
        self._circuits.reset(provider, why)
        for channel in channels:
            self._inspector.unblock(channel.value)
        self._inspector.note("reset", provider, by=by, why=why)
