"""What happened to a queue's jobs since there is the queue: counters that only grow, for monitoring.

One hash per queue, written by the scripts of the transitions in the same step in which they move a job. Its fields are
few: an event (``completed``), an event and a reason (``buried:permanent``), or what came of asking a provider, which a
worker tells together with the outcome of its run: ``asked:<provider>:<outcome>:<code>``,
``took:<provider>:<upper bound in ms>`` and ``took_ms:<provider>``.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["BOUNDS_MS", "told"]

#: Upper bounds of the send durations that are told apart; what takes longer than the last falls under "inf".
BOUNDS_MS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
#: Of look-ups: nothing was sent.
_LOOKED_UP = {"found", "not_found", "look_up_failed"}
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,24}")


def told(tries: Iterable[Mapping[str, Any]]) -> str:
    """Return what a run adds to the totals: ``<field> <number>`` for each, parted by blanks.

    Args:
        tries: The providers asked, as in the history of a job.
    """
    counted: Counter[str] = Counter()
    for one in tries:
        provider, outcome, took_ms = one.get("provider", ""), one.get("outcome", ""), int(one.get("duration_ms", 0))
        counted[f"asked:{provider}:{outcome}:{_code(one.get('provider_code', ''))}"] += 1
        if outcome not in _LOOKED_UP:
            counted[f"took:{provider}:{_bound(took_ms)}"] += 1
            counted[f"took_ms:{provider}"] += took_ms
    return " ".join(f"{field} {number}" for field, number in counted.items())


def _bound(took_ms: int) -> str:
    return next((str(bound) for bound in BOUNDS_MS if took_ms <= bound), "inf")


def _code(code: str) -> str:
    """A provider's code as a label: its first word (of ``550 5.1.1`` the reply, as the rest has too many values)."""
    word = code.partition(" ")[0]
    return word if not word or _CODE.fullmatch(word) else "other"
