"""Replacing processes one by one, where the new one is slow."""

from __future__ import annotations

import logging
import subprocess
from typing import TYPE_CHECKING

from notifyctl.worker import reload
from notifyctl.worker.child import Child
from notifyctl.worker.reload import Rolling
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import pytest


def test_process_that_does_not_get_ready_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The one in its place goes on, and the next change gets its chance."""
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(reload, "_START_S", 0.1)
    spawned: list[subprocess.Popen[bytes]] = []
    ended: list[subprocess.Popen[bytes]] = []

    def spawn(ready: int) -> subprocess.Popen[bytes]:
        spawned.append(subprocess.Popen(["sleep", "60"], pass_fds=(ready,)))
        return spawned[-1]

    place = Child()
    with subprocess.Popen(["sleep", "60"]) as old:
        place.hold(old, 0)
        rolling = Rolling(lambda: (), spawn, ended.append, 5.0)

        def given_up() -> bool:
            rolling.step([place])
            return ended == spawned

        for _ in range(2):
            rolling.begin([place], "a test")
            rolling.step([place])
            wait_until(given_up, what="the new process to be given up")
        assert place.process is old
        assert old.poll() is None
        old.kill()

    assert ended == spawned
    assert not any(process.poll() is None for process in spawned)
    assert caplog.text.count("does not start (-9)") == 2
