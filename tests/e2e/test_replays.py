"""Dead letters sent again in bulk: by workers, whatever becomes of who asked, and of the workers."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

from notifyctl.app import build
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.states import State
from notifyctl.notification import Channel
from notifyctl.settings import Settings
from tests.e2e.test_worker import working
from tests.support.cli import run, start
from tests.support.dead import bury, carry_out
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result
    from tests.support.server import Server

    Audit = Callable[[], list[dict[str, str]]]


def test_replay_goes_on_when_its_terminal_and_its_worker_are_killed(app: App, dead: Callable[..., list[str]]) -> None:
    """At its rate, one after the other; at the end its counts add up, and each message went once."""
    ids = dead(40)

    with working("--processes", "1") as worker:
        wait_until(lambda: bool(app.fleet.workers()), what="a worker")
        asked = start("dlq", "retry", "--all", "--yes", "--rate", "20/s", "--wait")
        wait_until(lambda: any(one.replayed > 3 for one in app.replays.list()), what="some to go")
        asked.kill()
        asked.communicate()
        os.kill(app.fleet.workers()[0].report.pid, signal.SIGKILL)
        (replay,) = app.replays.list()
        before = replay.replayed
        wait_until(lambda: app.replays.list()[0].state == "done", what="the replay to end")
        worker.terminate()
        worker.communicate(timeout=20)

    done = app.replays.get(replay.replay_id)
    assert before < len(ids)
    assert (done.total, done.replayed, done.skipped, done.failed, done.left) == (len(ids), len(ids), {}, 0, 0)
    assert done.finished_at_ms - done.started_at_ms >= (len(ids) - 1) * 50
    jobs = [app.inspector.job(job_id) for job_id in ids]
    assert {job.replays for job in jobs} == {1}
    assert State.DEAD not in {job.state for job in jobs}


def test_replay_skips_what_must_not_go_and_says_why(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App, audit: Audit
) -> None:
    """Before it starts, and when it is done; its start is audited."""
    dead(2)
    app.notifier.queue_email("test_message", {}, to="ada@example.com", idempotency_key="7")
    (unwanted,) = bury(app, 1)
    (accepted,) = dead(1)
    app.notifier.supersede([(Channel.EMAIL, "7")])
    app.client("operator").hset(QueueKeys("notifyctl", "email").job(accepted), "evidence", "smtp 1")
    told = "skipped 2 (1 already accepted, 1 not wanted any more)"

    assert ok("dlq", "retry", "--all", "--dry-run").out == f"would be retried 2, {told}\n"
    started = ok("dlq", "retry", "--all", "--yes", "--reason", "mended", "-o", "json").json()
    carry_out(app)
    page = ok("dlq", "replays", started["id"]).out
    found = ok("dlq", "replays", started["id"], "-o", "json").json()

    assert (started["state"], started["total"], started["left"], started["priority"]) == ("running", 4, 2, "low")
    assert (found["state"], found["replayed"], found["left"]) == ("done", 2, 0)
    assert found["skipped"] == {"accepted": 1, "superseded": 1, "too_old": 0, "changed": 0}
    assert "2 (1 already accepted, 1 not wanted any more)" in page
    (entry,) = [entry for entry in audit() if entry["verb"] == "replay started"]
    assert entry["why"] == "mended"
    refused = run("dlq", "retry", unwanted)
    assert refused.code == 1
    assert "it is not wanted any more: a later event of its order made it wrong at" in refused.err
    assert app.inspector.job(unwanted).state is State.DEAD


def test_replay_is_cancelled_and_listed(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App, audit: Audit
) -> None:
    """What is left stays dead; it cannot be cancelled twice, and what there is not is not found."""
    dead(3)
    replay_id = ok("dlq", "retry", "--code", "550", "--rate", "1/min", "--yes", "-o", "id").out.strip()

    assert ok("dlq", "replays", "--cancel", replay_id, "--reason", "wrong").out == "retried 0, left 3\n"

    (listed,) = ok("dlq", "replays", "-o", "json").json()
    assert (listed["id"], listed["state"], listed["which"]) == (replay_id, "cancelled", "email or whatsapp, code 550")
    assert (listed["rate"], listed["cancelled_reason"]) == ("1/min", "wrong")
    assert replay_id in ok("dlq", "replays").out
    assert app.inspector.stats("email").dlq == 3
    assert audit()[-1]["verb"] == "replay cancelled"
    assert run("dlq", "replays", replay_id, "--cancel").code == 1
    assert run("dlq", "replays", replay_id, "--watch").code == 6
    assert run("dlq", "replays", "nothing").code == 3
    assert run("dlq", "replays", "--watch").code == 2


def test_replay_is_followed_over_a_time_without_redis(own_server: Server) -> None:
    """Who waits for it is told that it goes on, and waits on."""
    app = build(Settings.load(redis={"url": own_server.url}))
    for _ in range(2):
        app.notifier.queue_email("test_message", {}, to="ada@example.com")
    bury(app, 2)
    asked = start("dlq", "retry", "--all", "--yes", "--rate", "1/min", "--wait", REDIS_URL=own_server.url)
    assert asked.stderr is not None
    assert "no worker runs" in asked.stderr.readline()

    own_server.kill()
    assert "still trying" in asked.stderr.readline()
    own_server.start()
    (replay,) = app.replays.list()
    app.replays.cancel(replay.replay_id, by="ada")

    _, said = asked.communicate(timeout=20)
    assert (asked.returncode, said) == (6, "cancelled by ada\n")


def test_replay_options_that_make_no_sense_are_refused(dead: Callable[..., list[str]], redis_url: str) -> None:
    """Each with a word why."""
    del redis_url
    (job_id,) = dead(1)

    assert "it goes with filters" in run("dlq", "retry", job_id, "--max-age", "1h").err
    assert "prints ids" in run("dlq", "retry", "--all", "--dry-run", "-o", "id").err
    assert "give either ids or a filter" in run("dlq", "retry", job_id, "--code", "550").err


def test_worker_that_drains_carries_replays_out_first(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App
) -> None:
    """It ends when nothing is left to do, and this is something."""
    dead(3)
    ok("dlq", "retry", "--all", "--yes", "--max-age", "1h", "--lane", "high")

    ok("worker", "--drain")

    assert app.replays.list()[0].state == "done"
    assert app.inspector.stats("email").completed == 3


def test_purge_of_what_a_filter_finds(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App, audit: Audit
) -> None:
    """The oldest first, with entries in the audit log for all of them together."""
    ids = dead(5)

    refused = run("dlq", "purge", "--all")
    assert "dead letters to be given up for good: 5" in refused.err
    assert "… and 2 more" in refused.err
    assert ok("dlq", "purge", "--code", "550", "--limit", "2", "--yes", "-o", "json").json()["count"] == 2
    assert set(ok("dlq", "list", "-o", "id").out.split()) == set(ids[2:])
    assert ok("dlq", "purge", "--all", "--yes").out == "purged 3\n"

    first, second = [entry for entry in audit() if entry["verb"] == "purged"]
    assert json.loads(first["filters"]) == {"queue": ["email", "whatsapp"], "code": "550"}
    assert [json.loads(entry["counts"])["purged"] for entry in (first, second)] == [2, 3]
    assert app.inspector.stats("email").dlq == 0


def test_export_prints_each_as_a_line(ok: Callable[..., Result], dead: Callable[..., list[str]], audit: Audit) -> None:
    """Masked, unless somebody asks, which is audited."""
    ids = dead(3)

    lines = ok("dlq", "export", "--limit", "2").out.splitlines()
    revealed = ok("dlq", "export", "--reveal").out

    assert [line.split('"')[3] for line in lines] == ids[:0:-1]
    assert "ada@" not in "".join(lines)
    assert revealed.count("ada@example.com") == 3
    assert [entry["verb"] for entry in audit()] == ["revealed"]
