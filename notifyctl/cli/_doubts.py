"""What is known of a message of which nobody can say whether it was sent, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.cli._output import iso, moment

if TYPE_CHECKING:
    from notifyctl.engine.jobs import Job

__all__ = ["HELD", "in_doubt", "told"]

#: Why a dead letter is held of which nobody can say that.
HELD = "unknown_outcome"


def in_doubt(job: Job) -> bool:
    """Whether nobody can say at present what became of it."""
    return job.look > 0 or job.reason == HELD


def told(job: Job) -> list[str]:
    """Return what is known of a job in doubt, and what can be done, a sentence a line; nothing of any other job."""
    if not in_doubt(job):
        return []
    provider = job.provider or "the provider"
    lines = [f"nobody can say whether this message was sent: {provider} was asked at {moment(iso(job.asked_at_ms))}"]
    asked = [one.get("outcome") for run in job.attempts for one in run.get("tries", ())]
    not_found, failed = asked.count("not_found"), asked.count("look_up_failed")
    if not_found:
        lines.append(f"{provider} was then asked for it {_times(not_found)}, and knew of no such message")
    if failed:
        lines.append(f"{provider} could not be asked for it {_times(failed)}")
    if not (not_found or failed or job.look):
        lines.append(f"{provider} offers no way to ask for it: look into its own log, for message {job.job_id}")
    if job.look:
        lines.append(f"it is looked up at {moment(iso(job.due_at_ms))}")
    else:
        lines.append(f"to send it again, which may be twice: notifyctl dlq retry {job.job_id}")
    return lines


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
