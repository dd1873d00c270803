"""The spool of this machine: whether it can be used, and whether something has lain there for too long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notifyctl.clock import now_ms
from notifyctl.doctor.finding import Finding, Status
from notifyctl.errors import SpoolError
from notifyctl.spool import Spool
from notifyctl.units import format_duration

if TYPE_CHECKING:
    from notifyctl.settings import Settings

__all__ = ["check_spool"]

_NAME: Final = "spool"
#: A relay looks every second: what is older is not being moved.
_OLD_MS: Final = 60_000


def check_spool(settings: Settings) -> Finding:
    """Return whether messages wait on this machine for a server that is away."""
    spool = Spool(settings.spool_dir, settings.destination, max_bytes=settings.spool.max_bytes)
    try:
        counts = spool.counts()  # finds damage, too
        damaged = spool.damaged()
    except SpoolError as error:
        return Finding(_NAME, Status.FAIL, error.message, error.hint)
    finally:
        spool.close()
    if damaged:
        return Finding(
            _NAME,
            Status.FAIL,
            f"a spool could not be read and was set aside: {damaged[-1]}",
            f"Look into it with 'sqlite3 {damaged[-1]} .recover', queue again what is in it, and remove it.",
        )
    age_ms = now_ms() - counts.oldest_at_ms
    if counts.waiting and age_ms > _OLD_MS:
        since = format_duration(timedelta(seconds=age_ms // 1_000))
        return Finding(
            _NAME,
            Status.WARN,
            f"{counts.waiting} messages have waited here for up to {since}, as Redis was away",
            "'notifyctl spool flush' moves them; so does a worker of this user on this machine.",
        )
    if counts.held or counts.elsewhere:
        return Finding(
            _NAME,
            Status.WARN,
            f"{counts.held} entries cannot be moved, {counts.elsewhere} are for another server or namespace",
            "'notifyctl spool list' shows them, 'notifyctl spool flush --everywhere' tries again.",
        )
    if not settings.spool.enabled:
        return Finding(_NAME, Status.OK, "turned off: while Redis is away, nothing can be queued")
    return Finding(_NAME, Status.OK, f"{counts.waiting} messages wait for Redis" if counts.waiting else "empty")
