"""The screen of `stats --watch`: it fits its window, and says what it leaves out."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from notifyctl.cli._screen import PLAIN_BLOCKS, Look, columns, screen, sparkline
from notifyctl.delivery.circuits import Circuit, Kind
from notifyctl.engine.events import Event
from notifyctl.engine.fleet import Report, Worker
from notifyctl.views.pace import Pace

AT_MS = 1_793_534_400_000


def a_queue(name: str, **fields: Any) -> dict[str, Any]:
    """A queue as `queue_records` has it."""
    return {
        "queue": name, "state": "running", "pause_reason": "", "blocked_reason": "", "waiting": 12_345, "active": 5,
        "delayed": 0, "dlq": 3, "oldest_waiting_ms": 130_000, "workers": 2, "rate": "10/s", "rate_origin": "settings",
        "max_active": 0, "circuits": [], "spooled": 0, **fields,
    }  # fmt: skip


def drawn(*queues: dict[str, Any], width: int = 80, height: int = 24, away: str = "", **parts: Any) -> list[str]:
    """The lines of a screen."""
    names = [queue["queue"] for queue in queues]
    minutes = [*range(columns(width) - 1), 7]
    pace = Pace(minutes, [0], 9.8, 9.9, 0.99, 10.2, 0.1, 0.0)
    look = Look(
        queues,
        dict.fromkeys(names, pace),
        dict.fromkeys(names, minutes),
        parts.get("circuits", [Circuit("sendgrid"), Circuit("smtp")]),
        parts.get("workers", [Worker("w1", AT_MS, Report(threads=8, active=5, oldest_job="x", oldest_ms=3_000))]),
        parts.get("events", []),
        AT_MS,
        parts.get("notes", []),
    )
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, color_system=None)
    console.print(screen(look, timedelta(seconds=2), away, console))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (60, 16)])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_screen_fits_its_window(width: int, height: int, count: int) -> None:
    """However many queues there are: what has no room is counted, and nothing is wider than the window."""
    events = [Event(f"{number}-0", AT_MS, "circuit_opened", {"reason": "long " * 60}) for number in range(8)]
    circuits = [{"provider": "sendgrid", "reason": "long " * 60, "until": "2026-11-24T19:30:00.000Z"}]
    queues = [a_queue(f"queue{number}", circuits=circuits) for number in range(count)]
    lines = drawn(*queues, width=width, height=height, events=events, away="Redis is away")

    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    shown = sum(line.startswith("queue") for line in lines)
    left_out = [line for line in lines if line.startswith("… and ")]
    assert left_out == (
        [f"… and {count - shown} more: name queues, or make the window larger"] if shown < count else []
    )
    assert any(line.startswith("  workers ") for line in lines)


def test_screen_tells_of_all_that_an_operator_asks() -> None:
    """State and why, counts, rates, the limit and its use, circuits, workers."""
    text = "\n".join(
        drawn(
            a_queue("email", state="paused", pause_reason="template is wrong", rate_origin="redis"),
            circuits=[Circuit("sendgrid", Kind.ACCOUNT, wait_ms=5), Circuit("smtp")],
        )
    )

    for words in (
        "email  paused  template is wrong", "waiting 12,345", "dlq 3", "oldest waiting 2m10s", "in 10.2   sent 9.8",
        "10/s", "99% used", "set by an operator", "sendgrid open, smtp closed", "5 of 8 threads busy",
        "the oldest job in progress for 3s",
    ):  # fmt: skip
        assert words in text


def test_screen_says_that_nobody_works() -> None:
    """What to do stands beside it."""
    assert any("notifyctl worker" in line for line in drawn(a_queue("email"), workers=[]))


def test_screen_keeps_what_a_provider_says_from_moving_the_cursor() -> None:
    """Reasons are somebody else's words."""
    evil = "\x1b[2Jgone\nand over"
    lines = drawn(
        a_queue(
            "email",
            state="blocked",
            blocked_reason=evil,
            circuits=[{"provider": "smtp", "reason": evil, "until": None}],
        ),
        events=[Event("1-0", AT_MS, "circuit_opened", {"reason": evil})],
    )

    assert not any("\x1b" in line for line in lines)
    assert len(lines) <= 24


def test_sparkline_shows_the_highest_and_leaves_nothing_blank() -> None:
    """Anything at all is seen beside much; nothing is a blank; terminals without Unicode get marks."""
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
    assert sparkline([1, 10_000]) == "▁█"
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""
    assert sparkline([0, 5], PLAIN_BLOCKS) == " @"
