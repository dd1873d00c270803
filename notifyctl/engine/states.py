"""The states of a job, the legal transitions between them, and the Dispositions that middleware decides on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

__all__ = [
    "TRANSITIONS",
    "Bury",
    "Cancel",
    "Complete",
    "Disposition",
    "Doubt",
    "Lane",
    "Release",
    "Resend",
    "RetryAt",
    "State",
]


class State(StrEnum):
    """Where a job is. Each job is in exactly one of these sets."""

    WAITING = "waiting"
    DELAYED = "delayed"
    ACTIVE = "active"
    COMPLETED = "completed"
    DEAD = "dead"
    CANCELLED = "cancelled"


#: transition: (states it starts from, states it ends in). `None` is "no job".
TRANSITIONS: dict[str, tuple[tuple[State | None, ...], tuple[State | None, ...]]] = {
    "enqueue": ((None,), (State.WAITING, State.DELAYED)),
    "shelve": ((None,), (State.DEAD, State.CANCELLED)),
    "promote": ((State.DELAYED,), (State.WAITING,)),
    "take": ((State.WAITING,), (State.ACTIVE, State.CANCELLED)),
    "reclaim": ((State.ACTIVE,), (State.WAITING, State.DELAYED, State.DEAD)),
    "complete": ((State.ACTIVE, State.WAITING, State.DELAYED, State.DEAD), (State.COMPLETED,)),
    "retry": ((State.ACTIVE,), (State.DELAYED,)),
    "doubt": ((State.ACTIVE,), (State.DELAYED,)),
    "resend": ((State.ACTIVE,), (State.WAITING,)),
    "bury": ((State.ACTIVE,), (State.DEAD,)),
    "release": ((State.ACTIVE,), (State.WAITING,)),
    "replay": ((State.DEAD,), (State.WAITING,)),
    "discard": ((State.DEAD,), (None,)),
    "cancel": ((State.WAITING, State.DELAYED, State.ACTIVE), (State.CANCELLED,)),
}


class Lane(IntEnum):
    """Priority of a job. One grant in ten goes to a lower lane that has work."""

    HIGH = 0
    NORMAL = 1
    LOW = 2

    @classmethod
    def parse(cls, name: str) -> Lane:
        """Return the lane called ``high``, ``normal`` or ``low``.

        Raises:
            ValueError: If it is called something else.
        """
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(f"expected high, normal or low, not {name!r}") from None


@dataclass(frozen=True, slots=True)
class Complete:
    """Done. The evidence of acceptance is what the provider answered; empty for jobs that send nothing."""

    provider: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Another run after `delay_ms`."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class Bury:
    """To the dead letters, for this reason: one word such as ``permanent`` or ``retries_exhausted``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Back to its place in line, unsent, no attempt used; the queue may be blocked for a while.

    Attributes:
        block_ms: For how long the queue hands out nothing; 0 = it goes on.
        reason: Why; kept on the job, and shown with the queue.
        account: A provider refused it for the account's sake: it goes to the end of its lane, and is buried if it is
            refused again after others were accepted.
    """

    block_ms: int = 0
    reason: str = ""
    account: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Nobody can say whether it was sent: look it up after `delay_ms`; `look` is the number of that look-up, from 1."""

    delay_ms: int
    look: int = 1


@dataclass(frozen=True, slots=True)
class Resend:
    """Nobody will ever say whether it was sent: once more, flagged as a possible duplicate; no attempt used."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Not wanted any more, for this reason: ``suppressed``, ``expired``, ``superseded``."""

    reason: str


Disposition = Complete | RetryAt | Bury | Release | Doubt | Resend | Cancel
