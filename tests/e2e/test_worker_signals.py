"""How a worker ends, is told to hurry, or gets new processes: by signals, by force, and when its terminal closes."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_worker import alive, children, working
from tests.support.cli import COMMAND, environment
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.receivers import Receiver


@pytest.fixture
def numbered(app: App) -> Callable[[int], None]:
    """Queue so many mails, each with a number."""

    def queue(count: int) -> None:
        for number in range(count):
            app.notifier.queue_email("test_message", {"note": f"n{number}."}, to="ada@example.com")

    return queue


def times_received(sendgrid: Receiver) -> set[int]:
    """How often each numbered mail arrived, whichever it is."""
    return set(Counter(re.findall(r"\b(n\d+)\.", body)[0] for body in sendgrid.bodies).values())


def test_two_signals_at_once_hurry(app: App, never_answered: dict[str, str], queued: Callable[..., list[str]]) -> None:
    """As a second one that comes later does, although the processes hear of both in one moment."""
    queued(1)
    with working("--drain-timeout", "60s", **never_answered) as process:
        wait_until(lambda: app.inspector.stats("email").active == 1, what="the mail to be in progress")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert process.returncode == 0
    assert app.inspector.stats("email").active == 0


def test_deadline_ends_a_drain(app: App, never_answered: dict[str, str], queued: Callable[..., list[str]]) -> None:
    """A send that does not end is in doubt, and the worker ends."""
    (job_id,) = queued(1)
    with working("--drain-timeout", "1s", **never_answered) as process:
        wait_until(lambda: app.inspector.stats("email").active == 1, what="the mail to be in progress")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)

    assert process.returncode == 0
    assert app.inspector.stats("email").active == 0
    assert app.inspector.job(job_id).attempts[0]["outcome"] == "in_doubt"


def test_process_that_is_killed_while_it_drains_gives_back_what_it_held(
    app: App, never_answered: dict[str, str], queued: Callable[..., list[str]]
) -> None:
    """Nobody starts another one any more, and its leases end all the same."""
    queued(1)
    with working("--drain-timeout", "60s", **never_answered) as process:
        wait_until(lambda: app.inspector.stats("email").active == 1, what="the mail to be in progress")
        (child,) = children(process.pid)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: app.fleet.workers()[0].state == "draining", what="the drain to begin")
        os.kill(child, signal.SIGKILL)
        process.communicate(timeout=10)

    leases: list[Any] = app.inspector.client.zrange("{notifyctl:email}:active", 0, -1, withscores=True)
    assert [ends_at for _, ends_at in leases] == [0]
    assert app.fleet.workers() == []


def test_killed_supervisor_leaves_its_processes_time_to_end_their_sends(
    app: App, sendgrid: Receiver, through_sendgrid: dict[str, str], numbered: Callable[[int], None]
) -> None:
    """They drain, and another worker does the rest: each mail is sent once."""
    numbered(40)
    with working("--processes", "2", **through_sendgrid) as process:
        wait_until(lambda: len(sendgrid.bodies) > 10, what="the first mails to be sent")
        pids = children(process.pid)
        process.kill()
        wait_until(lambda: not any(map(alive, pids)), what="the processes to end")
    assert app.inspector.stats("email").active == 0

    with working("--drain", **through_sendgrid) as process:
        process.communicate(timeout=30)

    assert app.inspector.stats("email").completed == 40
    assert times_received(sendgrid) == {1}


def test_worker_that_is_started_twice_sends_nothing_twice(
    app: App, sendgrid: Receiver, through_sendgrid: dict[str, str], numbered: Callable[[int], None]
) -> None:
    """By mistake, or on two hosts."""
    with working(**through_sendgrid) as one, working(**through_sendgrid) as two:
        wait_until(lambda: len(app.fleet.workers()) == 2, what="both to take work")
        numbered(60)
        wait_until(lambda: app.inspector.stats("email").completed == 60, what="all to be sent")
        for process in (one, two):
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)

    assert times_received(sendgrid) == {1}


def test_hangup_replaces_the_processes_one_by_one(
    app: App, sendgrid: Receiver, through_sendgrid: dict[str, str], numbered: Callable[[int], None]
) -> None:
    """A deploy: all mails are sent, each once, and there is never a moment without two processes that take work."""
    with working("--processes", "2", **through_sendgrid) as process:
        wait_until(lambda: len(app.fleet.workers()) == 2, what="both to take work")
        old = children(process.pid)
        numbered(60)
        for pid in old:  # as a careless `pkill -HUP notifyctl` does: they leave it to their supervisor
            os.kill(pid, signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        fewest = 2

        def replaced() -> bool:
            nonlocal fewest
            fewest = min(fewest, sum(worker.state != "draining" for worker in app.fleet.workers()))
            return not any(map(alive, old))

        wait_until(replaced, what="the processes to be replaced")
        wait_until(lambda: app.inspector.stats("email").completed == 60, what="all to be sent")
        new = children(process.pid)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)

    assert (process.returncode, fewest) == (0, 2)
    assert len(new) == 2
    assert not {*new} & {*old}
    assert err.count("takes over from") == 2
    assert times_received(sendgrid) == {1}


def test_worker_ends_when_its_terminal_closes(app: App, queued: Callable[..., list[str]]) -> None:
    """A hangup then means what it always meant, and not that new processes are wanted."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", COMMAND, "worker"], stdin=its, stdout=its, stderr=its, env=environment()
    )
    os.close(its)
    queued(1)
    try:
        wait_until(lambda: app.inspector.stats("email").completed == 1, what="the mail to be sent")
        pids = children(process.pid)
        os.close(ours)

        process.wait(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert len(pids) == 1
    assert app.fleet.workers() == []
