"""The supervisor keeps what works, whatever a newer process or its own callback makes of it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.worker.process import EXIT_CONFIG
from notifyctl.worker.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]

#: What each process imports: it says that it lives, and does nothing, or refuses.
_MODULE = """
import os, pathlib, signal, time
from notifyctl.errors import ConfigError

here = pathlib.Path(__file__).parent
if (here / "broken").exists():
    (here / f"{os.getpid()}.refused").touch()
    raise ConfigError("half configured")
signal.signal(signal.SIGTERM, signal.SIG_DFL)
(here / f"{os.getpid()}.lives").touch()
time.sleep(60)
"""


class Place:
    """Where the processes tell what they do."""

    def __init__(self, folder: Path) -> None:
        self.broken = folder / "broken"
        self._folder = folder
        (folder / "idle.py").write_text(_MODULE)

    def living(self) -> list[int]:
        """Those that began, and have not ended."""
        found = []
        for path in self._folder.glob("*.lives"):
            with suppress(OSError):
                os.kill(int(path.stem), 0)
                found.append(int(path.stem))
        return sorted(found)

    def refused(self) -> int:
        """How many ended because of their settings."""
        return len(list(self._folder.glob("*.refused")))

    def supervise(self, steps: Iterator[bool], died: Callable[[str], None] = lambda _: None) -> int:
        """Run two processes; after each step that is so comes the next one, and after the last the end."""
        end = time.monotonic() + 30

        def finished() -> bool:
            assert time.monotonic() < end, "waited 30 s"
            return next(steps, True)

        return Supervisor(
            "idle",
            processes=2,
            threads=1,
            queues=[],
            drain_timeout=timedelta(seconds=1),
            environment={**os.environ, "PYTHONPATH": f"{self._folder}:{ROOT}"},
            finished=finished,
            died=died,
        ).run()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    return Place(tmp_path)


def until(so: Callable[[], bool]) -> Iterator[bool]:
    """Say that it is not the end, until this is so."""
    while not so():
        yield False


def test_healthy_process_outlives_a_successor_that_refuses(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """The place is tried again with longer and longer pauses, and held again once the settings are mended."""

    def steps() -> Iterator[bool]:
        yield from until(lambda: len(place.living()) == 2)
        one, other = place.living()
        place.broken.touch()
        os.kill(one, signal.SIGKILL)
        yield from until(lambda: place.refused() == 2)
        assert place.living() == [other]
        place.broken.unlink()
        yield from until(lambda: len(place.living()) == 2)
        assert other in place.living()

    assert place.supervise(steps()) == 0
    assert "exit code 4, its settings are wrong" in caplog.text


def test_supervisor_ends_where_every_process_refuses(place: Place) -> None:
    """Nothing works, and starting again would not help: neither at the start, nor after the last one died."""
    place.broken.touch()
    assert place.supervise(until(lambda: False)) == EXIT_CONFIG
    place.broken.unlink()

    def steps() -> Iterator[bool]:
        yield from until(lambda: len(place.living()) == 2)
        place.broken.touch()
        for pid in place.living():
            os.kill(pid, signal.SIGKILL)
        yield from until(lambda: False)

    assert place.supervise(steps()) == EXIT_CONFIG


def test_callback_that_fails_costs_no_process(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever `died` raises is logged, and another process takes the place."""

    def died(worker_id: str) -> None:
        raise KeyError(worker_id)

    def steps() -> Iterator[bool]:
        yield from until(lambda: len(place.living()) == 2)
        one, other = place.living()
        os.kill(one, signal.SIGKILL)
        yield from until(lambda: len(place.living()) == 2 and one not in place.living())
        assert other in place.living()

    assert place.supervise(steps(), died) == 0
    assert "goes on when its leases run out" in caplog.text
