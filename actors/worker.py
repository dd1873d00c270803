"""What a worker process imports: a broker with all actors declared, from the settings that hold here and now.

`notifyctl worker` starts its processes on this; the stock command works too:

    dramatiq actors.worker --processes 1 --threads 8
"""

from __future__ import annotations

import dramatiq

from actors import declare
from actors.log import configure
from notifyctl.app import build

__all__ = ["broker"]

_app = build()
configure(_app.settings.log_level)
broker = _app.broker()
dramatiq.set_broker(broker)
declare(broker, _app)
