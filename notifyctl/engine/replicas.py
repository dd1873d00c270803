"""How many replicas must have a write before a caller is told that it is done. Source: Redis's WAIT."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifyctl.errors import Unreplicated

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Replicas"]


_log = logging.getLogger(__name__)

#: How often at most a worker complains.
_QUIET_S = 60.0


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

    def mind(self, answers: Sequence[Any]) -> None:
        """Complain, now and then, where they do not have an outcome: it stands, and asking again would not help."""
        refused = any(isinstance(answer, Exception) for answer in answers)
        if (not refused and self.have_it(answers)) or time.monotonic() < self._quiet_until:
            return
        self._quiet_until = time.monotonic() + _QUIET_S
        _log.warning(
            "outcomes are on fewer replicas than the %d asked for: a failover now could send a message twice",
            self.count,
        )
