"""What a killed process or a lost host held goes on elsewhere, and how soon."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_worker import children, working
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notifyctl.app import App


def holder(app: App, job_id: str) -> int:
    """The process that has a job in progress."""
    lease = app.inspector.client.hget(f"{{notifyctl:email}}:job:{job_id}", "lease")
    assert isinstance(lease, bytes)
    worker_id = lease.decode().rpartition(":")[0]
    return next(worker.report.pid for worker in app.fleet.workers() if worker.worker_id == worker_id)


def seconds_until_taken_back(app: App, ids: Sequence[str]) -> float:
    """How long it takes until the loss of their worker is on record for all of these."""
    started = time.monotonic()
    wait_until(lambda: all(app.inspector.job(job_id).attempts for job_id in ids), what="what was lost to be taken back")
    assert {app.inspector.job(job_id).attempts[0]["error"] for job_id in ids} == {"its worker was lost"}
    return time.monotonic() - started


@pytest.mark.parametrize(("processes", "at_most_s"), [("2", 1), ("1", 4)])
def test_what_a_killed_process_held_goes_on_at_once(
    app: App, never_answered: dict[str, str], queued: Callable[..., list[str]], processes: str, at_most_s: float
) -> None:
    """At an idle one beside it, which is woken; else at the one in its place, as soon as Python has started."""
    with working("--drain-timeout", "1s", "--processes", processes, **never_answered) as process:
        wait_until(lambda: len(app.fleet.workers()) == int(processes), what="all processes to take work")
        ids = queued(1)
        wait_until(lambda: app.inspector.stats("email").active == 1, what="the mail to be in progress")
        os.kill(holder(app, ids[0]), signal.SIGKILL)
        taken_back_s = seconds_until_taken_back(app, ids)
        process.terminate()
        process.communicate(timeout=20)

    assert taken_back_s < at_most_s


@pytest.mark.parametrize("busy", [True, False])
def test_what_a_lost_host_held_goes_on_elsewhere_within_15_s(
    app: App,
    never_answered: dict[str, str],
    through_sendgrid: dict[str, str],
    queued: Callable[..., list[str]],
    busy: bool,
) -> None:
    """Its supervisor is lost with it, and nobody says that it is dead; another host works, or has nothing to do."""
    with working("--processes", "2", **never_answered) as lost:
        wait_until(lambda: len(app.fleet.workers()) == 2, what="both processes to take work")
        ids = queued(3)
        wait_until(lambda: app.inspector.stats("email").active == 3, what="the mails to be in progress")
        with working(**through_sendgrid) as other:
            wait_until(lambda: len(app.fleet.workers()) == 3, what="the other host to take work")
            for pid in (lost.pid, *children(lost.pid)):
                os.kill(pid, signal.SIGKILL)
            sent = queued(200) if busy else []
            taken_back_s = seconds_until_taken_back(app, ids)
            wait_until(lambda: app.inspector.stats("email").completed == len(sent), what="the other's mails to be sent")
            other.terminate()
            other.communicate(timeout=20)

    assert taken_back_s < 15
    assert other.returncode == 0
