"""What a person who looks after customers is told: did it arrive, why not, what comes next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.jobs import Job
from notifyctl.engine.states import State
from notifyctl.views.answers import Tone, answer, order_answer
from tests.support.builders import queue_stats

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = 1_793_534_400_000


def a_job(*runs: dict[str, Any], job_id: str = "a1", queue: str = "email", **fields: Any) -> Job:
    """A job with this history, as the engine reads it; waiting, where nothing else is said."""
    stored = {"state": "waiting", "lane": 1, "created_at": NOON, "attempt": len(runs), **fields}
    stored |= {f"attempt:{number}": json.dumps(run) for number, run in enumerate(runs, 1)}
    return Job.parse(queue, job_id, {name.encode(): str(value).encode() for name, value in stored.items()})


def asked(provider: str, outcome: str, *, at_s: int = 0, code: str = "", error: str = "") -> dict[str, Any]:
    """A run that asked a provider."""
    one = {"provider": provider, "outcome": outcome, "provider_code": code, "error": error}
    run = {"attempt": 1, "outcome": outcome, "tries": [one], "started_at_ms": NOON + at_s * 1_000, "duration_ms": 40}
    return run | ({"error": error} if error else {})


SENT = a_job(asked("sendgrid", "sent"), state="completed", provider="sendgrid", provider_id="m1", finished_at=NOON)
REFUSED = asked("sendgrid", "permanent", code="550", error="no such recipient")
DEAD = a_job(REFUSED, state="dead", reason="permanent", finished_at=NOON)
HELD = a_job(
    asked("twilio", "in_doubt"), state="dead", reason="unknown_outcome", queue="whatsapp", provider="twilio", doubts=1
)
WITHDRAWN = a_job(state="cancelled", reason="superseded", finished_at=NOON)


@pytest.mark.parametrize(
    ("job", "word", "sentence", "follows"),
    [
        (SENT, "Yes", "SendGrid accepted the email", "Nothing more here: what became of it after that"),
        (replace(SENT, possible_duplicate=True), "Yes", "may have arrived twice", "Nothing more"),
        (replace(SENT, provider="outbox"), "In the sandbox", "nothing left this machine", ""),
        (replace(SENT, provider=""), "Done", "no provider was asked", ""),
        (DEAD, "No", "the email was refused for good: no such recipient", "Nothing by itself"),
        (replace(DEAD, duplicates=["sendgrid m9"]), "Yes", "SendGrid had accepted the email", "arrive twice"),
        (HELD, "Nobody can say", "Twilio was asked to send the WhatsApp message", "a person decides"),
        (replace(HELD, state=State.DELAYED, look=1), "Nobody can say yet", "answer was lost", "is asked whether"),
        (replace(HELD, state=State.WAITING, possible_duplicate=True), "Nobody can say", "lost", "once more"),
        (replace(HELD, state=State.CANCELLED), "Nobody can say", "cancelled since", "Nothing more"),
        (WITHDRAWN, "Withdrawn", "the email was not sent: a later event", "Nothing more"),
        (replace(DEAD, superseded_at_ms=NOON), "Withdrawn", "a later event of its order", "Nothing more"),
        (replace(WITHDRAWN, reason="expired"), "No", "too late", "Nothing more"),
        (a_job(), "Not yet", "the email waits in line", "as fast as the limit allows"),
        (a_job(release_reason="throttled by sendgrid"), "Not yet", "given back unsent: throttled by", "its turn"),
        (a_job(state="active"), "Any moment", "a worker is sending", "answer decides"),
        (a_job(state="delayed", due_at=NOON + 60_000), "Not yet", "planned for later", "It goes"),
        (a_job(asked("smtp", "transient", error="busy"), state="delayed"), "Not yet", "attempt 1 did", "Attempt 2"),
        (replace(DEAD, reason="brand_new"), "No", "the email was not sent: brand new", "a person"),
    ],
)
def test_answer_says_whether_it_was_sent_and_what_comes_next(job: Job, word: str, sentence: str, follows: str) -> None:
    """In each state, for each reason, also one that only a newer release knows."""
    said = answer(job)

    assert said.word == word
    assert sentence in said.sentence
    assert follows in said.follows


def test_answer_of_a_job_that_waits_names_what_holds_its_queue() -> None:
    """A pause, with its reason; a block by a provider; of a job that has ended neither matters."""
    paused = replace(queue_stats(), paused=True, pause_reason="bad template")
    blocked = replace(queue_stats(), blocked_ms=5_000, blocked_reason="throttled by sendgrid")

    assert (
        answer(a_job(), paused).follows == "The queue email is paused (bad template): it goes after somebody resumes it"
    )
    assert "throttled by sendgrid" in answer(a_job(), blocked).follows
    assert "paused" not in answer(DEAD, paused).follows


@pytest.mark.parametrize(
    ("jobs", "word", "sentence", "tone"),
    [
        ([SENT, SENT], "Yes", "2 of 2 messages were accepted", Tone.GOOD),
        ([SENT, WITHDRAWN], "Yes", "SendGrid accepted the email", Tone.GOOD),
        ([SENT, DEAD], "Not all", "1 of 2 messages was accepted, 1 not sent", Tone.BAD),
        ([SENT, a_job()], "Not all", "1 of 2 messages was accepted, 1 on the way", Tone.WAITS),
        ([DEAD, a_job(), HELD], "No", "1 on the way, 1 in doubt, 1 not sent", Tone.BAD),
        ([HELD, a_job()], "Nobody can say", "1 on the way, 1 in doubt", Tone.DOUBT),
        ([WITHDRAWN], "Withdrawn", "its message was withdrawn", Tone.PLAIN),
        ([replace(SENT, provider="outbox")] * 2, "In the sandbox", "all 2 messages lie in", Tone.GOOD),
    ],
)
def test_order_answer_sums_up_in_one_line(jobs: Sequence[Job], word: str, sentence: str, tone: Tone) -> None:
    """The worst news decides on the word; what was withdrawn counts for nothing."""
    said = order_answer(jobs)

    assert (said.word, said.tone) == (word, tone)
    assert sentence in said.sentence
