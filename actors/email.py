"""The actor that sends mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.sender import sender
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.broker import NotifyBroker

__all__ = ["declare_email"]


def declare_email(broker: NotifyBroker, app: App) -> None:
    """Declare the actor.

    Raises:
        ConfigError: The channel is only half configured.
    """
    send = app.deliverer(Channel.EMAIL)

    @sender(broker, Channel.EMAIL)
    def send_email(job_id: str) -> None:  # noqa: ARG001 - for the log
        send()
