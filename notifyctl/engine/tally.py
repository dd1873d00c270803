"""Counting jobs by what they have in common: what did all of these die of?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.engine.search import JobFilter, Search

__all__ = ["By", "Count", "tally"]


class By(StrEnum):
    """What jobs can be counted by."""

    CODE = "code"
    REASON = "reason"
    ERROR = "error"
    TEMPLATE = "template"
    PROVIDER = "provider"
    QUEUE = "queue"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Count:
    """Some jobs that have one thing in common.

    Attributes:
        what: What it is; an hour by its beginning in epoch ms.
        count: How many they are.
        first_at_ms, last_at_ms: When the first and the last of them ended, or else were enqueued.
    """

    what: str
    count: int
    first_at_ms: int
    last_at_ms: int


def tally(search: Search, by: By, where: JobFilter, queues: Sequence[str]) -> list[Count]:
    """Count the jobs that fit, the most frequent first; hours in their order.

    Raises:
        BrokerUnavailable: Redis cannot be reached.
    """
    counts: dict[str, list[int]] = {}  # count, first, last
    for queue, page in search.sifted(where, queues, by="" if by == By.QUEUE else by):
        for _, what, at_ms in page:
            counted = counts.setdefault(queue if by == By.QUEUE else what, [0, at_ms, at_ms])
            counted[0] += 1
            counted[1] = min(counted[1], at_ms)
            counted[2] = max(counted[2], at_ms)
    found = [Count(what, *counted) for what, counted in counts.items()]
    if by == By.HOUR:
        return sorted(found, key=lambda one: one.first_at_ms)
    return sorted(found, key=lambda one: (-one.count, one.what))
