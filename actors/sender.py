"""What the sending actors have in common: their queue and name are their channel's, and our errors are no surprises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dramatiq

from notifyctl.errors import NotifyError
from notifyctl.notifier import ACTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.broker import NotifyBroker
    from notifyctl.notification import Channel

__all__ = ["sender"]


def sender(broker: NotifyBroker, channel: Channel) -> Callable[[Callable[[str], None]], Any]:
    """Make a function the actor that sends a channel's jobs.

    Its one argument is the job's id: arguments are logged, so they hold nothing personal.
    """
    return dramatiq.actor(
        broker=broker, queue_name=channel.value, actor_name=ACTORS[channel], throws=NotifyError, looks_up=True
    )
