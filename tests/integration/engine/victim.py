"""A worker process that a test kills: `python -m tests.integration.engine.victim URL HOW [LEASE_MS]`.

Its actor says on standard output which job it has. HOW is what it does then:

    sends   begins a send, and is in the middle of it until killed
    holds   begins nothing until killed
    dies    kills its own process with the job "poison"; any other job takes a moment

Its leases are of 2 s unless told otherwise.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from notifyctl.engine import consumer
from tests.integration.engine.conftest import Host
from tests.support.builders import QUEUE

if TYPE_CHECKING:
    from notifyctl.engine.message import NotifyMessage


def main(url: str, how: str, lease_ms: str = "2000") -> None:
    """Work until killed."""

    def work(message: NotifyMessage) -> None:
        if how == "sends":
            message.begin("sendgrid")
        sys.stdout.write(f"{message.message_id}\n")
        sys.stdout.flush()
        if how == "dies" and message.message_id == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.5 if how == "dies" else 60)

    vars(consumer)["LEASE_MS"] = int(lease_ms)
    host = Host(url, concurrency={QUEUE: 2})
    host.actor(work)
    host.start(threads=2)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
