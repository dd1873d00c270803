"""The thread that says "this worker lives": extends the leases of what is held, tells what it does, sweeps at times."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from notifyctl.engine.held import Held
    from notifyctl.engine.presence import Presence
    from notifyctl.engine.scripts import Retention, Scripts

__all__ = ["BEAT_MS", "GAP_MS", "LEASE_MS", "Heartbeat"]

log = logging.getLogger(__name__)

#: How long a job stays a worker's without a sign of life, and how often that sign is given.
LEASE_MS = 10_000
BEAT_MS = 3_000
#: No script for so long: the server was away, and leases are given time. More than a beat and the time that one takes,
#: or a worker that is busy for long would look like an outage at each of its beats, and nothing would be reclaimed.
GAP_MS = 4_500

_CHUNK = 200
_BEATS_PER_SWEEP = 20
_RETRY_S = 0.5


class Heartbeat(threading.Thread):
    """Beats for all queues of one process until it is stopped.

    Args:
        held: What is held, by queue; read at each beat.
        scripts: The transitions of a queue, on a client of this thread's own kind.
        retention: For the sweeps.
        presence: Tells what this process does.
        carry_out: Is told of bulk replays that run; must not take long.
        also: What else is done with each beat; must neither take long nor raise.
    """

    def __init__(
        self,
        held: Mapping[str, Held],
        scripts: Callable[[str], Scripts],
        retention: Retention,
        presence: Presence,
        carry_out: Callable[[list[str]], None],
        also: Sequence[Callable[[], None]] = (),
    ) -> None:
        super().__init__(name="notifyctl-heartbeat", daemon=True)
        self._held = held
        self._scripts = scripts
        self._retention = retention
        self._presence = presence
        self._carry_out = carry_out
        self._also = also
        self._stopped = False
        self._called = threading.Event()

    def run(self) -> None:
        """Beat; after an error sooner than usual, as the leases run on."""
        beats = 0
        while not self._stopped:
            pause_s = BEAT_MS / 1000
            try:
                self.beat()
                if beats % _BEATS_PER_SWEEP == 1:
                    self.sweep()
                beats += 1
            except redis.RedisError as error:
                log.warning("heartbeat failed, trying again: %s", type(error).__name__)
                pause_s = _RETRY_S
            self._called.wait(pause_s)
            self._called.clear()
        try:
            self._presence.leave()
        except redis.RedisError:
            log.debug("this process is listed as a worker until its last sign of life holds no more")

    def beat(self) -> None:
        """Extend every lease held; mark the jobs whose lease is lost, so that they are not sent."""
        for queue, held in list(self._held.items()):
            leases = held.leases()
            for start in range(0, len(leases), _CHUNK):
                chunk = leases[start : start + _CHUNK]
                for job_id in self._scripts(queue).beat(chunk, LEASE_MS, GAP_MS):
                    message = held.jobs.get(job_id)
                    if message is not None and (job_id, message.job.token) in chunk:
                        message.lost = True
                        log.warning("the lease of job %s is lost", job_id)
        if running := self._presence.tell():
            self._carry_out(running)
        for act in self._also:
            act()

    def sweep(self) -> None:
        """One bounded step of forgetting, per queue."""
        for queue in list(self._held):
            self._scripts(queue).sweep(self._retention)

    def beat_now(self) -> None:
        """Beat at once, and then as usual."""
        self._called.set()

    def stop(self) -> None:
        """End the thread, and wait for a beat under way."""
        self._stopped = True
        self._called.set()
        self.join(timeout=BEAT_MS / 1000)
