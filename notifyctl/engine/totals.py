"""What happened to a queue's jobs since there is the queue: counters that only grow, for monitoring.

One hash per queue, written by the scripts of the transitions in the same step in which they move a job. Its fields are
few: an event (``completed``), an event and a reason (``buried:permanent``), or what came of asking a provider, which a
worker tells together with the outcome of its run: ``asked:<provider>:<outcome>:<code>``,
``took:<provider>:<upper bound in ms>`` and ``took_ms:<provider>``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifyctl.connection import pipelined, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import redis

    from notifyctl.engine.keys import QueueKeys

__all__ = ["BOUNDS_MS", "Answers", "Totals", "read_totals", "told"]

#: Upper bounds of the send durations that are told apart; what takes longer than the last falls under "inf".
BOUNDS_MS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
#: Of look-ups: nothing was sent.
_LOOKED_UP = {"found", "not_found", "look_up_failed"}
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,24}")


@dataclass(slots=True)
class Answers:
    """What came of asking one provider to send.

    Attributes:
        outcomes: How often, by outcome and the provider's code.
        took: How many sends took so long, by upper bound in ms; ``inf`` for longer.
        took_ms: How long all of them took.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    took: Counter[str] = field(default_factory=Counter)
    took_ms: int = 0


@dataclass(slots=True)
class Totals:
    """What happened to a queue's jobs so far.

    Attributes:
        events: How often, by event and reason; the reason is empty where there is none.
        providers: What came of asking each of them.
        limited_us: For how many microseconds jobs waited for the limit alone.
    """

    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    providers: dict[str, Answers] = field(default_factory=dict)
    limited_us: int = 0

    @classmethod
    def parse(cls, counted: Mapping[bytes, bytes]) -> Totals:
        """Return what the hash says; fields of another version's are kept as events."""
        totals = cls()
        for name, value in counted.items():
            totals._add(name.decode().split(":", 3), int(value))
        return totals

    def _add(self, words: list[str], number: int) -> None:
        match words:
            case ["asked", provider, outcome, code]:
                self._of(provider).outcomes[outcome, code] = number
            case ["took", provider, bound]:
                self._of(provider).took[bound] = number
            case ["took_ms", provider]:
                self._of(provider).took_ms = number
            case ["limited_us"]:
                self.limited_us = number
            case [event, *reason]:
                self.events[event, ":".join(reason)] = number

    def _of(self, provider: str) -> Answers:
        return self.providers.setdefault(provider, Answers())

    def of(self, event: str) -> int:
        """How often something happened, for whatever reason."""
        return sum(number for (name, _), number in self.events.items() if name == event)


def read_totals(client: redis.Redis, keys: QueueKeys) -> Totals:
    """Return the totals of the queue with these keys. Grants are counted by the limiter itself.

    Raises:
        BrokerUnavailable: Redis cannot be reached.
    """
    with translated():
        asked = [("HGETALL", keys.totals), ("HGET", keys.grants, "turn")]
        counted, granted = pipelined(client, asked, raising=True)
    return Totals.parse({**counted, b"granted": granted or b"0"})


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
