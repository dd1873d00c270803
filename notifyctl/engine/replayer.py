"""Carries out bulk replays in a worker process, beside its sends: a thread that lives as long as there are any.

The heartbeat hears of them with the answer to its sign of life, so that nothing is asked of Redis while there are none.
A process that carries one out holds it for some seconds at a time; if it dies, another goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notifyctl.engine.replay_steps import Steps

__all__ = ["LEASE_MS", "Replayer"]

log = logging.getLogger(__name__)

#: For how long a replay is one process's without a step.
LEASE_MS = 5_000


class Replayer:
    """Takes the steps of all replays that no other process carries out, each when it is due.

    Args:
        steps: The steps, on a client of a worker's kind.
        worker_id: The name of this process.
    """

    def __init__(self, steps: Steps, worker_id: Callable[[], str]) -> None:
        self._steps = steps
        self._worker_id = worker_id
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._told: set[str] = set()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wake(self, replay_ids: Iterable[str]) -> None:
        """Carry these out, if nobody does; returns at once."""
        with self._lock:
            if self._stopped:
                return
            self._told.update(replay_ids)
            self._changed.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="notifyctl-replayer", daemon=True)
                self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Take no further step, and leave what is under way to others."""
        with self._lock:
            self._stopped = True
            self._changed.set()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _run(self) -> None:
        due: dict[str, float] = {}
        while True:
            with self._lock:
                self._changed.clear()
                due |= {replay_id: time.monotonic() for replay_id in self._told - due.keys()}
                self._told.clear()
                if self._stopped or not due:
                    self._thread = None
                    break
            replay_id = min(due, key=lambda one: due[one])
            if self._changed.wait(max(0.0, due[replay_id] - time.monotonic())):
                continue
            wait_s = self._step(replay_id)
            if wait_s is None:
                del due[replay_id]
            else:
                due[replay_id] = time.monotonic() + wait_s
        for replay_id in due:
            self._leave(replay_id)

    def _step(self, replay_id: str) -> float | None:
        """Take one step; the seconds until the next one, None where this process takes none for now."""
        try:
            replay = self._steps.lead(replay_id, self._worker_id(), LEASE_MS)
            return None if replay is None else self._steps.take(replay)
        except redis.RedisError as error:
            log.warning("replay %s rests until the next beat: %s", replay_id, type(error).__name__)
        except Exception:  # a bug: others, and the thread, go on
            log.exception("replay %s rests until the next beat", replay_id)
        return None

    def _leave(self, replay_id: str) -> None:
        try:
            self._steps.lead(replay_id, self._worker_id(), 0)
        except redis.RedisError:
            log.debug("replay %s is another's in some seconds", replay_id)
