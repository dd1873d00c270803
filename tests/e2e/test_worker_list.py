"""`notifyctl worker list`: who works, on what, and since when."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl import __version__
from tests.e2e.test_worker import children, working
from tests.support.cli import run
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result


def listed(*words: str) -> Any:
    """What the command prints as JSON."""
    return run("worker", "list", "-o", "json", *words).json()


@pytest.mark.parametrize(("output", "out"), [("json", "[]\n"), ("jsonl", ""), ("id", ""), ("table", "")])
def test_list_of_no_workers_is_empty(ok: Callable[..., Result], output: str, out: str) -> None:
    """And no error."""
    result = ok("worker", "list", "-o", output)

    assert result.out == out
    assert ("no worker runs" in result.err) == (output == "table")


def test_list_has_each_process_until_it_ends(app: App) -> None:
    """One supervisor's two, and another's one; after an orderly end there is none."""
    with working("--processes", "2") as two, working("--queue", "email", "--concurrency", "email=4") as one:
        wait_until(lambda: len(app.fleet.workers()) == 3, what="all processes to be listed")
        found = {worker["pid"]: worker for worker in listed()}
        (alone,) = children(one.pid)
        assert sorted(found) == sorted([*children(two.pid), alone])
        assert (found[alone]["queues"], found[alone]["threads"]) == (["email"], 4)
        assert found[alone]["host"] == os.uname().nodename
        assert {(worker["version"], worker["state"], worker["active"]) for worker in found.values()} == {
            (__version__, "idle", 0)
        }
        assert all(worker["started_at"] <= worker["seen_at"] for worker in found.values())
        for process in (one, two):
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)

    assert listed() == []


def test_list_says_what_a_busy_worker_does(
    app: App, slow_server: str, queued: Callable[..., list[str]], ok: Callable[..., Result]
) -> None:
    """How many sends, and which has been going on for the longest; no address."""
    with working("--drain-timeout", "1s", SMTP_HOST="127.0.0.1", SMTP_PORT=slow_server, SMTP_TLS="none",
                 EMAIL_FROM="shop@example.com", NOTIFYCTL_SEND_TIMEOUT="60s") as process:  # fmt: skip
        (job_id,) = queued(1)
        wait_until(lambda: app.fleet.workers() and app.fleet.workers()[0].report.active, what="the send to be told")
        (worker,) = listed()
        table = ok("worker", "list").out
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: app.fleet.workers()[0].state == "draining", timeout_s=1, what="the drain to be told")
        process.communicate(timeout=20)

    assert (worker["state"], worker["active"], worker["oldest_job"]) == ("busy", 1, job_id)
    assert worker["started_at"] < worker["oldest_since"] <= worker["seen_at"]
    assert re.search(rf"busy +1/8 +{job_id} ", table)
    assert "example.com" not in table
    assert max(map(len, table.splitlines())) <= 120
    assert app.fleet.workers() == []


def test_process_that_was_killed_is_not_listed(app: App) -> None:
    """Its supervisor saw it die; the one in its place is listed instead."""
    with working() as process:
        wait_until(app.fleet.workers, what="the process to be listed")
        (first,) = app.fleet.workers()
        os.kill(first.report.pid, signal.SIGKILL)
        wait_until(
            lambda: [worker.worker_id for worker in app.fleet.workers()] not in ([], [first.worker_id]),
            timeout_s=5,
            what="the other one alone to be listed",
        )
        assert [worker.report.pid for worker in app.fleet.workers()] == children(process.pid)


@pytest.mark.parametrize("words", [("--drain", "list"), ("-q", "email", "ls"), ("lst",)])
def test_option_of_the_worker_does_not_go_with_the_list(words: tuple[str, ...]) -> None:
    """Nor does a verb that there is not: no worker is started by mistake."""
    assert run("worker", *words).code == 2
