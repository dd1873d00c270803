"""A worker process that a test kills: `python -m tests.integration.engine.victim URL MS`.

Its actor begins a send, says so on standard output, and takes so many milliseconds for it. Its leases are short.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from notifyctl.engine import consumer
from tests.integration.engine.conftest import Host

if TYPE_CHECKING:
    from notifyctl.engine.message import NotifyMessage


def main(url: str, ms: str) -> None:
    """Work until killed."""

    def sends(message: NotifyMessage) -> None:
        message.begin("sendgrid")
        sys.stdout.write(f"{message.message_id}\n")
        sys.stdout.flush()
        time.sleep(int(ms) / 1000)
        message.provider = "sendgrid"

    vars(consumer)["LEASE_MS"] = 2_000
    host = Host(url)
    host.actor(sends)
    host.start(threads=2)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
