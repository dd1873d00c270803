"""New code for running workers: files may be watched, and processes are replaced one by one, none before its time.

A process that starts says when it is ready. Only then is the one in its place drained; a new one that does not start
changes nothing. Knows no queue: two processes at work at once, the old and the new, are what a fleet is made for.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from notifyctl.worker.child import Child

__all__ = ["Rolling", "Watch"]

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.3
#: What workers read: code, scripts, templates, translations and settings of templates.
_SUFFIXES: Final = frozenset({".css", ".html", ".j2", ".json", ".lua", ".mo", ".po", ".py", ".toml", ".txt"})
_PASSED_OVER: Final = frozenset({"__pycache__", "node_modules"})
#: How long a process may take to start.
_START_S: Final = 60.0


class Watch:
    """Says which files changed, once they have come to rest: an editor writes several, and each in steps.

    Args:
        folders: Where to look, and in all folders below, but for hidden ones.
        clock: Seconds that only go forward.
    """

    def __init__(self, folders: Sequence[Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._folders = folders
        self._clock = clock
        self._look_at = 0.0
        self._known = self._latest = self._look()

    def __call__(self) -> list[Path]:
        """The files that were written, made or removed since the last answer. Looks a few times a second at most."""
        if self._clock() < self._look_at:
            return []
        self._look_at = self._clock() + _LOOK_EVERY_S
        found = self._look()
        at_rest = found == self._latest
        self._latest = found
        if not at_rest or found == self._known:
            return []
        known, self._known = self._known, found
        return sorted({path for path, _ in known.items() ^ found.items()})

    def _look(self) -> Mapping[Path, tuple[int, int]]:
        """When each file was last written, and its size."""
        found = {}
        for path in self._files():
            try:
                state = path.stat()
            except OSError:  # gone meanwhile
                continue
            found[path] = (state.st_mtime_ns, state.st_size)
        return found

    def _files(self) -> Iterator[Path]:
        for top in self._folders:
            for folder, below, names in os.walk(top):
                below[:] = [name for name in below if not name.startswith(".") and name not in _PASSED_OVER]
                for name in names:
                    if os.path.splitext(name)[1] in _SUFFIXES:  # noqa: PTH122 - thousands of names, again and again
                        yield Path(folder, name)


@dataclass(slots=True)
class _Turn:
    """One place, while its process is replaced.

    Attributes:
        place: Whose process it is about.
        successor: The one that starts.
        ready: Where it says that it is ready, a file descriptor.
        generation: Which change it follows.
        kill_at: When the one that starts, or then the one that drains, has had its time.
        retiring: The one that drains.
    """

    place: Child
    successor: subprocess.Popen[bytes]
    ready: int
    generation: int
    kill_at: float
    retiring: subprocess.Popen[bytes] | None = None


@dataclass(slots=True)
class Rolling:
    """Replaces all processes after a change, one at a time. Asked again and again, does what is due.

    Args:
        changed: Says which files changed.
        spawn: Starts a process that says on this file descriptor when it is ready.
        ended: Told of each process that has ended without a place.
        patience_s: How long a process may take to drain.

    Attributes:
        generation: How many changes there were; what is started now follows all of them.
    """

    changed: Callable[[], Sequence[Path]]
    spawn: Callable[[int], subprocess.Popen[bytes]]
    ended: Callable[[subprocess.Popen[bytes]], None]
    patience_s: float
    generation: int = 0
    _turn: _Turn | None = field(default=None, init=False)
    _refused: int = field(default=-1, init=False)

    def step(self, places: Sequence[Child]) -> None:
        """Do what is due now."""
        files = self.changed()
        if files:
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            self.begin(places, f"{files[0]}{more} changed")
        if self._turn is not None:
            self._go_on(self._turn)
        elif self._refused < self.generation:
            stale = (place for place in places if place.process and place.generation < self.generation)
            self._begin(next(stale, None))

    def begin(self, places: Sequence[Child], why: str) -> None:
        """Replace all processes that run now."""
        log.info("%s: the worker processes are replaced, one after the other", why)
        self.generation += 1
        for place in places:
            place.try_again_now()

    @property
    def processes(self) -> list[subprocess.Popen[bytes]]:
        """Those that hold no place: the one that starts, or the one that drains."""
        if self._turn is None:
            return []
        return [self._turn.retiring or self._turn.successor]

    def _begin(self, place: Child | None) -> None:
        if place is None:
            return
        ready, says = os.pipe()
        os.set_blocking(ready, False)
        self._turn = _Turn(place, self.spawn(says), ready, self.generation, time.monotonic() + _START_S)
        os.close(says)

    def _go_on(self, turn: _Turn) -> None:
        late = time.monotonic() > turn.kill_at
        if turn.retiring is not None:
            if turn.retiring.poll() is not None:
                self.ended(turn.retiring)
                self._turn = None
            elif late:
                turn.retiring.kill()
            return
        if late:
            turn.successor.kill()
        try:
            said = os.read(turn.ready, 1)
        except BlockingIOError:
            return
        os.close(turn.ready)
        if said:
            self._take_over(turn)
        else:
            self._refused = turn.generation
            self._turn = None
            code = turn.successor.wait()
            self.ended(turn.successor)
            log.error("the new code does not start (%s): the old goes on until there is another change", code)

    def _take_over(self, turn: _Turn) -> None:
        turn.retiring = turn.place.process
        turn.place.hold(turn.successor, turn.generation)
        if turn.retiring is None:  # it died by itself meanwhile
            self._turn = None
            log.info("worker process %d is in place", turn.successor.pid)
            return
        log.info("worker process %d takes over from %d", turn.successor.pid, turn.retiring.pid)
        turn.retiring.send_signal(signal.SIGTERM)
        turn.kill_at = time.monotonic() + self.patience_s
