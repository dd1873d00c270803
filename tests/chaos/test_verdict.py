"""The judge of chaos runs finds what it is there to find: each promise, broken by hand."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.engine.jobs import Job
from tests.chaos.fleet import STALL, Kill
from tests.chaos.providers.ledger import Copy, Told
from tests.chaos.verdict import breaches, cases


def _job(state: str = "completed", **fields: str) -> Job:
    stored = {"state": state, "order": "0", **fields}
    return Job.parse("email", "j1", {name.encode(): value.encode() for name, value in stored.items()})


def _copy(start: float, told: Told = Told.ACCEPTED, *, taken: bool = True, **fields: Any) -> Copy:
    return Copy(
        **{
            "provider": "sendgrid",
            "order": "0",
            "job": "j1",
            "fault": "",
            "start": start,
            "end": start + 1,
            "taken": "m1" if taken else "",
            "told": told,
            **fields,
        }
    )


def _rules(
    job: Job | None, *copies: Copy, policy: Any = "resend", hits: int = 0, kind: str = "worker process"
) -> list[str]:
    """The broken rules of the one message that was judged."""
    kills = [Kill(kind, 0.0, frozenset({"j1"}))] * hits
    found = cases(1, [job] if job else [], copies, kills)
    return [breach.rule for breach in breaches(found, policy) if breach.queue == "email"]


_FLAGGED = {"possible_duplicate": "1"}
_REFUSED = _copy(0, Told.REFUSED, taken=False, fault="400 recipient", final=True)
_LOST_ANSWER = _copy(0, Told.UNKNOWN, fault="reset after")


@pytest.mark.parametrize(
    ("job", "copies"),
    [
        (_job(), [_copy(0)]),
        (_job(), [_copy(0, Told.REFUSED, taken=False), _copy(2)]),
        (_job("dead", reason="permanent"), [_REFUSED]),
        (_job(**_FLAGGED), [_LOST_ANSWER, _copy(2)]),
        (_job("dead", reason="unknown_outcome", **_FLAGGED), [_LOST_ANSWER, _copy(2, Told.UNKNOWN)]),
    ],
)
def test_verdict_lets_what_is_promised_pass(job: Job, copies: list[Copy]) -> None:
    """An accepted message, a refused one, and one in doubt that went once more."""
    assert _rules(job, *copies) == []


@pytest.mark.parametrize(
    ("job", "copies"),
    [
        (None, []),
        (_job(), []),
        (_job(), [_REFUSED]),
        (_job("waiting"), [_copy(0)]),
        (_job("cancelled", reason="expired"), []),
        (_job("dead", reason="permanent"), [_copy(0)]),
        (_job("dead", reason="unknown_outcome"), [_LOST_ANSWER]),
        (_job("dead", reason="retries_exhausted"), [_copy(0, Told.REFUSED, taken=False)]),
        (_job("dead", reason="lost_worker"), [_copy(0)]),
        (_job("dead", reason="account"), [_copy(0)]),
        (_job("dead", reason="something new"), [_copy(0)]),
    ],
)
def test_verdict_finds_what_is_lost(job: Job | None, copies: list[Copy]) -> None:
    """No job, no acceptance, no end, or an end that no injected fault explains."""
    assert _rules(job, *copies) == ["lost"]


def test_verdict_finds_a_repeat_after_an_acknowledgement() -> None:
    """Only a kill in between explains it."""
    job, copies = _job(**_FLAGGED), [_copy(0), _copy(2)]

    assert _rules(job, *copies) == ["knowingly_repeated"]
    assert _rules(job, *copies, hits=1) == []


def test_verdict_finds_a_repeat_after_a_refusal_for_good() -> None:
    """What a provider will never take is not sent again."""
    assert _rules(_job(), _REFUSED, _copy(2)) == ["knowingly_repeated"]


def test_verdict_finds_a_copy_that_overlaps_another() -> None:
    """The second came while the first was being handled; a stalled worker cannot hang up, and is none's fault."""
    job, copies = _job(**_FLAGGED), [_LOST_ANSWER, _copy(0.5)]

    assert _rules(job, *copies) == ["overlapped"]
    assert _rules(job, *copies, hits=1) == ["overlapped"]
    assert _rules(job, *copies, hits=1, kind=STALL) == []


def test_verdict_finds_a_third_copy() -> None:
    """Two in doubt are the most."""
    copies = [_LOST_ANSWER, _copy(2, Told.UNKNOWN), _copy(4)]

    assert _rules(_job(**_FLAGGED), *copies) == ["sent_too_often"]


def test_verdict_finds_a_repeat_under_hold() -> None:
    """With `hold`, not even the first doubt is sent again; it waits as a dead letter."""
    held = _job("dead", reason="unknown_outcome")

    assert _rules(held, _LOST_ANSWER, policy="hold") == []
    assert _rules(_job(**_FLAGGED), _LOST_ANSWER, _copy(2), policy="hold") == ["sent_too_often", "resent_under_hold"]


def test_verdict_lets_a_client_know_or_doubt_a_reset_that_crossed_its_dot() -> None:
    """One that had not ended its mail sends it again, one that had holds it: both are right."""
    cut_off = _copy(0, Told.EITHER, taken=False, fault="reset before dot")

    assert _rules(_job(), cut_off, _copy(2), policy="hold") == []
    assert _rules(_job("dead", reason="unknown_outcome"), cut_off, policy="hold") == []


def test_verdict_finds_a_repeat_of_which_the_queue_says_nothing() -> None:
    """A duplicate is flagged, or an operator cannot know of it."""
    assert _rules(_job(), _LOST_ANSWER, _copy(2)) == ["unflagged"]
