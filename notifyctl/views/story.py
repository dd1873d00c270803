"""What became of messages, step by step, in words that a support person understands; and what happens next.

The story of one job, or of all jobs of an order over its channels: when it was queued, whom each attempt asked and what
they answered, what people did about it, and how it ended. Nothing personal is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from notifyctl.engine.states import State
from notifyctl.views.times import iso, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from notifyctl.engine.jobs import Job, QueueStats

__all__ = ["Step", "reason_words", "step_record", "story", "what_next"]

#: How a step looks to whom it is told: good, bad, or to be watched.
Tone = Literal["plain", "good", "bad", "wait"]

#: A provider's answer, as a sentence that its name begins.
_ANSWERS: Final = {
    "sent": "accepted it",
    "transient": "could not take it just then",
    "throttled": "asked for fewer messages",
    "permanent": "refused it for good",
    "in_doubt": "was asked and gave no answer: it may have arrived",
    "crashed": "was asked and gave no answer: it may have arrived",
    "found": "was looked up, and had accepted it",
    "not_found": "was looked up, and knows of no such message",
    "look_up_failed": "could not be asked what became of it",
    "no_provider": "was not asked",
}
#: Answers that are about an earlier attempt: nothing was sent.
_LOOK_UPS: Final = ("found", "not_found", "look_up_failed")
#: What a run came to that asked no provider.
_OUTCOMES: Final = {
    "sent": "it was sent",
    "transient": "it could not be sent just then",
    "permanent": "it was refused for good",
    "in_doubt": "nobody can say whether it was sent",
    "lost_worker": "its worker was lost before it was sent",
    "suppressed": "this recipient wants no messages",
    "render": "its template could not be filled",
    "invalid_input": "it cannot be made into a message",
    "error": "something went wrong before it was sent",
    "unavailable": "its provider could not be reached",
}
#: Why a job is dead or cancelled.
_REASONS: Final = {
    "permanent": "it was refused for good",
    "retries_exhausted": "it failed in all of its attempts",
    "unknown_outcome": "nobody can say whether it was sent",
    "lost_worker": "three workers were lost while they had it",
    "account": "the provider refuses this one message for the account's sake",
    "invalid": "it cannot be made into a message",
    "conflict": "its idempotency key stands for another message",
    "unknown_actor": "no worker knows how to send it",
    "decode": "what is stored of it cannot be read",
    "operator": "somebody did not want it sent",
    "expired": "it was too late for it",
    "suppressed": "this recipient wants no messages",
    "superseded": "a later event of its order made it wrong",
}
_TONES: Final[Mapping[str, Tone]] = {
    "sent": "good",
    "found": "good",
    "permanent": "bad",
    "in_doubt": "bad",
    "crashed": "bad",
}


#: What comes first of what happened in one millisecond: a person sends it again, and then it goes.
_ORDER: Final = ("queued", "act", "attempt", "evidence", "ended")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a job.

    Attributes:
        at_ms: When, epoch ms.
        job: To which job.
        kind: ``queued``, ``attempt``, ``act`` (a person did it), ``evidence`` or ``ended``.
        what: The same in words.
        tone: Whether that is good news.
        by: Who did it, where a person did.
    """

    at_ms: int
    job: Job
    kind: Literal["queued", "attempt", "act", "evidence", "ended"]
    what: str
    tone: Tone = "plain"
    by: str = ""


def story(jobs: Iterable[Job]) -> list[Step]:
    """What happened to these jobs, the oldest first."""
    steps = [step for job in jobs for step in _steps(job)]
    return sorted(steps, key=lambda step: (step.at_ms, _ORDER.index(step.kind)))


def step_record(step: Step) -> dict[str, Any]:
    """A step in the shape of its JSON."""
    return {
        "at": iso(step.at_ms),
        "id": step.job.job_id,
        "queue": step.job.queue,
        "template": step.job.template,
        "kind": step.kind,
        "what": step.what,
        "by": step.by,
    }


def reason_words(reason: str) -> str:
    """Why a job is dead or cancelled, as a sentence in small letters; a reason that nobody here knows as it is."""
    return _REASONS.get(reason, reason.replace("_", " "))


def what_next(job: Job, stats: QueueStats | None = None) -> str:  # noqa: PLR0911 - one table, a row each
    """What will happen next to a job, in a sentence; empty where nothing will.

    Args:
        job: The job.
        stats: Its queue, as it is now: is it held up?
    """
    match job.state:
        case State.WAITING:
            return f"it goes {_held_up(stats) or 'as soon as its turn comes'}"
        case State.ACTIVE:
            return (
                f"it is being sent, by {job.provider}" if job.provider and job.asked_at_ms else "it is being sent now"
            )
        case State.DELAYED if job.look:
            return f"{job.provider or 'its provider'} is asked at {_at(job.due_at_ms)} what became of it"
        case State.DELAYED if job.attempts:
            return f"it is tried again at {_at(job.due_at_ms)}"
        case State.DELAYED:
            return f"it goes at {_at(job.due_at_ms)}"
        case State.DEAD if job.superseded_at_ms:
            return "nothing: it is not wanted any more; give it up with 'dlq purge'"
        case State.DEAD:
            return "nothing by itself: somebody has to send it again, or give it up"
    return ""


def _steps(job: Job) -> Iterator[Step]:
    scheduled = job.due_at_ms > job.created_at_ms and not job.attempts
    yield Step(job.created_at_ms, job, "queued", f"queued, to go at {_at(job.due_at_ms)}" if scheduled else "queued")
    for run in job.attempts:
        yield from _attempt(job, run)
    for act in job.acts:
        yield Step(act["at_ms"], job, "act", _act(act), by=act.get("by", ""))
    if job.superseded_at_ms:
        yield Step(job.superseded_at_ms, job, "evidence", "a later event of its order made it wrong", "bad")
    for entry in job.duplicates:
        who, _, what = entry.partition(" ")
        told = f"{who} had accepted it after all" + (f", as {what}" if what else "")
        yield Step(job.finished_at_ms or job.asked_at_ms, job, "evidence", told, "bad")
    if job.finished_at_ms:
        yield Step(job.finished_at_ms, job, "ended", *_end(job))


def _attempt(job: Job, run: Mapping[str, Any]) -> Iterator[Step]:
    """A run: one step for each provider that it asked, or one for what it came to."""
    at_ms = int(run.get("started_at_ms") or job.created_at_ms)
    named = f"attempt {run['attempt']}: " if run.get("attempt") else ""
    asked = run.get("tries") or []
    for one in asked:
        outcome = str(one.get("outcome", ""))
        told = f"{one.get('provider', '')} {_ANSWERS.get(outcome, outcome)}"
        why = _because(one.get("provider_code"), one.get("error"))
        begin = "" if outcome in _LOOK_UPS else named
        yield Step(at_ms, job, "attempt", f"{begin}{told}{why}", _TONES.get(outcome, "wait"))
        at_ms += int(one.get("duration_ms") or 0)
    if not asked and run.get("look_up"):  # of a send that cannot be looked up
        yield Step(at_ms, job, "attempt", f"look-up {run['look_up']}: {run.get('error') or 'nothing is known'}", "wait")
    elif not asked:
        outcome = str(run.get("outcome", ""))
        told = _OUTCOMES.get(outcome, outcome)
        if run.get("provider"):
            told = f"{run['provider']} {_ANSWERS.get(outcome, outcome)}"
        why = _because(run.get("code"), run.get("error"))
        yield Step(at_ms, job, "attempt", f"{named}{told}{why}", _TONES.get(outcome, "wait"))


def _because(code: str | None, error: str | None) -> str:
    words = [word for word in (code, error) if word]
    return f" ({': '.join(words)})" if words else ""


def _act(act: Mapping[str, Any]) -> str:
    told = {"retried": "sent on its way again", "edited": "its content was changed"}.get(act["verb"], act["verb"])
    by = f" by {act['by']}" if act.get("by") else ""
    replay = f", with replay {act['replay']}" if act.get("replay") else ""
    return f"{told}{by}{replay}" + (f": {act['why']}" if act.get("why") else "")


def _end(job: Job) -> tuple[str, Tone]:
    if job.state is State.COMPLETED:
        return f"done: {job.provider} has it" if job.provider else "done", "good"
    why = reason_words(job.reason)
    word = "given up" if job.state is State.DEAD else job.state.value
    return f"{word}: {why}" if why else word, "bad" if job.state is State.DEAD else "plain"


def _held_up(stats: QueueStats | None) -> str:
    """When a queue that is held up goes on; empty where it is not."""
    if stats is None:
        return ""
    if stats.paused:
        why = f" ({stats.pause_reason})" if stats.pause_reason else ""
        return f"when somebody resumes its queue, which is paused{why}"
    if stats.blocked_ms:
        return f"when its queue goes on, which rests for {stats.blocked_ms / 1000:.0f} s: {stats.blocked_reason}"
    return ""


def _at(ms: int) -> str:
    return moment(iso(ms))
