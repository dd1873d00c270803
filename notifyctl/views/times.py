"""Moments and durations as records hold them, and as people read them."""

from __future__ import annotations

__all__ = ["duration", "iso", "moment"]


def iso(ms: int) -> str | None:
    """Epoch milliseconds as ISO 8601 in UTC; None for 0, which means never."""
    from notifyctl.clock import from_ms

    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z") if ms else None


def moment(value: str | None) -> str:
    """An ISO 8601 time, shorter: to the second."""
    return f"{value[:10]} {value[11:19]}Z" if value else ""


def duration(ms: int) -> str:
    """Milliseconds as `1m30s`, without parts of a second where there are seconds; empty for none."""
    from datetime import timedelta

    from notifyctl.units import format_duration

    exact = ms if ms < 1_000 else ms // 1_000 * 1_000
    return format_duration(timedelta(milliseconds=exact)) if ms else ""
