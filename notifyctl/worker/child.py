"""One place for a worker process, and the process that holds it now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

__all__ = ["Child"]

#: Work is waiting, so the first one comes at once; one that fails again and again must not eat up the machine.
_BACKOFF_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
#: A process that lived so long had a good start: the next failure counts as its first.
_GOOD_LIFE_S = 60.0


@dataclass(slots=True)
class Child:
    """A place.

    Attributes:
        process: Who holds it; None while nobody does.
        started: When that began.
        failures: How often in a row it did not end well.
        start_at: Not before this is there another try.
        generation: Which change of the code the process follows.
    """

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    generation: int = 0

    def hold(self, process: subprocess.Popen[bytes], generation: int) -> None:
        """Put a process in this place."""
        self.process, self.generation, self.started = process, generation, time.monotonic()

    def free(self) -> float:
        """Take note that the process died; the seconds until there is another try."""
        lived_s = time.monotonic() - self.started
        self.failures = 1 if lived_s > _GOOD_LIFE_S else self.failures + 1
        pause_s = _BACKOFF_S[min(self.failures, len(_BACKOFF_S)) - 1]
        self.process, self.start_at = None, time.monotonic() + pause_s
        return pause_s

    def try_again_now(self) -> None:
        """Forget what went wrong."""
        self.failures, self.start_at = 0, 0.0
