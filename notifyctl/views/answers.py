"""Whether a message was sent, for somebody who looks after customers: did it go, why not, and what comes next?

Says it of one message and of all that are about one order; what happened step by step is told by `story`. Sentences
hold no moments: those are numbers beside them, for whoever shows them to write in their own way. Holds no address: only
what a job's history has, which is redacted where it is written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from notifyctl.engine.states import State
from notifyctl.views.doubts import in_doubt
from notifyctl.views.story import reason_words
from notifyctl.views.words import channel_noun, provider_name, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.engine.jobs import Job, QueueStats

__all__ = ["Answer", "Tone", "answer", "order_answer"]


class Tone(StrEnum):
    """How good the news is."""

    GOOD = "good"
    WAITS = "wait"
    DOUBT = "doubt"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a message reached its provider, and what comes next.

    Attributes:
        word: ``Yes``, ``Not yet``, ``No``, ``Nobody can say``, ``Withdrawn``, …
        sentence: Why so, a sentence without its full stop.
        at_ms: Since when that is so, epoch ms; 0 = it says nothing about a moment.
        follows: What happens next by itself, or what a person can do; a sentence without its full stop.
        follows_at_ms: When, epoch ms; 0 = nobody can say.
        tone: How good the news is.
    """

    word: str
    sentence: str
    at_ms: int
    follows: str
    follows_at_ms: int
    tone: Tone


_OVER = "Nothing more: it is not wanted any more"
_WORDS = {Tone.GOOD: "Yes", Tone.WAITS: "Not yet", Tone.DOUBT: "Nobody can say", Tone.BAD: "No"}


def answer(job: Job, queue: QueueStats | None = None) -> Answer:
    """Say of one message whether it was sent, and what comes next.

    Args:
        job: The message.
        queue: How its queue is now: why a message waits may be a matter of all of them.
    """
    name = f"the {channel_noun(job.queue)}"
    if job.state is State.COMPLETED:
        return _sent(job, name)
    if job.duplicates:
        who = provider_name(job.duplicates[0].partition(" ")[0])
        follows = "It would arrive twice if it were sent again" if job.state is State.DEAD else _follows(job, queue)
        return Answer("Yes", f"{who} had accepted {name}, as was found out later", 0, follows, 0, Tone.GOOD)
    if in_doubt(job):
        return _doubtful(job, name)
    if job.state in (State.DEAD, State.CANCELLED):
        return _not_sent(job, name, queue)
    return _on_its_way(job, name, queue)


def _not_sent(job: Job, name: str, queue: QueueStats | None) -> Answer:
    if job.state is State.DEAD and job.superseded_at_ms:
        return Answer("Withdrawn", _because("superseded", name), job.superseded_at_ms, _OVER, 0, Tone.PLAIN)
    if job.state is State.DEAD:
        said = f"{_because(job.reason, name)}{_last_error(job)}"
        return Answer("No", said, job.finished_at_ms, _follows(job, queue), 0, Tone.BAD)
    wanted = job.reason in ("expired", "suppressed")
    word, tone = ("No", Tone.BAD) if wanted else ("Withdrawn", Tone.PLAIN)
    return Answer(word, _because(job.reason, name), job.finished_at_ms, _OVER, 0, tone)


def _sent(job: Job, name: str) -> Answer:
    if not job.provider:
        return Answer("Done", f"{name} was dealt with, and no provider was asked", job.finished_at_ms, "", 0, Tone.GOOD)
    if job.provider == "outbox":
        said = f"{name} lies in the outbox, and nothing left this machine"
        return Answer("In the sandbox", said, job.finished_at_ms, "", 0, Tone.GOOD)
    twice = ", and may have arrived twice" if job.possible_duplicate else ""
    who = provider_name(job.provider)
    return Answer(
        "Yes",
        f"{who} accepted {name}{twice}",
        job.finished_at_ms,
        f"Nothing more here: what became of it after that, {who} can tell",
        0,
        Tone.GOOD,
    )


def _doubtful(job: Job, name: str) -> Answer:
    who = provider_name(job.provider) if job.provider else "the provider"
    said = f"{who} was asked to send {name}, and its answer was lost"
    at_ms = job.asked_at_ms
    if job.look:
        follows = sentence(f"{who} is asked whether it has the message")
        return Answer("Nobody can say yet", said, at_ms, follows, job.due_at_ms, Tone.DOUBT)
    if job.state is State.DEAD:
        follows = "Nothing by itself: a person decides whether it is sent again, which may be twice"
        return Answer("Nobody can say", said, at_ms, follows, 0, Tone.DOUBT)
    if job.state is State.CANCELLED:
        return Answer("Nobody can say", f"{said}; it was cancelled since", at_ms, "Nothing more", 0, Tone.DOUBT)
    return Answer("Nobody can say", said, at_ms, "It is sent once more, which may be twice", job.due_at_ms, Tone.DOUBT)


def _on_its_way(job: Job, name: str, queue: QueueStats | None) -> Answer:
    follows = _follows(job, queue)
    if job.state is State.ACTIVE:
        return Answer("Any moment", f"a worker is sending {name} now", 0, follows, 0, Tone.WAITS)
    if job.state is State.WAITING:
        said = f"{name} was given back unsent: {job.release_reason}" if job.release_reason else f"{name} waits in line"
        return Answer("Not yet", said, 0 if job.release_reason else job.created_at_ms, follows, 0, Tone.WAITS)
    if job.attempt:
        said = f"attempt {job.attempt} did not succeed{_last_error(job)}"
        return Answer("Not yet", said, _ended_ms(job.attempts[-1]), follows, job.due_at_ms, Tone.WAITS)
    return Answer("Not yet", f"{name} is planned for later", job.created_at_ms, follows, job.due_at_ms, Tone.WAITS)


def _follows(job: Job, queue: QueueStats | None) -> str:
    """What happens next with a message that is not in doubt, and has not ended well."""
    if job.state is State.DEAD:
        return "Nothing by itself: a person sends it again, perhaps edited, or gives it up"
    if job.state is State.ACTIVE:
        return "Its provider's answer decides"
    if queue is not None and queue.paused:
        because = f" ({queue.pause_reason})" if queue.pause_reason else ""
        return f"The queue {queue.queue} is paused{because}: it goes after somebody resumes it"
    if queue is not None and queue.blocked_ms:
        return f"The queue {queue.queue} rests for a while ({queue.blocked_reason}), then it goes on"
    if job.state is State.DELAYED:
        return f"Attempt {job.attempt + 1}" if job.attempt else "It goes"
    return "It goes in its turn, as fast as the limit allows"


def order_answer(jobs: Sequence[Job]) -> Answer:
    """Say of all messages about one order whether they were sent: the answer to a customer, in one line.

    What was withdrawn counts for nothing: something that happened since has made it wrong.
    """
    answers = [answer(job) for job in jobs]
    wanted = [one for one in answers if one.tone is not Tone.PLAIN]
    if not wanted:
        return Answer("Withdrawn", f"{_messages(len(jobs))} withdrawn before being sent", 0, "", 0, Tone.PLAIN)
    if len(wanted) == 1:
        return wanted[0]
    counted = Counter(one.tone for one in wanted)
    good = counted[Tone.GOOD]
    parts = [f"{good} of {len(wanted)} messages {'was' if good == 1 else 'were'} accepted"] if good else []
    words = {Tone.WAITS: "on the way", Tone.DOUBT: "in doubt", Tone.BAD: "not sent"}
    parts += [f"{counted[tone]} {said}" for tone, said in words.items() if counted[tone]]
    tone = next(tone for tone in (Tone.BAD, Tone.DOUBT, Tone.WAITS, Tone.GOOD) if counted[tone])
    word = "Not all" if good and tone is not Tone.GOOD else _WORDS[tone]
    sandboxed = all(one.word == "In the sandbox" for one in wanted)
    if sandboxed:
        return Answer(
            "In the sandbox",
            f"all {len(wanted)} messages lie in the outbox, and nothing left this machine",
            0,
            "",
            0,
            Tone.GOOD,
        )
    return Answer(word, ", ".join(parts), 0, "", 0, tone)


def _messages(count: int) -> str:
    return "its message was" if count == 1 else f"all {count} messages were"


def _because(reason: str, name: str) -> str:
    """Why it ended, as a sentence about it."""
    said = reason_words(reason)
    return (
        f"{name} {said.removeprefix('it ')}" if said.startswith("it ") else f"{name} was not sent: {said or 'it ended'}"
    )


def _last_error(job: Job) -> str:
    """The last thing that went wrong, to follow a sentence."""
    errors = job.errors
    return f": {errors[-1]}" if errors else f": {job.release_reason}" if job.release_reason else ""


def _ended_ms(run: Mapping[str, Any]) -> int:
    return int(run.get("started_at_ms", 0)) + int(run.get("duration_ms", 0) or 0)
