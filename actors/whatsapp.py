"""The actor that sends WhatsApp messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.sender import sender
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.broker import NotifyBroker

__all__ = ["declare_whatsapp"]


def declare_whatsapp(broker: NotifyBroker, app: App) -> None:
    """Declare the actor.

    Raises:
        ConfigError: The channel is only half configured.
    """
    send = app.deliverer(Channel.WHATSAPP)

    @sender(broker, Channel.WHATSAPP)
    def send_whatsapp(job_id: str) -> None:  # noqa: ARG001 - for the log
        send()
