"""A run's entry in the history."""

from __future__ import annotations

import json

from notifyctl.engine.message import attempt_record
from tests.support.builders import a_notify_message, a_taken_job


def test_attempt_record_leaves_out_what_is_empty() -> None:
    """Only what there is to tell, zeros included."""
    assert json.loads(attempt_record(attempt=1, outcome="sent", code="", tries=[], duration_ms=0)) == {
        "attempt": 1,
        "outcome": "sent",
        "duration_ms": 0,
    }


def test_message_records_its_run() -> None:
    """Which run it was, how it ended, and who was asked."""
    message = a_notify_message(attempt=2)
    message.outcome, message.code, message.error = "transient", "503", "down"
    message.tries = [{"provider": "sendgrid"}]

    record = json.loads(message.record())

    assert record.pop("started_at_ms") > 0
    assert record.pop("duration_ms") >= 0
    assert record == {
        "attempt": 2, "outcome": "transient", "code": "503", "error": "down", "tries": [{"provider": "sendgrid"}],
    }  # fmt: skip


def test_message_records_that_it_was_a_look_up() -> None:
    """Nothing was sent: whoever reads the history must not take it for a run."""
    message = a_notify_message()
    message.job = a_taken_job(look=2)
    message.outcome, message.error = "in_doubt", "smtp cannot be asked for it"

    assert json.loads(message.record())["look_up"] == 2


def test_message_forgets_the_exception_it_is_told_to() -> None:
    """So that its frames can go."""
    message, error = a_notify_message(), ValueError()
    message.stuff_exception(error)
    kept = message.exception

    message.clear_exception()

    assert (kept, message.exception) == (error, None)
