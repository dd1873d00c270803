"""The worker processes that live: each says what it does with every beat, and is forgotten when it says nothing more.

A process tells for how long it has been doing things, and the server's clock makes moments of that: the clocks of hosts
may differ. Nothing personal is told, and nothing here decides anything: leases say whose a job is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from notifyctl.connection import pipelined, translated
from notifyctl.engine.events import Events
from notifyctl.engine.keys import FleetKeys
from notifyctl.lua import load_script

if TYPE_CHECKING:
    import redis

    from notifyctl.clock import Clock

__all__ = ["PRESENCE_MS", "Fleet", "Report", "Worker"]

#: For how long a sign of life holds: five beats.
PRESENCE_MS = 15_000

_PRESENT = load_script(__package__, "present")


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker process says of itself.

    Attributes:
        host, pid: Where it runs.
        version: Of notifyctl.
        up_ms: For how long it has taken work.
        queues: What it takes from.
        threads: How many messages it can send at once.
        active: How many it has in progress.
        oldest_job: The one that has been in progress for the longest; empty: none is.
        oldest_ms: For how long.
        draining: It takes nothing more, and ends when what is in progress has ended.
    """

    host: str = ""
    pid: int = 0
    version: str = ""
    up_ms: int = 0
    queues: tuple[str, ...] = ()
    threads: int = 0
    active: int = 0
    oldest_job: str = ""
    oldest_ms: int = 0
    draining: bool = False

    @classmethod
    def parse(cls, text: bytes) -> Report:
        """Return what was told; a worker of another version may say more or less."""
        told: dict[str, Any] = json.loads(text)
        known = {field.name: told[field.name] for field in fields(cls) if field.name in told}
        return cls(**known | {"queues": tuple(told.get("queues", ()))})


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process, as it was at its last sign of life.

    Attributes:
        worker_id: Its name in lease tokens.
        seen_at_ms: When that was, epoch ms.
        report: What it said.
    """

    worker_id: str
    seen_at_ms: int
    report: Report

    @property
    def state(self) -> Literal["idle", "busy", "draining"]:
        """What it does, in a word."""
        if self.report.draining:
            return "draining"
        return "busy" if self.report.active else "idle"

    @property
    def started_at_ms(self) -> int:
        """Since when it has taken work, epoch ms."""
        return self.seen_at_ms - self.report.up_ms

    @property
    def oldest_since_ms(self) -> int:
        """Since when its oldest job has been in progress, epoch ms; 0: it has none."""
        return self.seen_at_ms - self.report.oldest_ms if self.report.oldest_job else 0


class Fleet:
    """All worker processes of a namespace.

    Args:
        client: A redis-py client whose retries are bounded.
        namespace: What all key names begin with.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(self, client: redis.Redis, namespace: str, clock: Clock | None = None) -> None:
        self._client = client
        self._keys = FleetKeys(namespace)
        self._events = Events(client, self._keys.events)
        self._clock = clock

    def tell(self, worker_id: str, report: Report) -> list[str]:
        """Give a sign of life; the bulk replays to be carried out. Redis errors leave as redis-py raises them."""
        keys = [self._keys.workers, self._keys.worker(worker_id), self._keys.running_replays]
        now_ms = self._clock() if self._clock else 0
        said = [now_ms, worker_id, json.dumps(asdict(report)), PRESENCE_MS]
        is_new, lost, running = _PRESENT(self._client, keys, said)
        if is_new:
            kind = "worker_started" if report.up_ms < PRESENCE_MS else "worker_back"
            self._events.add(kind, worker=worker_id, queues=" ".join(report.queues), threads=str(report.threads))
        for name in lost:
            self._events.add("worker_lost", worker=name.decode())
        return [replay_id.decode() for replay_id in running]

    def leave(self, worker_id: str, *, lost: bool = False) -> None:
        """Forget a worker process that has ended; Redis errors leave as redis-py raises them.

        Args:
            worker_id: Which.
            lost: It did not end by itself.
        """
        asked = [("ZREM", self._keys.workers, worker_id), ("DEL", self._keys.worker(worker_id))]
        was_there, _ = pipelined(self._client, asked, raising=True)
        if was_there:
            self._events.add("worker_lost" if lost else "worker_ended", worker=worker_id)

    def workers(self) -> list[Worker]:
        """All that live, by host, the longest-lived first.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        with translated():
            seen: list[Any] = self._client.zrange(self._keys.workers, 0, -1, withscores=True)
            names = [name.decode() for name, _ in seen]
            told: list[Any] = self._client.mget([self._keys.worker(name) for name in names]) if names else []
        found = [
            Worker(name, int(at_ms), Report.parse(text))
            for name, (_, at_ms), text in zip(names, seen, told, strict=True)
            if text is not None
        ]
        return sorted(found, key=lambda worker: (worker.report.host, worker.started_at_ms, worker.worker_id))
