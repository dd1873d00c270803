"""How fast a queue goes, from its minutes: rates over the last sixty seconds, and the hours before for a drawing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notifyctl.units import Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.engine.minutes import Minute
    from notifyctl.engine.totals import Totals

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a queue goes.

    Attributes:
        sent: Completed in each of the minutes that are over, oldest first, and `buried`: those given up.
        per_s: Completed a second, over the last minute.
        asked_per_s: Handed to workers a second, over the last minute: what the limit limits.
        share: How much of the limit that is, from 0 to 1; 0 where there is none.
        come_per_s: New ones a second, over the last minute.
        retried_per_s: Failed with another run to follow.
        buried_per_s: Given up.
    """

    sent: list[int]
    buried: list[int]
    per_s: float
    asked_per_s: float
    share: float
    come_per_s: float = 0.0
    retried_per_s: float = 0.0
    buried_per_s: float = 0.0

    @classmethod
    def of(cls, minutes: Sequence[Minute], rate: str, at_ms: int) -> Pace:
        """Return the pace that minutes show, the last one of which is still going on; there are two at least."""
        *over, now = minutes
        rest = 1 - at_ms % 60_000 / 60_000  # so much of the minute before is no longer than a minute ago

        def per_s(name: str) -> float:
            return float(getattr(now, name) + getattr(over[-1], name) * rest) / 60

        limit, asked_per_s = Rate.parse(rate), per_s("granted")
        return cls(
            [one.completed for one in over],
            [one.buried for one in over],
            per_s("completed"),
            asked_per_s,
            0.0 if limit.unlimited else min(1.0, asked_per_s / limit.per_second),
            per_s("enqueued"),
            per_s("retried"),
            per_s("buried"),
        )

    def lately(self, before: Totals, now: Totals, seconds: float, rate: str) -> Pace:
        """The same with the rates of a shorter time: of what was counted between two looks."""

        def per_s(name: str) -> float:
            return (now.of(name) - before.of(name)) / seconds

        limit, asked_per_s = Rate.parse(rate), per_s("granted")
        return replace(
            self,
            per_s=per_s("completed"),
            asked_per_s=asked_per_s,
            share=0.0 if limit.unlimited else min(1.0, asked_per_s / limit.per_second),
            come_per_s=per_s("enqueued"),
            retried_per_s=per_s("retried"),
            buried_per_s=per_s("buried"),
        )

    @property
    def words(self) -> str:
        """What the drawing of it shows."""
        return f"Sent per minute over the last hour: {self.sent[-1]} in the last one, {max(self.sent)} at most"
