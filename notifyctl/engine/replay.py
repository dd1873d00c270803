"""A bulk replay: what is to be sent again, how far it is, and its record in Redis.

The record is the fleet's; how far it is, each queue keeps beside its jobs, so that both move in one step. Its filter is
kept without the recipient's address, which an index stands for.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import Lane, State
from notifyctl.units import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LIFETIME_MS", "Progress", "Replay"]

#: How long a replay is remembered.
LIFETIME_MS = 30 * 24 * 3600 * 1000

#: At most so many go in one step; where there is a rate, as many as go in this time.
_STEP = 200
_STEP_MS = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is in one queue.

    Attributes:
        until_ms: What died later is not meant.
        cursor: How far its jobs are gathered; `counted`: all are.
        total: So many are meant, as far as they are gathered.
        chosen: So many of these might go when they were gathered.
        replayed, failed: So many went, or could not be read.
        skipped: So many must not go, by why.
        left: So many are still to go; or were, when it was cancelled.
        next_us: Not before this moment, epoch µs.
        stopped: Somebody cancelled it.
    """

    until_ms: int = 0
    cursor: str = ""
    counted: bool = False
    total: int = 0
    chosen: int = 0
    replayed: int = 0
    failed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    next_us: int = 0
    stopped: bool = False

    @classmethod
    def parse(cls, fields: Mapping[bytes, bytes], todo: int) -> Progress:
        """Return what a queue's ``replay:<id>`` hash holds, and how many are on its list."""
        text = {name.decode(): value.decode() for name, value in fields.items()}
        prefix = "skipped:"
        return cls(
            until_ms=int(text.get("until", 0)),
            cursor=text.get("cursor", ""),
            counted="counted" in text,
            total=int(text.get("total", 0)),
            chosen=int(text.get("chosen", 0)),
            replayed=int(text.get("replayed", 0)),
            failed=int(text.get("failed", 0)),
            skipped={name.removeprefix(prefix): int(value) for name, value in text.items() if name.startswith(prefix)},
            left=int(text.get("left", 0)) + todo,
            next_us=int(text.get("next_us", 0)),
            stopped="stopped" in text,
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """Dead letters that workers send on their way again, step by step.

    Attributes:
        replay_id: Its name.
        where: Which dead letters; without the recipient's address, of which `to_one` says that there is one.
        indexes: The names of the indexes that find them.
        queues: Of which queues, in this order.
        lane: Where they go; None: where each was.
        rate: So many at most; None: as fast as workers are.
        limit: So many go at most, the oldest first; 0 = all.
        max_age_ms: What was enqueued longer ago does not go; 0 = whatever its age.
        by, why: Who started it, and the reason they gave.
        state: ``running``, ``done`` or ``cancelled``.
        started_at_ms, finished_at_ms: Epoch ms; 0 = not yet. What died after the start is not meant.
        led_by: The worker process that carries it out, or last did.
        ended_by, ended_why: Who cancelled it, and why.
        progress: How far it is, by queue.
    """

    replay_id: str
    where: JobFilter
    queues: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    to_one: bool = False
    lane: Lane | None = Lane.LOW
    rate: Rate | None = None
    limit: int = 0
    max_age_ms: int = 0
    by: str = ""
    why: str = ""
    state: Literal["running", "done", "cancelled"] = "running"
    started_at_ms: int = 0
    finished_at_ms: int = 0
    led_by: str = ""
    ended_by: str = ""
    ended_why: str = ""
    progress: Mapping[str, Progress] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """Whether `total` is known: all that is meant was gathered."""
        return all(one.counted or one.stopped for one in self.progress.values())

    @property
    def total(self) -> int:
        """How many dead letters are meant: replayed, skipped, failed and left add up to it."""
        return sum(one.total for one in self.progress.values())

    @property
    def chosen(self) -> int:
        """How many of them might go when they were gathered."""
        return sum(one.chosen for one in self.progress.values())

    @property
    def replayed(self) -> int:
        """How many went."""
        return sum(one.replayed for one in self.progress.values())

    @property
    def failed(self) -> int:
        """How many could not be read."""
        return sum(one.failed for one in self.progress.values())

    @property
    def left(self) -> int:
        """How many are still to go; or were, when it was cancelled."""
        return sum(one.left for one in self.progress.values())

    @property
    def skipped(self) -> dict[str, int]:
        """How many must not go: by ``accepted``, ``superseded``, ``too_old`` and ``changed`` (somebody was faster)."""
        counts: dict[str, int] = {}
        for one in self.progress.values():
            for why, count in one.skipped.items():
                counts[why] = counts.get(why, 0) + count
        return counts

    @property
    def distance_us(self) -> int:
        """How far apart two of them go, in µs; 0 = no matter."""
        return 0 if self.rate is None or self.rate.unlimited else -(-self.rate.period_ms * 1000 // self.rate.count)

    @property
    def step(self) -> int:
        """How many go at once, at most: with a rate, those of a tenth of a second."""
        if self.rate is None or self.rate.unlimited:
            return _STEP
        return max(1, min(_STEP, self.rate.count * _STEP_MS // self.rate.period_ms))

    @property
    def words(self) -> str:
        """Which dead letters are meant, in the words of the filters."""
        told = self.where.said() | ({"to": "one address"} if self.to_one else {})
        return ", ".join([" or ".join(self.queues), *(f"{name} {value}" for name, value in told.items())])

    def fields(self) -> dict[str, str]:
        """The record's fields, as they are when it starts."""
        return {
            "where": json.dumps(asdict(self.where)),
            "indexes": " ".join(self.indexes),
            "to_one": str(int(self.to_one)),
            "queues": json.dumps(self.queues),
            "lane": str(-1 if self.lane is None else int(self.lane)),
            "rate": f"{self.rate.count}/{self.rate.period_ms}" if self.rate else "",
            "limit": str(self.limit),
            "max_age_ms": str(self.max_age_ms),
            "by": self.by,
            "why": self.why,
            "state": self.state,
            "started_at": str(self.started_at_ms),
        }

    @classmethod
    def parse(cls, replay_id: str, fields: Mapping[bytes, bytes]) -> Replay:
        """Return the replay of a record; how far it is has to be added."""
        text = {name.decode(): value.decode() for name, value in fields.items()}
        where: dict[str, Any] = json.loads(text["where"])
        state: Any = text["state"]
        lane = int(text["lane"])
        return cls(
            replay_id=replay_id,
            where=JobFilter(**where | {"states": tuple(map(State, where["states"]))}),
            queues=tuple(json.loads(text["queues"])),
            indexes=tuple(text["indexes"].split()),
            to_one=text["to_one"] == "1",
            lane=None if lane < 0 else Lane(lane),
            rate=Rate(*map(int, text["rate"].split("/"))) if text["rate"] else None,
            limit=int(text["limit"]),
            max_age_ms=int(text["max_age_ms"]),
            by=text["by"],
            why=text["why"],
            state=state,
            started_at_ms=int(text["started_at"]),
            finished_at_ms=int(text.get("finished_at", 0)),
            led_by=text.get("led_by", ""),
            ended_by=text.get("ended_by", ""),
            ended_why=text.get("ended_why", ""),
        )

    def at(self, progress: Sequence[Progress]) -> Replay:
        """The same, this far in each of its queues."""
        return replace(self, progress=dict(zip(self.queues, progress, strict=True)))
