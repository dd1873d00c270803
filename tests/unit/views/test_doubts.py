"""What is said of a message that may have been sent: every doubt, every look-up of it, and what came to light later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifyctl.engine.jobs import Job
from notifyctl.views.doubts import in_doubt, may_repeat, told

SECOND = 1_000
NOON = 1_793_534_400_000


def asked(provider: str, outcome: str, at_s: int = 0) -> dict[str, Any]:
    """A run that asked a provider."""
    tries = [{"provider": provider, "outcome": outcome}]
    return {"attempt": 1, "outcome": outcome, "tries": tries, "started_at_ms": NOON + at_s * SECOND}


def cut_off(provider: str, at_s: int = 0) -> dict[str, Any]:
    """A run whose worker was lost in a send."""
    return {"attempt": 1, "outcome": "in_doubt", "provider": provider, "started_at_ms": NOON + at_s * SECOND}


def a_job(*runs: dict[str, Any], **fields: Any) -> Job:
    """A dead letter with this history, as the engine reads it."""
    stored = {"state": "dead", "reason": "unknown_outcome", "lane": 1, **fields}
    stored |= {f"attempt:{number}": json.dumps(run) for number, run in enumerate(runs, 1)}
    return Job.parse("email", "a1", {name.encode(): str(value).encode() for name, value in stored.items()})


def test_each_doubt_has_its_line_and_its_own_look_ups() -> None:
    """The look-ups of the first send are not counted to the second one, nor the other way round."""
    job = a_job(
        cut_off("twilio"), asked("twilio", "not_found", 60), asked("twilio", "not_found", 120),
        asked("smtp", "in_doubt", 130), asked("smtp", "look_up_failed", 190), possible_duplicate=1,
    )  # fmt: skip

    assert told(job) == [
        "nobody can say whether this message was sent: twilio was asked at 2026-11-01 12:00:00Z",
        "twilio was then asked for it 2 times, and knew of no such message",
        "nor whether it was sent once more: smtp was asked at 2026-11-01 12:02:10Z",
        "smtp could not be asked for it once",
        "to send it again, which may be twice: notifyctl dlq retry a1",
    ]


@pytest.mark.parametrize("reason", ["retries_exhausted", "permanent", "lost_worker"])
def test_resent_one_that_died_otherwise_is_in_doubt(reason: str) -> None:
    """That its second send failed says nothing of the first one."""
    job = a_job(asked("sendgrid", "in_doubt"), asked("smtp", "permanent", 9), reason=reason, possible_duplicate=1)

    assert in_doubt(job)
    assert told(job)[:2] == [
        "nobody can say whether this message was sent: sendgrid was asked at 2026-11-01 12:00:00Z",
        "sendgrid was not asked for it: look into its own log, for message a1",
    ]


def test_doubts_of_an_earlier_life_are_told_as_such() -> None:
    """Somebody knew of them and sent it again all the same: they are one line, without their look-ups."""
    job = a_job(
        asked("twilio", "in_doubt"), asked("twilio", "not_found", 60), asked("twilio", "in_doubt", 700),
        replayed_at=NOON + 600 * SECOND, possible_duplicate=1,
    )  # fmt: skip

    assert told(job)[:3] == [
        "nobody can say whether this message was sent: twilio was asked at 2026-11-01 12:11:40Z",
        "twilio was not asked for it: look into its own log, for message a1",
        "nor whether it was sent by twilio before somebody sent it again at 2026-11-01 12:10:00Z",
    ]


def test_evidence_that_came_late_is_told_first() -> None:
    """What had been accepted after all is no doubt any more, and sending it again still asks."""
    job = a_job(
        cut_off("sendgrid"), asked("smtp", "transient", 9),
        reason="retries_exhausted", possible_duplicate=1, **{"duplicate:w1:1": "sendgrid SG1"},
    )  # fmt: skip

    assert told(job) == [
        "sendgrid had accepted it after all, as SG1",
        "to send it again, which is twice: notifyctl dlq retry a1",
    ]
    assert (in_doubt(job), may_repeat(job)) == (False, True)


def test_run_that_left_no_word_of_its_provider_is_told_by_the_job() -> None:
    """A send cut off in a hurry: the job itself knows who was asked last, and when."""
    job = a_job({"attempt": 1, "outcome": "error", "code": "Shutdown"}, provider="smtp", began_at=NOON)

    assert told(job)[0] == "nobody can say whether this message was sent: smtp was asked at 2026-11-01 12:00:00Z"


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"state": "delayed", "look": 1, "reason": "", "due_at": NOON}, "it is looked up at 2026-11-01 12:00:00Z"),
        ({"state": "waiting", "possible_duplicate": 1, "reason": ""}, "it is sent once more, which may be twice"),
        ({"state": "cancelled", "possible_duplicate": 1, "reason": "expired"}, "for message a1"),
    ],
)
def test_last_line_says_what_follows(fields: dict[str, Any], ends: str) -> None:
    """By itself, where no person has to decide."""
    assert told(a_job(asked("smtp", "in_doubt"), **fields))[-1].endswith(ends)


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "permanent"},
        {"state": "completed", "possible_duplicate": 1, "duplicate:w1:1": "smtp m1", "reason": ""},
    ],
)
def test_nothing_is_said_where_nothing_is_in_doubt(fields: dict[str, Any]) -> None:
    """Neither of a message that surely did not go, nor of one that did."""
    job = a_job(asked("smtp", "permanent"), **fields)

    assert (told(job), may_repeat(job)) == ([], False)
