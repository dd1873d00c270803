"""The steps of a bulk replay, one script each: the only caller of theirs. Knows neither operators nor threads.

Every step may be taken by anybody, twice, and beside another: a lost reply or a killed process costs nothing, and all
of them together keep the rate. Redis errors leave as redis-py raises them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from notifyctl.connection import pipelined
from notifyctl.engine.events import Events
from notifyctl.engine.keys import FleetKeys, QueueKeys
from notifyctl.engine.replay import LIFETIME_MS, Progress, Replay
from notifyctl.engine.sieve import PAGE, Sieve, indexed, members
from notifyctl.lua import load_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from notifyctl.clock import Clock
    from notifyctl.engine.sieve import Sifted

__all__ = ["Steps"]

_GATHER, _ADVANCE, _HALT, _LEAD, _FINISH = (
    load_script(__package__, name) for name in ("gather", "advance", "halt", "lead", "finish")
)
_GOES = ("go", "in_doubt")


class Steps:
    """Takes them.

    Args:
        client: A redis-py client whose retries are bounded.
        namespace: What all key names begin with.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(self, client: redis.Redis, namespace: str, clock: Clock | None = None) -> None:
        self._client = client
        self._fleet = FleetKeys(namespace)
        self._events = Events(client, self._fleet.events)
        self._clock = clock

    def _now(self) -> int:
        return self._clock() if self._clock else 0

    def _keys(self, queue: str) -> QueueKeys:
        return QueueKeys(self._fleet.namespace, queue)

    def open(self, replay_id: str, queues: Sequence[str]) -> int:
        """Begin in each queue: what dies from now on is not meant; when that was, epoch ms."""
        return max(int(self._gather(replay_id, queue, "", "", [], last=False)[0]) for queue in queues)

    def record(self, replay: Replay) -> None:
        """Make it known: from now on, workers carry it out."""
        keys, replay_id = self._fleet, replay.replay_id
        fields = [part for item in replay.fields().items() for part in item]
        asked: list[tuple[Any, ...]] = [
            ("HSET", keys.replay(replay_id), *fields),
            ("PEXPIRE", keys.replay(replay_id), LIFETIME_MS),
            ("ZREMRANGEBYSCORE", keys.replays, "-inf", replay.started_at_ms - LIFETIME_MS),
        ]
        for known in (keys.replays, keys.running_replays):
            asked += [("ZADD", known, replay.started_at_ms, replay_id), ("PEXPIRE", known, LIFETIME_MS)]
        pipelined(self._client, asked, raising=True)

    def ids(self, limit: int) -> list[str]:
        """Those that are remembered, the newest first."""
        # redis-py would send ZREVRANGE, which the documented user of a server may not
        (found,) = pipelined(self._client, [("ZRANGE", self._fleet.replays, 0, limit - 1, "REV")], raising=True)
        return [replay_id.decode() for replay_id in found]

    def read(self, replay_ids: Sequence[str]) -> list[Replay]:
        """The replays of these ids, without those that are not remembered."""
        keys = [self._fleet.replay(replay_id) for replay_id in replay_ids]
        found = pipelined(self._client, [("HGETALL", key) for key in keys], raising=True)
        return [
            self._with_progress(Replay.parse(replay_id, fields))
            for replay_id, fields in zip(replay_ids, found, strict=True)
            if fields
        ]

    def _with_progress(self, replay: Replay) -> Replay:
        asked: list[tuple[Any, ...]] = []
        for keys in map(self._keys, replay.queues):
            asked += [("HGETALL", keys.replay(replay.replay_id)), ("ZCARD", keys.replay_todo(replay.replay_id))]
        found = pipelined(self._client, asked, raising=True)
        return replay.at([Progress.parse(*pair) for pair in zip(found[::2], found[1::2], strict=True)])

    def lead(self, replay_id: str, worker_id: str, lease_ms: int) -> Replay | None:
        """Carry it out for so long, or no longer where that is 0; None where somebody else does, or it is over."""
        keys = [self._fleet.replay(replay_id), self._fleet.running_replays]
        flat = _LEAD(self._client, keys, [self._now(), worker_id, lease_ms, replay_id])
        if not flat:
            return None
        return self._with_progress(Replay.parse(replay_id, dict(zip(flat[::2], flat[1::2], strict=True))))

    def leave(self, worker_id: str) -> None:
        """Let others carry out at once what a worker process did that is dead for certain."""
        running: Any = self._client.zrange(self._fleet.running_replays, 0, -1)
        for replay_id in running:
            self.lead(replay_id.decode(), worker_id, 0)

    def gather(self, replay: Replay) -> bool:
        """Gather a page of what is meant; whether there is more."""
        queue = next((name for name, one in replay.progress.items() if not (one.counted or one.stopped)), None)
        if queue is None:
            return False
        progress = replay.progress[queue]
        page, cursor = self._page(replay, queue, progress)
        room = replay.limit - replay.chosen if replay.limit else len(page)
        meant: list[Sifted] = []
        for one in page:
            room -= one.what in _GOES
            if room < 0:
                break
            meant.append(one)
        self._gather(replay.replay_id, queue, progress.cursor, cursor, meant, last=not cursor or room < 0)
        return True

    def _page(self, replay: Replay, queue: str, progress: Progress) -> tuple[list[Sifted], str]:
        """The next jobs of a queue that fit, and where the page ends; nowhere where there are no more."""
        keys = self._keys(queue)
        young_ms = progress.until_ms - replay.max_age_ms if replay.max_age_ms else 0
        sieve = Sieve(self._client, {**replay.where.sieve(), "young_ms": young_ms}, by="verdict")
        score, _, job_id = progress.cursor.partition(" ")
        low, high = replay.where.since_ms or 0, min(replay.where.until_ms or progress.until_ms, progress.until_ms)
        if replay.indexes:
            ids = [one for page in indexed(self._client, keys, replay.indexes) for one in page if one > job_id][:PAGE]
            found = [one for one in sieve(keys, ids) if low <= one.at_ms <= high]
            return found, f"0 {ids[-1]}" if ids else ""
        after = (float(score), job_id) if job_id else None
        page = next(members(self._client, keys.dead, low, high, after=after), [])
        found = sieve(keys, [job_id for _, job_id in page])
        return found, f"{page[-1][0]:.0f} {page[-1][1]}" if page else ""

    def _gather(
        self, replay_id: str, queue: str, begin: str, end: str, meant: Sequence[Sifted], *, last: bool
    ) -> list[Any]:
        keys = self._keys(queue)
        args: list[Any] = [self._now(), LIFETIME_MS, begin, end, int(last)]
        for one in meant:
            args += (one.job_id, one.at_ms, one.what)
        answer: list[Any] = _GATHER(self._client, [keys.replay(replay_id), keys.replay_todo(replay_id)], args)
        return answer

    def advance(self, replay: Replay) -> float | None:
        """Send the next few on their way; the seconds until the next step may be taken, None where there is none."""
        queue = next((name for name, one in replay.progress.items() if one.left and not one.stopped), None)
        if queue is None:
            return None
        keys, replay_id = self._keys(queue), replay.replay_id
        act = {"verb": "retried", "by": replay.by, "why": replay.why, "replay": replay_id}
        args = [
            self._now(), keys.prefix, -1 if replay.lane is None else int(replay.lane), replay.step, replay.distance_us,
            max(one.next_us for one in replay.progress.values()), replay.max_age_ms, json.dumps(act), LIFETIME_MS,
        ]  # fmt: skip
        named = [
            keys.dead, keys.waiting, keys.meta, keys.wake, keys.replay(replay_id), keys.replay_todo(replay_id),
            *keys.counters,
        ]  # fmt: skip
        _, wait_us = _ADVANCE(self._client, named, args)
        return int(wait_us) / 1_000_000

    def halt(self, replay: Replay) -> None:
        """Let nothing more of it go."""
        for keys in map(self._keys, replay.queues):
            _HALT(self._client, [keys.replay(replay.replay_id), keys.replay_todo(replay.replay_id)], [])

    def finish(self, replay: Replay, state: str, by: str = "", why: str = "") -> str:
        """Put down that it is over; its state, which is another where it was over before."""
        keys = [self._fleet.replay(replay.replay_id), self._fleet.running_replays]
        answer = _FINISH(self._client, keys, [self._now(), replay.replay_id, state, by, why])
        word = answer.decode() if isinstance(answer, bytes) else str(answer)
        if word == state:
            came_of = {"replayed": replay.replayed, "skipped": sum(replay.skipped.values()), "failed": replay.failed}
            told = {name: str(number) for name, number in came_of.items() if number}
            self._events.add(f"replay_{state}", replay=replay.replay_id, **told)
        return word

    def take(self, replay: Replay) -> float | None:
        """Take the next step of any kind; the seconds until the one after it, None where it is over."""
        if self.gather(replay):
            return 0.0
        wait_s = self.advance(replay)
        if wait_s is None:
            stopped = any(one.stopped for one in replay.progress.values())
            self.finish(replay, "cancelled" if stopped else "done")
        return wait_s
