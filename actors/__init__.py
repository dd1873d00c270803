"""The Dramatiq actors that send: one per channel. Importing this package does nothing; `declare` declares them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.email import declare_email
from actors.whatsapp import declare_whatsapp
from notifyctl.errors import ConfigError
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.broker import NotifyBroker

__all__ = ["declare"]

_log = logging.getLogger(__name__)

_CHANNELS = {Channel.EMAIL: declare_email, Channel.WHATSAPP: declare_whatsapp}


def declare(broker: NotifyBroker, app: App) -> None:
    """Declare the actors of all channels on a broker.

    A channel that is half configured is left alone, with a warning: its jobs wait for a worker that can send them.

    Raises:
        ConfigError: That goes for every channel.
    """
    faults = {}
    for channel, declare_channel in _CHANNELS.items():
        try:
            declare_channel(broker, app)
        except ConfigError as error:
            faults[channel] = error
    if len(faults) == len(_CHANNELS):
        raise next(iter(faults.values()))
    for channel, fault in faults.items():
        _log.warning("%s is left alone by this worker: %s. %s", channel, fault.message, fault.hint)
