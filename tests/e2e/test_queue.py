"""`notifyctl queue`: live control over all workers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from notifyctl.units import Rate
from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result


def test_pause_and_resume(ok: Callable[..., Result], audit: Callable[[], list[dict[str, str]]]) -> None:
    """Several at once, with a reason, which lists show and the audit log keeps."""
    ok("queue", "pause", "email", "whatsapp", "--reason", "wrong template")
    paused = ok("queue", "list", "-o", "json").json()
    ok("queue", "resume", "email", "--reason", "mended")

    assert [(queue["state"], queue["pause_reason"]) for queue in paused] == [("paused", "wrong template")] * 2
    assert ok("queue", "show", "email", "-o", "json").json()["state"] == "running"
    assert "wrong template" in ok("queue", "show", "whatsapp").out
    assert [(entry["verb"], entry["what"], entry["why"]) for entry in audit()] == [
        ("paused", "email", "wrong template"),
        ("paused", "whatsapp", "wrong template"),
        ("resumed", "email", "mended"),
    ]


def test_limit_wins_over_the_settings_until_it_is_cleared(ok: Callable[..., Result], app: App) -> None:
    """And the origin says so."""
    assert ok("queue", "limit", "email", "--rate", "5/s", "--max-active", "3").out == "email: at most 5/s, 3 at once\n"
    live = ok("queue", "show", "email", "-o", "json").json()
    assert ok("queue", "limit", "email", "--rate", "off", "--dry-run").out.endswith("(not set)\n")
    assert (live["rate"], live["rate_origin"], live["max_active"]) == ("5/s", "redis", 3)

    assert ok("queue", "limit", "email", "--clear").out == "email: no limit\n"
    assert app.inspector.stats("email").rate_origin == "settings"


def test_nothing_is_paused_if_one_name_is_wrong(redis_url: str, app: App) -> None:
    """All names are checked first."""
    result = run("queue", "pause", "email", "emial")

    assert result.code == 3
    assert "There are: email, whatsapp" in result.err
    assert not app.inspector.stats("email").paused


def test_show_has_one_queue_in_full(ok: Callable[..., Result], app: App, queued: Callable[..., list[str]]) -> None:
    """Its counts, each limit with where it was set, what holds it up, and how the settings say it is worked on."""
    queued(2)
    app.inspector.limit("email", rate=Rate(7))
    app.inspector.pause("email", reason="wrong template")

    shown = ok("queue", "show", "email").out
    found = ok("queue", "show", "email", "-o", "json", NOTIFYCTL_EMAIL_RATE="9/s").json()

    assert re.search(r"^waiting +2$", shown, re.MULTILINE)
    assert re.search(r"^oldest waiting +\d+m?s$", shown, re.MULTILINE)
    assert (found["rate"], found["rate_origin"], found["configured_rate"]) == ("7/s", "redis", "9/s")
    assert (found["state"], found["pause_reason"], found["blocked_reason"]) == ("paused", "wrong template", "")
    assert (found["concurrency"], found["retry_delays"]) == (5, ["10ms", "10ms", "10ms"])
    assert found["route"].startswith("outbox at ")


def test_show_tells_of_a_trial(ok: Callable[..., Result], app: App, queued: Callable[..., list[str]]) -> None:
    """A block is over, and the others wait for the first one: that is a state, with the reason of the block."""
    queued(2)
    block: dict[Any, Any] = {"blocked_until": "1", "blocked_ms": "30000", "blocked_reason": "throttled by sendgrid"}
    app.client("operator").hset("{notifyctl:email}:config", mapping=block)

    shown = ok("queue", "show", "email").out

    assert re.search(r"^state +trial$", shown, re.MULTILINE)
    assert re.search(r"^blocked because +throttled by sendgrid$", shown, re.MULTILINE)
    assert re.search(r"^after the block +one at a time, until one is sent$", shown, re.MULTILINE)
    assert ok("stats", "email", "-o", "json").json()["state"] == "trial"
