"""The Dramatiq actors that send: one per channel. Importing this package does nothing; `declare` declares them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.email import declare_email
from actors.whatsapp import declare_whatsapp
from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.broker import NotifyBroker

__all__ = ["declare"]

_log = logging.getLogger(__name__)


def declare(broker: NotifyBroker, app: App) -> None:
    """Declare the actors of all channels on a broker.

    A channel that is half configured is left alone, with a warning: its jobs wait for a worker that can send them.

    Raises:
        ConfigError: That goes for every channel.
    """
    channels = (declare_email, declare_whatsapp)
    faults = []
    for channel in channels:
        try:
            channel(broker, app)
        except ConfigError as error:
            faults.append(error)
    if len(faults) == len(channels):
        raise faults[0]
    for fault in faults:
        _log.warning("left alone by this worker: %s. %s", fault.message, fault.hint)
