"""The queues: which are paused or rest, why, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notifyctl.doctor.finding import Finding, Status
from notifyctl.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_queues"]

_NAME: Final = "queues"


def check_queues(live: Mapping[str, Mapping[str, str]], server_ms: int) -> Finding:
    """Return whether every queue hands out what waits in it.

    Args:
        live: What operators and workers set live, by queue.
        server_ms: The server's time.
    """
    held = {queue: why for queue, set_live in live.items() if (why := _why(set_live, server_ms))}
    if not held:
        return Finding(_NAME, Status.OK, "none is paused or rests")
    told = "; ".join(f"{queue} {why}" for queue, why in held.items())
    return Finding(_NAME, Status.WARN, told, f"Once nothing is in the way: notifyctl queue resume {next(iter(held))}.")


def _why(set_live: Mapping[str, str], server_ms: int) -> str:
    """Why a queue hands nothing out; empty where it does."""
    if "paused" in set_live:
        return "is paused" + _because(set_live.get("pause_reason"))
    until_ms = int(set_live.get("blocked_until", 0))
    rests_ms = min(until_ms - server_ms, int(set_live.get("blocked_ms", until_ms)))  # the clock may have been set back
    if rests_ms <= 0:
        return ""
    rests = format_duration(timedelta(seconds=max(1, rests_ms // 1_000)))
    return f"rests for another {rests}, then one message tries" + _because(set_live.get("blocked_reason"))


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""
