"""A worker process that cannot go on is replaced, whatever of it has died."""

from __future__ import annotations

import logging
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import build
from notifyctl.settings import Settings
from notifyctl.worker.process import EXIT_ILL
from notifyctl.worker.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.server import Server

ROOT = Path(__file__).parents[3]


@pytest.fixture
def app(server: Server) -> App:
    """The application that the processes have."""
    return build(Settings.load(redis={"url": server.url}))


def supervise(app: App, tmp_path: Path, fault: str, until: Callable[[], object]) -> None:
    """Run one process that has this fault once, and whoever comes after it, until this is so."""
    end = time.monotonic() + 30

    def finished() -> bool:
        assert time.monotonic() < end, "waited 30 s"
        return bool(until())

    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": app.settings.redis.target() or "",
        "NOTIFYCTL_EMAIL_RATE": "off",
        "FAULT": fault,
        "FAULT_AT": str(tmp_path / "fault"),
    }
    code = Supervisor(
        "tests.integration.worker.faulty",
        processes=1,
        threads=2,
        queues=["email"],
        drain_timeout=timedelta(seconds=1),
        environment=environment,
        finished=finished,
        died=app.end_leases,
    ).run()
    assert code == 0


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("consumer", "the thread that takes from email has died"),
        ("hang", "the thread that takes from email hangs"),
        ("sender", "1 of 2 threads that send have died"),
        ("heartbeat", "the heartbeat's thread has died"),
    ],
)
def test_process_with_a_dead_thread_is_replaced(
    app: App,
    tmp_path: Path,
    fault: str,
    why: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """It says why, and the next one sends what is queued after that."""
    caplog.set_level(logging.WARNING)
    queued: list[str] = []

    def sent() -> bool:
        if not queued:
            queued.append(app.notifier.queue_email("test_message", {}, to="ada@example.com").id)
            (tmp_path / "fault").touch()
        elif len(queued) == 1 and not (tmp_path / "fault").exists():
            queued.append(app.notifier.queue_email("test_message", {}, to="ada@example.com").id)
        return len(queued) == 2 and caplog.messages != [] and app.inspector.job(queued[1]).state == "completed"

    supervise(app, tmp_path, fault, sent)

    (ended,) = caplog.messages
    assert f"ended (exit code {EXIT_ILL}); another one starts at once" in ended
    assert why in capfd.readouterr().err
    assert app.inspector.stats("email").active == 0
    assert app.fleet.workers() == []


def test_process_that_is_well_is_left_alone(app: App, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However often it is looked at: an idle consumer moves, too."""
    caplog.set_level(logging.WARNING)
    end: list[float] = []

    def long_idle() -> bool:
        if app.fleet.workers() and not end:
            end.append(time.monotonic() + 5)
        return bool(end) and time.monotonic() > end[0]

    supervise(app, tmp_path, "none", long_idle)

    assert caplog.messages == []
