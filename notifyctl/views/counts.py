"""Counts of jobs by what they have in common, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.engine.tally import By
from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.engine.tally import Count

__all__ = ["count_record"]


def count_record(by: By, count: Count) -> dict[str, Any]:
    """A count as a record: what it is of stands under the name of what was counted by; an hour by its beginning."""
    what = iso(int(count.what)) if by is By.HOUR else count.what
    return {
        by.value: what,
        "count": count.count,
        "first_at": iso(count.first_at_ms),
        "last_at": iso(count.last_at_ms),
    }
