"""What is known of a message of which nobody can say whether it was sent, in words for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifyctl.engine.states import State
from notifyctl.views.times import iso, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.engine.jobs import Job

__all__ = ["HELD", "in_doubt", "known", "may_repeat", "told", "unwanted"]

#: Why a dead letter is held of which nobody can say that.
HELD = "unknown_outcome"

#: What a provider's part in a run is called where the answer is not known; or a whole run that was cut short.
_UNKNOWN = ("in_doubt", "crashed")
_ENDED = (State.COMPLETED, State.CANCELLED)


@dataclass(slots=True)
class _Doubt:
    """One send whose outcome is not known.

    Attributes:
        provider: Who was asked.
        at_ms: When that run began, epoch ms.
        answers: What looking it up brought, in the words of the history.
    """

    provider: str
    at_ms: int
    answers: list[str] = field(default_factory=list)


def in_doubt(job: Job) -> bool:
    """Whether nobody can say at present if it was sent: also where it was sent once more, and that failed."""
    unknown = job.look > 0 or job.reason == HELD or job.possible_duplicate
    return unknown and job.state is not State.COMPLETED and not job.duplicates


def may_repeat(job: Job) -> bool:
    """Whether its customer may have got it already, though it did not complete."""
    return in_doubt(job) or (bool(job.duplicates) and job.state is not State.COMPLETED)


def unwanted(job: Job) -> str:
    """Say that a dead letter must not go, as a later event of its order made it wrong; nothing of any other job."""
    if job.state is not State.DEAD or not job.superseded_at_ms:
        return ""
    return f"it is not wanted any more: a later event of its order made it wrong at {moment(iso(job.superseded_at_ms))}"


def told(job: Job) -> list[str]:
    """Return what is known of such a job, and what can be done, a sentence a line; nothing of any other job."""
    return [*known(job), *_next(job)] if may_repeat(job) else []


def known(job: Job) -> list[str]:
    """Return what is known of such a job, a sentence a line; nothing of any other job."""
    if not may_repeat(job):
        return []
    evidence = [entry.partition(" ") for entry in job.duplicates]
    lines = [f"{who} had accepted it after all" + (f", as {what}" if what else "") for who, _, what in evidence]
    accepted = {who for who, *_ in evidence}
    earlier, present = _doubts(job)
    begin = "nobody can say whether this message was sent"
    for doubt in present:
        if doubt.provider not in accepted:
            lines.append(f"{begin}: {doubt.provider} was asked at {moment(iso(doubt.at_ms))}")
            lines += _looked_up(doubt, job)
            begin = "nor whether it was sent once more"
    names = dict.fromkeys(doubt.provider for doubt in earlier if doubt.provider not in accepted)
    if names:
        begin = begin.replace(" once more", "")
        at = moment(iso(job.replayed_at_ms))
        lines.append(f"{begin} by {' or '.join(names)} before somebody sent it again at {at}")
    return lines


def _next(job: Job) -> list[str]:
    if job.look:
        return [f"it is looked up at {moment(iso(job.due_at_ms))}"]
    if job.state is State.DEAD:
        times = "which may be" if in_doubt(job) else "which is"
        return [f"to send it again, {times} twice: notifyctl dlq retry {job.job_id}"]
    return [] if job.state in _ENDED else ["it is sent once more, which may be twice"]


def _looked_up(doubt: _Doubt, job: Job) -> list[str]:
    """Say what looking for it brought."""
    not_found, failed = doubt.answers.count("not_found"), doubt.answers.count("look_up_failed")
    lines = []
    if not_found:
        lines.append(f"{doubt.provider} was then asked for it {_times(not_found)}, and knew of no such message")
    if failed:
        lines.append(f"{doubt.provider} could not be asked for it {_times(failed)}")
    if not (not_found or failed or job.look):
        lines.append(f"{doubt.provider} was not asked for it: look into its own log, for message {job.job_id}")
    return lines


def _doubts(job: Job) -> tuple[list[_Doubt], list[_Doubt]]:
    """The sends in doubt of its earlier lives, and of its present one."""
    earlier: list[_Doubt] = []
    present: list[_Doubt] = []
    for run in job.attempts:
        started_ms = run.get("started_at_ms") or job.asked_at_ms
        doubts = present if started_ms >= job.replayed_at_ms else earlier
        if provider := _left_open(run):
            doubts.append(_Doubt(provider, started_ms))
        elif doubts:
            doubts[-1].answers += [str(asked.get("outcome")) for asked in run.get("tries", ())]
    if not (earlier or present):  # a run that was cut off may have left no word of who was asked
        present.append(_Doubt(job.provider or "the provider", job.asked_at_ms))
    return earlier, present


def _left_open(run: Mapping[str, Any]) -> str:
    """Who was asked in a run and left open whether it was sent; nobody where that is known, or nothing was sent."""
    asked = [one["provider"] for one in run.get("tries", ()) if one.get("outcome") in _UNKNOWN]
    cut_off = run.get("provider", "") if run.get("outcome") in _UNKNOWN else ""
    return str(next(iter(asked), cut_off))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
