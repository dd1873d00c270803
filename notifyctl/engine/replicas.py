"""How many replicas must have a write before a caller is told that it is done. Source: Redis's WAIT.

An outcome stands though too few replicas have it: the message has gone out. But a failover to one of the others forgets
it, and would have the message sent again. So whoever told it remembers it, and tells it again with each further call of
its queue, before he takes a job, until enough have it.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifyctl.errors import Unreplicated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.engine.jobs import Completion

__all__ = ["Replicas"]


_log = logging.getLogger(__name__)

#: How often at most a worker complains.
_QUIET_S = 60.0

#: How many outcomes of a queue are remembered; in a longer want of replicas, the oldest are forgotten.
_MOST = 500


@dataclass(slots=True)
class Replicas:
    """Whom to wait for.

    Attributes:
        count: How many replicas; 0 = not to wait.
        timeout_ms: For how long at most.
    """

    count: int = 0
    timeout_ms: int = 100
    _quiet_until: float = field(default=0.0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _unconfirmed: dict[str, dict[Completion, None]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def waits_s(self) -> float:
        """For how long the server may hold an answer back, in seconds."""
        return self.timeout_ms / 1_000 if self.count else 0

    def ending(self, meta_key: str) -> list[tuple[Any, ...]]:
        """Return the commands that wait for all that was written before them, by whomever.

        WAIT is about the last write of its own connection, and a job that is known already is no write. So there is
        one here: whoever asks again after a lost connection waits for what the first call wrote.
        """
        return [("HINCRBY", meta_key, "waits", 1), ("WAIT", self.count, self.timeout_ms)] if self.count else []

    def have_it(self, answers: Sequence[Any]) -> bool:
        """Whether enough have it, from the answers to `ending`.

        Raises:
            redis.RedisError: The server refused one of them.
        """
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return not answers or int(answers[-1]) >= self.count

    def short(self, job_ids: Sequence[str]) -> Unreplicated:
        """Return what to raise where they do not."""
        what = f"job {job_ids[0]} is" if len(job_ids) == 1 else f"{len(job_ids)} jobs are"
        replicas = "replica" if self.count == 1 else "replicas"
        return Unreplicated(
            f"{what} in the queue, but {self.count} {replicas} did not confirm it within {self.timeout_ms} ms",
            hint="It will be sent; a failover before the replicas catch up could lose it. Asking again with the same "
            "idempotency key, or id, is safe. Look at INFO replication on the primary.",
            job_ids=tuple(job_ids),
        )

    def unconfirmed(self, queue: str) -> list[Completion]:
        """Return the outcomes of a queue that are to be told again, the oldest first."""
        if not self.count:
            return []
        with self._lock:
            return list(self._unconfirmed.get(queue, ()))

    def mind(self, queue: str, told: Sequence[Completion], answers: Sequence[Any]) -> None:
        """Forget the outcomes that enough have now. Remember the others, and complain, now and then.

        Args:
            queue: Which queue's, by any name of it.
            told: The outcomes.
            answers: To `ending`, which followed them.
        """
        if not self.count:
            return
        confirmed = not any(isinstance(answer, Exception) for answer in answers) and self.have_it(answers)
        with self._lock:
            kept = self._unconfirmed.setdefault(queue, {})
            for outcome in told:
                kept.pop(outcome, None) if confirmed else kept.setdefault(outcome)
            while len(kept) > _MOST:
                del kept[next(iter(kept))]
        if confirmed or time.monotonic() < self._quiet_until:
            return
        self._quiet_until = time.monotonic() + _QUIET_S
        _log.warning(
            "outcomes are on fewer replicas than the %d asked for: a failover now may forget them; they are told again",
            self.count,
        )
