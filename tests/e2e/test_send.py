"""`notifyctl send`: one message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from notifyctl.engine.states import Lane, State
from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notifyctl.app import App
    from tests.support.cli import Result


def test_send_prints_the_id_alone(ok: Callable[..., Result], app: App) -> None:
    """So that it can be kept in a variable; what it means is on standard error."""
    result = ok("send", "email", "ada@example.com", "-t", "test_message", "--var", "note=a=b", "--priority", "high")

    job = app.inspector.job(result.out.strip())
    assert (job.queue, job.state, job.lane) == ("email", State.WAITING, Lane.HIGH)
    assert json.loads(job.payload)["data"] == {"note": "a=b"}
    assert "queued on email" in result.err


def test_the_same_key_is_queued_once(ok: Callable[..., Result]) -> None:
    """The id is the first one's; other content under the same key is refused."""
    words = ("send", "whatsapp", "+44 7700 900123", "-t", "test_message", "--key", "k", "-o", "json")
    first, second = ok(*words).json(), ok(*words).json()

    assert (first["known"], second["known"]) == (False, True)
    assert first["id"] == second["id"]
    assert run(*words, "--var", "note=other").code == 1


def test_send_later_and_not_too_late(ok: Callable[..., Result], app: App) -> None:
    """With a delay or at a moment, and until an expiry."""
    words = ("send", "email", "ada@example.com", "-t", "test_message", "-o", "id")
    delayed = app.inspector.job(ok(*words, "--in", "10m", "--expires", "1h").out.strip())
    timed = app.inspector.job(ok(*words, "--at", "2099-01-01T00:00Z").out.strip())

    assert delayed.state is timed.state is State.DELAYED
    assert abs(delayed.expires_at_ms - delayed.created_at_ms - 4_200_000) < 10_000
    assert app.client("operator").zscore("{notifyctl:email}:delayed", timed.job_id) == 4_070_908_800_000


def test_data_comes_from_a_file_or_standard_input(ok: Callable[..., Result], app: App, tmp_path: Path) -> None:
    """And a --var goes before it."""
    file = tmp_path / "data.json"
    file.write_text('{"note": "file", "more": [1]}')
    words = ("send", "email", "ada@example.com", "-t", "test_message", "-o", "id")

    from_file = app.inspector.job(ok(*words, "--data", str(file), "--var", "note=flag").out.strip())
    from_input = app.inspector.job(ok(*words, "--data", "-", stdin='{"note": "piped"}').out.strip())

    assert json.loads(from_file.payload)["data"] == {"note": "flag", "more": [1]}
    assert json.loads(from_input.payload)["data"] == {"note": "piped"}


def test_dry_run_needs_no_server_and_masks_the_address() -> None:
    """It renders the message, as the real command does."""
    words = ("send", "email", "ada@example.com", "-t", "test_message", "--dry-run", "-o", "json")
    result = run(*words, REDIS_URL="redis://127.0.0.1:1")

    assert result.code == 0
    assert result.json()["to"] == "a***@e***.com"


def test_send_says_that_nobody_gets_it_without_credentials(ok: Callable[..., Result]) -> None:
    """The message goes to the outbox; with a provider, nothing is said."""
    sandboxed = ok("send", "email", "ada@example.com", "-t", "test_message")
    real = ok(
        "send", "email", "ada@example.com", "-t", "test_message", "--at", "2020-01-01T00:00Z",
        SMTP_HOST="127.0.0.1", EMAIL_FROM="shop@example.com",
    )  # fmt: skip

    assert "note: email goes to the outbox at " in sandboxed.err
    assert "outbox" not in real.err
    assert "that moment is past" in real.err
