"""What a worker process imports: a broker with all actors declared, from the settings that hold here and now.

`notifyctl worker` starts its processes on this; the stock command works too:

    dramatiq actors.worker --processes 1 --threads 8
"""

from __future__ import annotations

import logging

import dramatiq

from actors import declare
from notifyctl.app import build

__all__ = ["broker"]

_app = build()
logging.basicConfig(
    level=_app.settings.log_level, format="%(asctime)s %(levelname)-7s %(process)d %(name)s: %(message)s"
)
broker = _app.broker()
dramatiq.set_broker(broker)
declare(broker, _app)
