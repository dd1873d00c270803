"""Commands that queue something while Redis is away, and `notifyctl spool`."""

from __future__ import annotations

import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from notifyctl.errors import NotifyError
from tests.support.cli import run, start
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from notifyctl.engine.jobs import Job
    from tests.support.cli import Result
    from tests.support.server import Server

SEND = ("send", "email", "ada@example.com", "-t", "test_message")
FILE = Path(__file__).parents[2] / "docs" / "examples" / "orders.jsonl"


@pytest.fixture
def away(redis_url: str, own_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server of every command, which is away; `start` brings it back."""
    own_server.kill()
    monkeypatch.setenv("REDIS_URL", own_server.url)
    return own_server


def age(app: App, ms: int) -> None:
    """Let what is in the spool have lain there for so much longer."""
    with closing(sqlite3.connect(app.spool.file)) as connection, connection:
        connection.execute("UPDATE entries SET at_ms = at_ms - ?", (ms,))


def test_send_keeps_a_message_and_says_so(away: Server, app: App) -> None:
    """The id as usual, where it is on standard error, and no failure."""
    result, as_json = run(*SEND), run(*SEND, "-o", "json")

    assert (result.code, as_json.code) == (0, 0), result.err
    assert "Redis is away: the message is kept in the spool" in result.err
    assert "'notifyctl spool flush'" in result.err
    assert "queued on email" not in result.err
    assert result.err.count("Redis") == 2
    assert as_json.json()["spooled"] is True
    assert [row.id for row in app.spool.first(9)] == [result.out.strip(), as_json.json()["id"]]


def test_flush_moves_what_was_kept(away: Server, app: App, ok: Callable[..., Result]) -> None:
    """Under the ids that were printed; twice is once."""
    job_id = run(*SEND).out.strip()
    away.start()

    first, second = ok("spool", "flush", "-o", "json").json(), ok("spool", "flush", "-o", "json").json()

    counts = {"moved": 1, "known": 0, "superseded": 0, "conflicts": 0, "held": 0, "left": 0, "v": 1}
    assert (first, second) == (counts, counts | {"moved": 0})
    assert app.inspector.job(job_id).state is State.WAITING


def test_next_command_moves_what_was_kept_first(away: Server, app: App, ok: Callable[..., Result]) -> None:
    """Nobody has to know of `spool flush`."""
    first = run(*SEND).out.strip()
    away.start()

    second = ok(*SEND)

    assert "queued on email" in second.err
    assert [job.job_id for job in app.inspector.jobs("email", State.WAITING)] == [first, second.out.strip()]


def test_worker_moves_and_sends_what_was_kept(away: Server, app: App) -> None:
    """Whoever put it there has ended long ago."""
    job_id = run(*SEND).out.strip()
    worker = start("worker")
    away.start()
    try:
        wait_until(lambda: (found := _found(app, job_id)) and found.state is State.COMPLETED, what="the mail to go")
        late = run(*SEND).out.strip()
        wait_until(lambda: (found := _found(app, late)) and found.state is State.COMPLETED, what="the next one to go")
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=20)

    assert worker.returncode == 0
    assert app.spool.all(9) == []


def _found(app: App, job_id: str) -> Job | None:
    try:
        return app.inspector.job(job_id)
    except NotifyError:
        return None


def test_flush_without_a_server_ends_with_5(away: Server, app: App) -> None:
    """And says what is left."""
    run(*SEND)

    result = run("spool", "flush")

    assert result.code == 5
    assert "0 messages were moved, 1 are left" in result.err
    assert app.spool.waiting()


def test_flush_tells_of_conflicts(away: Server, app: App, ok: Callable[..., Result]) -> None:
    """The dead letters show them, with the job that has the key."""
    away.start()
    first = ok(*SEND, "--key", "k").out.strip()
    away.kill()
    kept = run(*SEND, "--key", "k", "--var", "note=other").out.strip()
    away.start()

    result = ok("spool", "flush")

    assert "'notifyctl dlq list --code conflict'" in result.err
    assert ok("dlq", "list", "--code", "conflict", "-o", "id").out.strip() == kept
    assert re.search(rf"^because +.*{first}", ok("dlq", "show", kept).out, re.MULTILINE)
    assert ok("dlq", "retry", kept).code == 0


def test_list_masks_addresses(away: Server, app: App, ok: Callable[..., Result], audit: Callable[..., object]) -> None:
    """Without a server; to see them, there has to be one, which keeps that somebody looked."""
    run(*SEND, "--order", "10482", "--in", "1h")

    listed = ok("spool", "list", "-o", "json").json()
    refused = run("spool", "list", "--reveal")
    away.start()
    revealed = ok("spool", "list", "--reveal")

    assert (listed[0]["to"], listed[0]["order"], listed[0]["state"]) == ("a***@e***.com", "10482", "waiting")
    assert listed[0]["due_at"]
    assert (refused.code, refused.out) == (5, "")
    assert "ada@example.com" in revealed.out


def test_orders_are_imported_while_redis_is_away(away: Server, app: App, ok: Callable[..., Result]) -> None:
    """Told again before and after, no message is there twice."""
    first, again = run("order", "import", str(FILE), "-o", "json"), run("order", "import", str(FILE), "-o", "json")
    away.start()
    flushed = ok("spool", "flush", "-o", "json").json()
    after = ok("order", "import", str(FILE), "-o", "json").json()

    tally = first.json()
    assert first.code == again.code
    assert tally["queued"] == tally["spooled"] > 0
    assert f"{tally['spooled']} messages are kept in the spool" in first.err
    assert (again.json()["queued"], again.json()["known"]) == (0, tally["queued"])
    assert flushed["moved"] == after["known"] == tally["queued"]
    assert after["queued"] == 0


def test_stats_and_doctor_tell_of_the_spool(away: Server, app: App, ok: Callable[..., Result]) -> None:
    """Doctor once something has lain there for longer than it takes to move it."""
    run(*SEND)
    young = run("doctor", "-o", "json").json()
    age(app, 90_000)
    away.start()

    old = run("doctor", "-o", "json").json()
    table, one = ok("stats"), ok("stats", "email", "-o", "json").json()
    watched = run("stats", "--fail-if", "spooled>0")

    assert [each["status"] for each in young if each["name"] == "spool"] == ["ok"]
    (finding,) = [each for each in old if each["name"] == "spool"]
    assert (finding["status"], finding["detail"][:36]) == ("warn", "1 messages have waited here for up to"[:36])
    assert "1 more in the spool of this machine" in table.err
    assert one["spooled"] == 1
    assert watched.code == 7


def test_spool_that_is_turned_off_ends_with_5(away: Server) -> None:
    """As any other command without a server."""
    result = run(*SEND, NOTIFYCTL_SPOOL="false")

    assert (result.code, result.out) == (5, "")


def test_embedded_server_that_cannot_be_started_is_an_outage(
    redis_url: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong is said, and the message waits until it is mended."""
    monkeypatch.delenv("REDIS_URL")
    broken = app.settings.state_dir / "valkey"
    broken.parent.mkdir(mode=0o700)
    broken.write_text("a file where the folder should be")

    kept = run(*SEND)
    broken.unlink()
    moved = run("spool", "flush", "-o", "json")

    assert kept.code == 0, kept.err
    assert str(broken) in kept.err
    assert "the message is kept in the spool" in kept.err
    assert moved.json()["moved"] == 1
    assert run("server", "stop").code == 0
