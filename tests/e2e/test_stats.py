"""`notifyctl stats`: numbers for people, programs and monitoring."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from notifyctl.engine.fleet import Report
from tests.support.cli import run, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result
    from tests.support.server import Server


def test_one_queue_is_an_object_and_more_are_a_list(
    ok: Callable[..., Result], queued: Callable[..., list[str]]
) -> None:
    """In the shape that users know, which begins with the queue and its counts."""
    queued(2)

    one = ok("stats", "email", "-o", "json").json()
    assert list(one)[:7] == ["queue", "waiting", "active", "delayed", "completed", "failed", "dlq"]
    assert (one["queue"], one["waiting"], one["paused"]) == ("email", 2, False)
    assert [queue["queue"] for queue in ok("stats", "-o", "json").json()] == ["email", "whatsapp"]
    assert [queue["queue"] for queue in ok("stats", "whatsapp", "email", "-o", "json").json()] == ["whatsapp", "email"]


def test_table_csv_and_ids(ok: Callable[..., Result]) -> None:
    """Every form that data has."""
    assert ok("stats", "email").out.split()[:3] == ["queue", "state", "waiting"]
    assert ok("stats", "-o", "csv").out.splitlines()[0].startswith("queue,state,waiting,active,delayed")
    assert ok("stats", "-o", "id").out == "email\nwhatsapp\n"
    assert ok("stats", "--format", "github").out.startswith("| queue")


def test_fail_if_ends_with_7(ok: Callable[..., Result], dead: Callable[..., list[str]]) -> None:
    """With the numbers all the same, and why; otherwise with 0."""
    dead(1)

    failed = run("stats", "-o", "json", "--fail-if", "dlq>0")
    assert failed.code == 7
    assert len(failed.json()) == 2
    assert "email: dlq is 1" in failed.err
    ok("stats", "whatsapp", "--fail-if", "dlq>0", "--fail-if", "paused==1")


def test_watch_prints_json_lines_where_there_is_no_terminal(redis_url: str) -> None:
    """A line for each queue at each look; Ctrl-C ends it with 0."""
    process = start("stats", "--watch", "10ms")
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline()) for _ in range(4)]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)

    assert [line["queue"] for line in lines] == ["email", "whatsapp"] * 2
    assert process.returncode == 0
    assert "Traceback" not in err


def test_watch_needs_no_interval_and_ends_when_the_condition_is_met(redis_url: str) -> None:
    """`--watch` alone is every two seconds; a queue's name after it is no interval."""
    result = run("stats", "--watch", "email", "--fail-if", "waiting==0")

    assert result.code == 7
    assert [json.loads(line)["queue"] for line in result.out.splitlines()] == ["email"]


def test_watch_waits_for_a_server_that_went_away(own_server: Server) -> None:
    """Says so, and goes on when it is back."""
    process = start("stats", "email", "--watch", "10ms", REDIS_URL=own_server.url)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    own_server.kill()
    assert "still trying" in process.stderr.readline()

    own_server.start()
    while json.loads(process.stdout.readline())["queue"] != "email":
        pass
    process.terminate()
    process.communicate(timeout=10)


def test_stats_count_the_processes_of_each_queue(app: App, ok: Callable[..., Result]) -> None:
    """Those that take from it: a check for monitoring finds a queue without."""
    app.fleet.tell("w1", Report(queues=("email",)))
    app.fleet.tell("w2", Report(queues=("email", "whatsapp"), draining=True))

    found = {queue["queue"]: queue["workers"] for queue in ok("stats", "-o", "json").json()}
    checked = run("stats", "--fail-if", "workers<1")

    assert found == {"email": 1, "whatsapp": 0}
    assert (checked.code, checked.err) == (7, "whatsapp: workers is 0, as in 'workers<1'\n")
