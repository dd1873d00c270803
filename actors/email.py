"""The actor that sends mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dramatiq

from notifyctl.errors import NotifyError
from notifyctl.notification import Channel
from notifyctl.notifier import ACTORS

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.broker import NotifyBroker

__all__ = ["declare_email"]


def declare_email(broker: NotifyBroker, app: App) -> None:
    """Declare the actor. Its one argument is the job's id: arguments are logged, so they hold nothing personal."""
    send = app.deliverer(Channel.EMAIL)

    @dramatiq.actor(broker=broker, queue_name=Channel.EMAIL.value, actor_name=ACTORS[Channel.EMAIL], throws=NotifyError)
    def send_email(job_id: str) -> None:  # noqa: ARG001 - for the log
        send()
