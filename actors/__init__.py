"""The Dramatiq actors that send: one per channel. Importing this package does nothing; `declare` declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.email import declare_email
from actors.whatsapp import declare_whatsapp

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.broker import NotifyBroker

__all__ = ["declare"]


def declare(broker: NotifyBroker, app: App) -> None:
    """Declare the actors of all channels on a broker.

    Raises:
        ConfigError: A channel's provider is only half configured.
    """
    declare_email(broker, app)
    declare_whatsapp(broker, app)
