"""The story of messages: what each provider answered, what people did, and what happens next, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifyctl.engine.jobs import Job, QueueStats
from notifyctl.views.story import step_record, story, what_next

NOON = 1_793_534_400_000


def a_job(*runs: dict[str, Any], **fields: Any) -> Job:
    """A job with this history, as the engine reads it."""
    stored = {"state": "dead", "lane": 1, "template": "order_confirmation", "created_at": NOON, **fields}
    stored |= {f"attempt:{number}": json.dumps(run) for number, run in enumerate(runs, 1)}
    return Job.parse("email", "a1", {name.encode(): str(value).encode() for name, value in stored.items()})


def stats(**changes: Any) -> QueueStats:
    """A queue that runs, but for these."""
    numbers = dict.fromkeys(QueueStats.__slots__, 0)
    return QueueStats(**{**numbers, "queue": "email", "paused": False, "pause_reason": "", **changes})


def test_story_names_each_provider_and_its_answer() -> None:
    """One attempt may ask two of them: each has its own step, in its own moment."""
    job = a_job(
        {
            "attempt": 1,
            "started_at_ms": NOON + 1_000,
            "outcome": "sent",
            "tries": [
                {"provider": "sendgrid", "outcome": "transient", "provider_code": "503", "error": "down", "duration_ms": 40},
                {"provider": "smtp", "outcome": "sent", "provider_code": "", "error": "", "duration_ms": 5},
            ],
        },
        state="completed", finished_at=NOON + 1_100, provider="smtp",
    )  # fmt: skip

    assert [(step.at_ms - NOON, step.what, step.tone) for step in story([job])] == [
        (0, "queued", "plain"),
        (1_000, "attempt 1: sendgrid could not take it just then (503: down)", "wait"),
        (1_040, "attempt 1: smtp accepted it", "good"),
        (1_100, "done: smtp has it", "good"),
    ]


def test_story_tells_a_look_up_from_an_attempt() -> None:
    """A mail cannot be looked up: nothing was sent in those runs, and nothing was learned."""
    runs = [
        {"attempt": 1, "started_at_ms": NOON, "outcome": "in_doubt", "provider": "smtp", "error": "no answer"},
        {
            "attempt": 1,
            "started_at_ms": NOON,
            "outcome": "in_doubt",
            "error": "smtp cannot be asked for it",
            "look_up": 1,
        },
    ]

    assert [step.what for step in story([a_job(*runs, state="delayed")])][1:] == [
        "attempt 1: smtp was asked and gave no answer: it may have arrived (no answer)",
        "look-up 1: smtp cannot be asked for it",
    ]


def test_story_tells_who_did_what() -> None:
    """What people did stands between the attempts, with their reason."""
    act = {"verb": "retried", "by": "ada@office", "why": "mended", "replay": "r1"}
    job = a_job(
        {"attempt": 1, "started_at_ms": NOON + 1_000, "outcome": "permanent", "code": "550", "error": "no such mailbox"},
        state="waiting", **{"act:1": f"{NOON + 2_000} {json.dumps(act)}"},
    )  # fmt: skip

    told = [step_record(step) for step in story([job])]

    assert [one["what"] for one in told] == [
        "queued",
        "attempt 1: it was refused for good (550: no such mailbox)",
        "sent on its way again by ada@office, with replay r1: mended",
    ]
    assert (told[2]["kind"], told[2]["by"]) == ("act", "ada@office")


def test_story_tells_of_a_later_event_and_of_late_evidence() -> None:
    """Both are why it must not be sent again."""
    job = a_job(
        reason="permanent", finished_at=NOON + 1_000, superseded=NOON + 5_000, **{"duplicate:w1:1": "twilio SM1"}
    )

    assert [step.what for step in story([job])] == [
        "queued",
        "twilio had accepted it after all, as SM1",
        "given up: it was refused for good",
        "a later event of its order made it wrong",
    ]


def test_story_of_several_jobs_is_in_the_order_of_time() -> None:
    """Over both channels."""
    late = a_job(state="waiting", created_at=NOON + 10)

    assert [step.at_ms - NOON for step in story([late, a_job(state="waiting")])] == [0, 10]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "waiting"}, "it goes as soon as its turn comes"),
        ({"state": "delayed", "due_at": NOON}, "it goes at 2026-11-01 12:00:00Z"),
        ({"state": "delayed", "due_at": NOON, "look": 1, "provider": "twilio"}, "twilio is asked at"),
        ({"state": "active", "provider": "smtp", "began_at": NOON}, "it is being sent, by smtp"),
        ({"state": "active"}, "it is being sent now"),
        ({"state": "dead"}, "nothing by itself"),
        ({"state": "dead", "superseded": NOON}, "it is not wanted any more"),
    ],
)
def test_what_next_says_what_will_happen(fields: dict[str, Any], said: str) -> None:
    """For each state, and for what it hangs on."""
    assert said in what_next(a_job(**fields))


def test_what_next_of_a_retry_says_when() -> None:
    """It has run before."""
    job = a_job({"attempt": 1, "outcome": "transient"}, state="delayed", due_at=NOON)

    assert what_next(job) == "it is tried again at 2026-11-01 12:00:00Z"


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_what_next_of_what_has_ended_is_nothing(state: str) -> None:
    """There is nothing to wait for."""
    assert what_next(a_job(state=state)) == ""


def test_what_next_heeds_a_queue_that_is_held_up() -> None:
    """A paused queue hands nothing out; a blocked one goes on by itself."""
    paused = what_next(a_job(state="waiting"), stats(paused=True, pause_reason="moving house"))
    resting = what_next(a_job(state="waiting"), stats(blocked_ms=30_000, blocked_reason="throttled by twilio"))

    assert paused == "it goes when somebody resumes its queue, which is paused (moving house)"
    assert resting == "it goes when its queue goes on, which rests for 30 s: throttled by twilio"


def test_story_of_one_millisecond_begins_with_what_a_person_did() -> None:
    """Whoever sent it again did so before it went, however fast that was."""
    run = {"attempt": 1, "started_at_ms": NOON, "outcome": "sent", "tries": [{"provider": "smtp", "outcome": "sent"}]}
    act = f"{NOON} {json.dumps({'verb': 'retried', 'by': 'ada'})}"
    job = a_job(run, state="completed", finished_at=NOON, provider="smtp", **{"act:1": act})

    assert [step.kind for step in story([job])] == ["queued", "act", "attempt", "ended"]
