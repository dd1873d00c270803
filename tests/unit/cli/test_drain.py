"""When a draining worker may end, on made-up looks at a queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notifyctl.cli._drain import Drain
from notifyctl.engine.jobs import QueueStats
from notifyctl.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = QueueStats(
    queue="email", waiting=0, active=0, delayed=0, completed=0, failed=0, dlq=0, cancelled=0, possible_duplicates=0,
    paused=False,
    pause_reason="", rate="10/s", rate_origin="settings", max_active=0, blocked_ms=0, trial=False, blocked_reason="",
    oldest_waiting_ms=0, next_due_ms=0,
)  # fmt: skip


class _Inspector:
    """Shows whatever the test puts here, and counts how often it was asked."""

    def __init__(self, **stats: Any) -> None:
        self.look = replace(EMPTY, **stats)
        self.retrying = False
        self.has_replay = False
        self.away = False
        self.asked = 0

    def between_attempts(self, _: str) -> bool:
        return self.retrying

    def replaying(self) -> bool:
        return self.has_replay

    def stats(self, _: str) -> QueueStats:
        self.asked += 1
        if self.away:
            raise BrokerUnavailable("away")
        return self.look


def _drain(inspector: _Inspector) -> tuple[Drain, Callable[[], bool]]:
    """A drain, and a question to it half a second later."""
    seconds = [0.0]
    drain = Drain(inspector, ["email"], clock=lambda: seconds[0])  # type: ignore[arg-type]

    def later() -> bool:
        seconds[0] += 0.5
        return drain()

    return drain, later


def test_a_bulk_replay_is_waited_for() -> None:
    """It is going to put something into the queues."""
    inspector = _Inspector()
    inspector.has_replay = True
    _, later = _drain(inspector)

    assert [later(), later(), later()] == [False] * 3
    inspector.has_replay = False
    assert [later(), later()] == [False, True]


def test_an_empty_queue_ends_at_the_second_look() -> None:
    """One look is not enough: a job could be on its way between two sets."""
    drain, later = _drain(_Inspector())

    assert [later(), later()] == [False, True]
    assert drain.done


def test_work_keeps_the_worker() -> None:
    """Waiting, active, or between two attempts."""
    for inspector in (_Inspector(waiting=1), _Inspector(active=1), _Inspector(delayed=1)):
        inspector.retrying = bool(inspector.look.delayed)
        _, later = _drain(inspector)

        assert [later() for _ in range(4)] == [False] * 4


def test_jobs_scheduled_for_later_are_left_and_counted() -> None:
    """They are delayed, and have not run yet."""
    drain, later = _drain(_Inspector(delayed=3))

    assert [later(), later()] == [False, True]
    assert drain.done
    assert drain.scheduled == {"email": 3}


def test_a_paused_queue_with_work_ends_undone() -> None:
    """As nothing would ever change by itself; with the reason."""
    drain, later = _drain(_Inspector(waiting=1, paused=True, pause_reason="typo"))

    assert [later(), later()] == [False, True]
    assert not drain.done
    assert drain.stuck == {"email": "is paused (typo)"}


def test_a_queue_that_is_blocked_for_long_ends_undone_when_nothing_is_in_progress() -> None:
    """Its provider asked for a rest of an hour."""
    inspector = _Inspector(waiting=1, active=1, blocked_ms=3_600_000, blocked_reason="throttled")
    drain, later = _drain(inspector)
    assert [later(), later()] == [False, False]

    inspector.look = replace(inspector.look, active=0)

    assert [later(), later()] == [False, True]
    assert drain.stuck == {"email": "is blocked for another 3600 s (throttled)"}


def test_a_short_rest_is_waited_for() -> None:
    """A second, and all goes on."""
    inspector = _Inspector(waiting=1, blocked_ms=900, blocked_reason="throttled")
    drain, later = _drain(inspector)
    assert [later(), later()] == [False, False]

    inspector.look = replace(EMPTY, completed=1)

    assert [later(), later()] == [False, True]
    assert drain.done


def test_rests_without_any_progress_end_undone() -> None:
    """A provider that says no again and again; as long as something goes in between, it is waited for."""
    inspector = _Inspector(waiting=9, blocked_ms=30_000, blocked_reason="sendgrid refuses the account")
    drain, later = _drain(inspector)
    assert [later() for _ in range(60)] == [False] * 60

    inspector.look = replace(inspector.look, completed=1)
    assert [later() for _ in range(90)] == [False] * 90

    assert [later() for _ in range(4)][-1]
    assert drain.stuck == {"email": "is blocked for another 30 s (sendgrid refuses the account)"}


def test_a_paused_queue_without_work_is_done() -> None:
    """There is nothing that the pause holds up."""
    drain, later = _drain(_Inspector(paused=True))

    assert [later(), later()] == [False, True]
    assert drain.done


def test_a_server_that_is_away_is_waited_for() -> None:
    """And what was seen before counts no more."""
    inspector = _Inspector()
    _, later = _drain(inspector)
    assert not later()

    inspector.away = True
    assert [later(), later()] == [False, False]
    inspector.away = False

    assert [later(), later()] == [False, True]


def test_the_server_is_not_asked_all_the_time() -> None:
    """Not twice at the same moment."""
    inspector = _Inspector(waiting=1)
    drain, later = _drain(inspector)
    later()

    assert [drain(), drain()] == [False, False]
    assert inspector.asked == 1
