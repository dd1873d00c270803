"""`notifyctl audit`, `events` and `metrics`: what people did, what happened by itself, and all of it as numbers."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING

from tests.support.cli import run, start

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.app import App
    from tests.support.cli import Result


def test_audit_list_tells_who_did_what_and_why(ok: Callable[..., Result]) -> None:
    """The newest first; by verb, by what, page by page."""
    ok("queue", "pause", "email", "--reason", "template is wrong")
    ok("queue", "resume", "email")
    ok("queue", "pause", "whatsapp")

    acts = ok("audit", "list", "-o", "json").json()
    assert [(act["verb"], act["what"]) for act in acts] == [
        ("paused", "whatsapp"),
        ("resumed", "email"),
        ("paused", "email"),
    ]
    assert acts[2]["why"] == "template is wrong"
    assert "@" in acts[2]["by"]
    assert [act["what"] for act in ok("audit", "list", "--verb", "paused", "--what", "email", "-o", "json").json()] == [
        "email"
    ]
    table = ok("audit", "list", "--limit", "1")
    assert "whatsapp" in table.out
    assert "meant" not in table.out
    cursor = table.err.split("--cursor ")[1].split()[0]
    assert [act["verb"] for act in ok("audit", "list", "--cursor", cursor, "-o", "json").json()] == [
        "resumed",
        "paused",
    ]
    assert ok("audit", "list", "--by", "nobody").err == "no such entries\n"


def test_events_tail_shows_the_newest_as_lines_and_as_json(ok: Callable[..., Result], app: App) -> None:
    """The oldest of them first."""
    for number in range(3):
        app.events.add("circuit_opened", provider=f"p{number}", cause="account", reason="401 wrong key")

    lines = ok("events", "tail", "-n", "2").out.splitlines()
    assert [line.split("  ")[1] for line in lines] == ["circuit_opened"] * 2
    assert lines[1].endswith("provider p2, cause account, reason 401 wrong key")
    events = [json.loads(line) for line in ok("events", "tail", "-o", "jsonl").out.splitlines()]
    assert [event["about"]["provider"] for event in events] == ["p0", "p1", "p2"]
    assert run("events", "tail", "-f", "-o", "json").code == 2


def test_events_tail_follows_and_ends_well(redis_url: str, app: App) -> None:
    """Each event as it comes; Ctrl-C ends it with 0."""
    app.events.add("circuit_opened", provider="before")
    seen = threading.Event()

    def go_on() -> None:  # until it follows, events are ones that it leaves out
        while not seen.wait(0.05):
            app.events.add("circuit_closed", provider="a")

    teller = threading.Thread(target=go_on)
    with start("events", "tail", "-n", "0", "-f", "-o", "jsonl") as process:
        teller.start()
        assert process.stdout is not None
        event = json.loads(process.stdout.readline())
        seen.set()
        teller.join()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert (event["kind"], event["about"]) == ("circuit_closed", {"provider": "a"})
    assert (process.returncode, err) == (0, "")


def test_metrics_are_printed_and_end_with_5_without_redis(ok: Callable[..., Result], client: redis.Redis) -> None:
    """What is known of this machine is told all the same."""
    assert 'notifyctl_jobs{queue="email",state="waiting"} 0.0\n' in ok("metrics").out

    away = run("metrics", REDIS_URL="redis://127.0.0.1:1")
    assert away.code == 5
    assert "notifyctl_up 0.0\n" in away.out
    assert 'notifyctl_spool_messages{queue="email"} 0.0\n' in away.out
    assert away.err
