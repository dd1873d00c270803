"""What a worker process writes to its log: one line for each thing that happened.

Dramatiq tells of a failed send what our own line tells better, and of a server that is away every three seconds, as
critical. Real errors, those with a traceback, are never touched.
"""

from __future__ import annotations

import logging
import time

__all__ = ["Calm", "configure"]

_FORMAT = "%(asctime)s %(levelname)-7s %(process)d %(name)s: %(message)s"

#: What is said again and again while the server is away, by its template.
_OUTAGE = {
    "Consumer encountered a connection error: %s",
    "heartbeat failed, trying again: %s",
}
#: Told better by the line before or after it.
_TOLD = {"Failed to process message %s with expected exception %s.", "Restarting consumer in %0.2f seconds."}
_AGAIN_S = 60.0


class Calm(logging.Filter):
    """Leaves out what is told elsewhere, and tells of an outage once a minute, as a warning."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; an outage's level is lowered."""
        if record.exc_info:
            return True
        if record.msg in _TOLD:
            return False
        if record.msg not in _OUTAGE:
            return True
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        thing, now = (record.name, record.msg), time.monotonic()
        if now - self._told_at.get(thing, -_AGAIN_S) < _AGAIN_S:
            return False
        self._told_at[thing] = now
        return True


def configure(level: str) -> None:
    """Set the process's log up; where the stock command has done so, only calm it."""
    logging.basicConfig(level=level, format=_FORMAT)
    calm = Calm()
    for handler in logging.getLogger().handlers:
        handler.addFilter(calm)
