"""`notifyctl worker`: runs processes, ends them in order, and says what it does."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import build
from notifyctl.clock import now_ms
from notifyctl.engine.states import State
from tests.support.cli import run, start
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notifyctl.app import App
    from tests.support.cli import Result
    from tests.support.server import Server


@contextmanager
def working(*args: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that runs; whatever a test leaves of it is killed."""
    process = start("worker", *args, **variables)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def children(parent: int) -> list[int]:
    """The processes that this one started and that live."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, ppid = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(ppid) == parent and state != "Z":
                found.append(int(folder.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_drain_leaves_scheduled_jobs_and_says_so(ok: Callable[..., Result], queued: Callable[..., list[str]]) -> None:
    """It ends when the rest is done."""
    queued(3, delay=timedelta(hours=1))
    queued(2)

    result = ok("worker", "--drain")

    assert "3 scheduled jobs left for later on email" in result.err
    stats = ok("stats", "email", "-o", "json").json()
    assert (stats["completed"], stats["delayed"]) == (2, 3)


def test_worker_says_where_messages_go(ok: Callable[..., Result], server_path: str) -> None:
    """Each channel, its limit, and the server without a password."""
    err = ok("worker", "--drain", "--queue", "email", "--concurrency", "email=2", NOTIFYCTL_EMAIL_RATE="10/s").err

    assert "email: outbox at" in err
    assert "(no credentials); at most 10/s, 2 threads" in err
    assert "whatsapp:" not in err
    assert f"1 process on unix://{server_path}" in err


@pytest.fixture
def server_path(redis_url: str) -> str:
    """The server's socket."""
    return redis_url.removeprefix("unix://")


def test_drain_waits_for_retries(app: App, ok: Callable[..., Result]) -> None:
    """A job between two attempts is not left behind."""
    job_id = app.notifier.queue_email("test_message", {}, to="ada+retry1@example.com").id

    ok("worker", "--drain", NOTIFYCTL_EMAIL_RETRY_DELAYS="700ms")

    assert app.inspector.job(job_id).state is State.COMPLETED


@pytest.mark.parametrize("held_up", ["pause", "block"])
def test_drain_ends_undone_where_a_queue_is_held_up(held_up: str, app: App, queued: Callable[..., list[str]]) -> None:
    """Says which and why, and ends with 1."""
    queued(1)
    if held_up == "pause":
        app.inspector.pause("email", reason="wrong template")
    else:
        until = now_ms() + 3_600_000
        config = "{notifyctl:email}:config"
        app.client("operator").hset(config, mapping={"blocked_until": until, "blocked_reason": "throttled"})

    result = run("worker", "--drain")

    assert result.code == 1
    assert ("is paused (wrong template)" if held_up == "pause" else "(throttled)") in result.err
    assert app.inspector.stats("email").waiting == 1


def test_drain_outlives_a_server_that_is_away(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for it to come back, and then for the work to be done."""
    monkeypatch.setenv("REDIS_URL", own_server.url)
    monkeypatch.setenv("NOTIFYCTL_EMAIL_RETRY_DELAYS", "2s")
    app = build()
    job_id = app.notifier.queue_email("test_message", {}, to="ada+retry1@example.com").id
    with working("--drain") as process:
        wait_until(lambda: app.inspector.stats("email").delayed, what="the job to be between two attempts")
        own_server.kill()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        own_server.start()
        process.communicate(timeout=30)

    assert process.returncode == 0
    assert app.inspector.job(job_id).state is State.COMPLETED


def test_only_the_chosen_queue_is_worked_on(
    app: App, ok: Callable[..., Result], queued: Callable[..., list[str]]
) -> None:
    """The other one waits."""
    queued(1)
    app.notifier.queue_whatsapp("+447700900123", "test_message", {})

    ok("worker", "--drain", "-q", "whatsapp")

    assert [app.inspector.stats(name).waiting for name in ("email", "whatsapp")] == [1, 0]


def test_ctrl_c_lets_the_worker_end_in_order(app: App, queued: Callable[..., list[str]]) -> None:
    """With 0, and nothing is left active."""
    queued(1)
    with working() as process:
        wait_until(lambda: app.inspector.stats("email").completed == 1, what="the mail to be sent")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert process.returncode == 0
    assert "Traceback" not in err
    assert app.inspector.stats("email").active == 0


def test_second_ctrl_c_hurries(app: App, slow_server: str, queued: Callable[..., list[str]]) -> None:
    """What is in progress is in doubt, and looked at again later; the worker doesn't wait for it."""
    queued(1)
    with working("--drain-timeout", "60s", SMTP_HOST="127.0.0.1", SMTP_PORT=slow_server, SMTP_TLS="none",
                 EMAIL_FROM="shop@example.com", NOTIFYCTL_SEND_TIMEOUT="60s") as process:  # fmt: skip
        wait_until(lambda: app.inspector.stats("email").active == 1, what="the mail to be in progress")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "Shutting down" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert process.returncode == 0
    stats = app.inspector.stats("email")
    assert (stats.active, stats.waiting + stats.delayed) == (0, 1)


def test_a_killed_process_is_replaced(app: App, queued: Callable[..., list[str]]) -> None:
    """And work goes on."""
    with working() as process:
        wait_until(lambda: children(process.pid), what="a worker process")
        (first,) = children(process.pid)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: [pid for pid in children(process.pid) if pid != first], what="another one")

        queued(1)
        wait_until(lambda: app.inspector.stats("email").completed == 1, what="the mail to be sent")


def test_a_killed_process_gives_back_at_once_what_it_held(
    app: App, slow_server: str, queued: Callable[..., list[str]]
) -> None:
    """Its supervisor knows that it is dead: nobody waits until its lease of ten seconds runs out."""
    (job_id,) = queued(1)
    with working("--drain-timeout", "1s", SMTP_HOST="127.0.0.1", SMTP_PORT=slow_server, SMTP_TLS="none",
                 EMAIL_FROM="shop@example.com", NOTIFYCTL_SEND_TIMEOUT="60s") as process:  # fmt: skip
        wait_until(lambda: app.inspector.stats("email").active == 1, what="the mail to be in progress")
        (child,) = children(process.pid)
        os.kill(child, signal.SIGKILL)

        wait_until(lambda: app.inspector.job(job_id).attempts, timeout_s=5, what="the lost run to be on record")

    assert app.inspector.job(job_id).attempts[0]["error"] == "its worker was lost"


def test_a_killed_supervisor_leaves_nothing_running(app: App, queued: Callable[..., list[str]]) -> None:
    """Its processes notice, and end in order."""
    queued(1)
    with working() as process:
        wait_until(lambda: app.inspector.stats("email").completed == 1, what="the mail to be sent")
        pids = children(process.pid)
        process.kill()
        process.wait()

        wait_until(lambda: not any(map(alive, pids)), what="the processes to end")
    assert pids
