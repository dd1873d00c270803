"""From made-up orders to messages in the outbox, with the commands that the README begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import Result


def test_made_up_orders_are_queued_sent_and_counted(ok: Callable[..., Result], tmp_path: Path) -> None:
    """Twenty orders become forty messages in the outbox, and the stats say so."""
    made = ok("order", "test", "--count", "20", "-o", "json").json()
    ok("worker", "--drain")
    stats = ok("stats", "-o", "json").json()

    assert made["queued"] == 40
    assert [(queue["queue"], queue["completed"], queue["waiting"]) for queue in stats] == [
        ("email", 20, 0),
        ("whatsapp", 20, 0),
    ]
    assert len(list((tmp_path / "state" / "outbox" / "email").glob("*.eml"))) == 20
    assert len(list((tmp_path / "state" / "outbox" / "whatsapp").glob("*.json"))) == 20


def test_a_dead_letter_is_retried_and_sent(ok: Callable[..., Result]) -> None:
    """`dlq retry <id>` sends it again, under the same id."""
    ok("order", "test", "--count", "2", "--fail-rate", "1")
    fast = {"NOTIFYCTL_EMAIL_RETRY_DELAYS": "10ms,10ms,10ms"}
    ok("worker", "--drain", **fast)
    (dead,) = ok("dlq", "list", "-o", "json").json()

    retried = ok("dlq", "retry", dead["id"], "-o", "json").json()
    ok("worker", "--drain", **fast)

    assert retried == [{"id": dead["id"], "result": "retried", "v": 1}]
    again = ok("dlq", "show", dead["id"], "-o", "json").json()
    assert again["replays"] == 1
    assert again["to"].count("*") >= 3
    assert [attempt["outcome"] for attempt in again["attempts"]] == ["permanent", "permanent"]
