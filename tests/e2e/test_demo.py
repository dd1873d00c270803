"""`notifyctl demo`: all of it in half a minute, and nothing is left behind."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run, start
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_demo_tells_its_story_and_cleans_up(scratch: Path, tmp_path: Path) -> None:
    """Sent, dead, retried by hand, delivered; whatever credentials there are."""
    result = run("demo", SMTP_HOST="mail.example.com", EMAIL_FROM="shop@example.com", NOTIFYCTL_EMAIL_RATE="1/min")

    assert result.code == 0, result.err
    assert "24 messages are queued" in result.out
    assert "3 dead letters" in result.out
    assert "retries_exhausted, after 4 attempts" in result.out
    assert "is completed, in attempt 5" in result.out
    assert "The outbox has 22 messages" in result.out
    assert "@example" not in result.out
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_cleans_up(number: signal.Signals, scratch: Path) -> None:
    """Ends with 130."""
    process = start("demo")
    assert process.stdout is not None
    while " s   email: " not in process.stdout.readline():
        pass
    process.send_signal(number)
    process.communicate(timeout=20)

    assert process.returncode == 130
    wait_until(lambda: not list(scratch.iterdir()), what="its files to be gone")
