"""Bulk replays as operators see them: what one would do, start it, watch it, cancel it.

Carried out by workers, see `replayer`: it survives whoever started it. Every dead letter that fits when it starts ends
as one count: replayed, skipped for a reason, failed, or left where somebody cancelled it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notifyctl.connection import translated
from notifyctl.engine.ids import new_id
from notifyctl.engine.replay import Replay
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.states import Lane, State
from notifyctl.errors import JobNotFound, WrongState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.clock import Clock
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import Job
    from notifyctl.engine.search import JobFilter
    from notifyctl.units import Rate

__all__ = ["Plan", "Replays"]

_SAMPLE = 3
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bulk replay would do now.

    Attributes:
        matching: So many dead letters are meant.
        will_go: So many of them would go.
        in_doubt: So many of those may have been sent already: they may arrive twice.
        skipped: So many would not go, by why: ``accepted``, ``superseded`` or ``too_old``.
        sample: The first few of those that would go.
    """

    matching: int
    will_go: int
    in_doubt: int
    skipped: dict[str, int]
    sample: list[Job]


class Replays:
    """All bulk replays of a namespace.

    Args:
        inspector: The operator's side of the queues.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(self, inspector: Inspector, clock: Clock | None = None) -> None:
        self._inspector = inspector
        self._steps = Steps(inspector.client, inspector.namespace, clock)

    def plan(self, where: JobFilter, queues: Sequence[str] = (), *, limit: int = 0, max_age_ms: int = 0) -> Plan:
        """Say what a replay would do; nothing is changed.

        Args:
            where: Which dead letters.
            queues: Of these queues, of all by default; queue by queue, the oldest first.
            limit: So many go at most; 0 = all.
            max_age_ms: What was enqueued longer ago does not go; 0 = whatever its age.

        Raises:
            UnknownQueue: There is no such queue.
            BrokerUnavailable: Redis cannot be reached.
        """
        names = self._inspector.all_of(queues)
        young_ms = self._inspector.now_ms(names[0]) - max_age_ms if max_age_ms else 0
        counts: dict[str, int] = {}
        sample: list[tuple[str, str]] = []
        for queue, page in self._inspector.sifted(_dead(where), names, by="verdict", young_ms=young_ms):
            for one in page:
                going = counts.get("go", 0) + counts.get("in_doubt", 0)
                if limit and going == limit and one.what in ("go", "in_doubt"):
                    return self._plan(counts, sample)
                counts[one.what] = counts.get(one.what, 0) + 1
                if len(sample) < _SAMPLE and one.what in ("go", "in_doubt"):
                    sample.append((queue, one.job_id))
        return self._plan(counts, sample)

    def _plan(self, counts: dict[str, int], sample: list[tuple[str, str]]) -> Plan:
        matching, in_doubt = sum(counts.values()), counts.pop("in_doubt", 0)
        will_go = counts.pop("go", 0) + in_doubt
        return Plan(matching, will_go, in_doubt, counts, self._inspector.read(sample))

    def start(
        self,
        where: JobFilter,
        queues: Sequence[str] = (),
        *,
        lane: Lane | None = Lane.LOW,
        rate: Rate | None = None,
        limit: int = 0,
        max_age_ms: int = 0,
        by: str = "",
        why: str = "",
    ) -> Replay:
        """Start a replay: from now on, workers carry it out, whatever becomes of the caller. Audited.

        Args:
            where: Which dead letters; what dies from now on is not meant.
            queues: Of these queues, of all by default; queue by queue, the oldest first.
            lane: To the end of this lane; None: of the one that each had.
            rate: So many at most, over the whole fleet, evenly spaced; None: as fast as workers are.
            limit: So many go at most; 0 = all.
            max_age_ms: What was enqueued longer ago does not go; 0 = whatever its age.
            by: Who asked.
            why: The reason they gave.

        Raises:
            UnknownQueue: There is no such queue.
            BrokerUnavailable: Redis cannot be reached; it may have been started all the same: see `list`.
        """
        names = self._inspector.all_of(queues)
        wanted = Replay(
            replay_id=new_id(),
            where=replace(_dead(where), recipient=""),
            queues=tuple(names),
            indexes=tuple(self._inspector.indexes(where)),
            to_one=bool(where.recipient),
            lane=lane,
            rate=None if rate is None or rate.unlimited else rate,
            limit=limit,
            max_age_ms=max_age_ms,
            by=by,
            why=why,
        )
        with translated():
            started_at_ms = self._steps.open(wanted.replay_id, names)
            wanted = replace(wanted, started_at_ms=started_at_ms)
            self._steps.record(wanted)
            said = {"queue": names, **where.said()}
            self._inspector.audit.note("replay started", wanted.replay_id, by=by, why=why, filters=said)
            self._inspector.events.add("replay_started", replay=wanted.replay_id, by=by, reason=why)
            while self._steps.gather(replay := self.get(wanted.replay_id)):
                pass
            if not replay.left:
                self._steps.finish(replay, "done")
        return replay if replay.left else self.get(wanted.replay_id)

    def list(self, *, limit: int = 50) -> list[Replay]:
        """Those of the last 30 days, the newest first.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        with translated():
            return self._steps.read(self._steps.ids(min(limit, _REMEMBERED)))

    def get(self, replay_id: str) -> Replay:
        """The replay of this id.

        Raises:
            JobNotFound: There is none.
            BrokerUnavailable: Redis cannot be reached.
        """
        with translated():
            found = self._steps.read([replay_id])
        if not found:
            raise JobNotFound(
                f"no replay {replay_id!r}", hint="'notifyctl dlq replays' lists those of the last 30 days."
            )
        return found[0]

    def cancel(self, replay_id: str, *, by: str = "", why: str = "") -> Replay:
        """Let nothing more of it go; what went, went. Audited.

        Raises:
            JobNotFound: There is no such replay.
            WrongState: It is over.
            BrokerUnavailable: Redis cannot be reached; calling again is safe.
        """
        replay = self.get(replay_id)
        if replay.state != "running":
            raise WrongState(f"replay {replay_id} is {replay.state}: it cannot be cancelled")
        with translated():
            self._steps.halt(replay)
            word = self._steps.finish(replay, "cancelled", by, why)
        if word != "cancelled":
            raise WrongState(f"replay {replay_id} is {word}: it cannot be cancelled")
        replay = self.get(replay_id)
        counts = {"replayed": replay.replayed, "left": replay.left}
        self._inspector.audit.note("replay cancelled", replay_id, by=by, why=why, counts=counts)
        return replay


def _dead(where: JobFilter) -> JobFilter:
    return replace(where, states=(State.DEAD,))
