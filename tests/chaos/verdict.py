"""Holds what the queue says of each message against what the providers hold of it: each rule is a promise."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from notifyctl.engine.states import State
from tests.chaos.fleet import STALL
from tests.chaos.providers.ledger import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from notifyctl.engine.jobs import Job
    from tests.chaos.fleet import Kill
    from tests.chaos.providers.ledger import Copy

__all__ = ["Breach", "Case", "breaches", "cases"]

#: Which queue a provider's copies come from.
QUEUE_OF = {"sendgrid": "email", "smtp": "email", "twilio": "whatsapp"}
Policy = Literal["resend", "hold"]


@dataclass(slots=True)
class Case:
    """One message: what the queue says, and what the providers hold.

    Attributes:
        queue: Its queue.
        order: The order's number.
        job: The queue's side; None where it has nothing.
        copies: The providers' side, in the order of arrival.
        hits: How often a kill struck while it was being sent, or sent and not yet told.
        kills: How many kills there were in all.
        stalled: A worker process was stopped in its tracks while it was sending this, and could not hang up.
    """

    queue: str
    order: str
    job: Job | None = None
    copies: list[Copy] = field(default_factory=list)
    hits: int = 0
    kills: int = 0
    stalled: bool = False

    @property
    def taken(self) -> list[Copy]:
        """The copies that a provider has."""
        return [copy for copy in self.copies if copy.taken]

    @property
    def arrived_maybe(self) -> list[Copy]:
        """The copies that every client has to reckon with: those of which none was told that they were refused."""
        return [copy for copy in self.copies if copy.told not in (Told.REFUSED, Told.EITHER)]

    @property
    def doubts(self) -> int:
        """How often its outcome may have become unknown, at most."""
        return sum(copy.told in (Told.UNKNOWN, Told.EITHER) for copy in self.copies) + self.hits

    @property
    def repeats(self) -> list[tuple[Copy, Copy]]:
        """Pairs of copies that a provider has, one after the other."""
        return list(pairwise(self.taken))


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken promise."""

    rule: str
    queue: str
    order: str
    job: str
    detail: str


def cases(orders: int, jobs: Sequence[Job], copies: Sequence[Copy], kills: Sequence[Kill]) -> list[Case]:
    """Bring both sides together: a case for each order and channel, and for whatever else turned up."""
    found = {
        (queue, str(number)): Case(queue, str(number)) for queue in ("email", "whatsapp") for number in range(orders)
    }
    hits = Counter(job_id for kill in kills for job_id in kill.begun)
    stalled = {job_id for kill in kills if kill.kind == STALL for job_id in kill.begun}
    for job in jobs:
        case = found.setdefault((job.queue, job.order_id), Case(job.queue, job.order_id))
        case.job, case.hits, case.stalled = job, hits[job.job_id], job.job_id in stalled
    for copy in copies:
        place = (QUEUE_OF[copy.provider], copy.order)
        found.setdefault(place, Case(*place)).copies.append(copy)
    for case in found.values():
        case.kills = len(kills)
    return list(found.values())


def breaches(found: Sequence[Case], policy: Policy) -> list[Breach]:
    """Return every promise that was broken, and by which message."""
    return [
        Breach(rule.__name__.strip("_"), case.queue, case.order, case.job.job_id if case.job else "", detail)
        for case in found
        for rule in _RULES
        for detail in rule(case, policy)
    ]


def _lost(case: Case, policy: Policy) -> Iterator[str]:
    """Every message is accepted, or dead for a reason that the injected faults explain."""
    if case.job is None:
        yield "the queue has no job of it"
    elif case.job.state is State.COMPLETED:
        if not case.taken:
            yield "completed, and no provider has it"
    elif case.job.state is not State.DEAD:
        yield f"ended as {case.job.state}"
    elif not _explains(case.job.reason, case, policy):
        yield f"dead as {case.job.reason}, which nothing explains: {_told(case)}"


def _overlapped(case: Case, policy: Policy) -> Iterator[str]:
    """No copy arrives while another one is being handled, unless who sent that was stopped for longer than its lease."""
    for earlier, later in pairwise(case.copies):
        if later.start < earlier.end and not case.stalled:
            yield f"a copy came {later.start - earlier.start:.3f} s after another one, which took longer: {_told(case)}"


def _knowingly_repeated(case: Case, policy: Policy) -> Iterator[str]:
    """What was acknowledged or refused for good is not sent again, unless its worker died before it could tell."""
    known = [copy for copy in case.copies[:-1] if copy.told is Told.ACCEPTED or copy.final]
    if len(known) > case.hits:
        yield f"sent again after an answer, {case.hits} kills: {_told(case)}"


def _sent_too_often(case: Case, policy: Policy) -> Iterator[str]:
    """A second copy only where the first one's outcome is unknown; a third one never; with `hold` no second one."""
    most = 2 if policy == "resend" else 1
    if len(case.arrived_maybe) > most:
        yield f"{len(case.arrived_maybe)} copies that may have been accepted: {_told(case)}"


def _resent_under_hold(case: Case, policy: Policy) -> Iterator[str]:
    """With `hold`, nothing follows a copy in doubt."""
    if policy == "hold" and any(copy.told is Told.UNKNOWN for copy in case.copies[:-1]):
        yield f"sent again after a copy in doubt: {_told(case)}"


def _unflagged(case: Case, policy: Policy) -> Iterator[str]:
    """Of a message that a provider has twice, the queue says so."""
    if case.repeats and case.job and not (case.job.possible_duplicate or case.job.duplicates):
        yield f"nothing tells that it went twice: {_told(case)}"


_RULES: tuple[Callable[[Case, Policy], Iterator[str]], ...] = (
    _lost, _overlapped, _knowingly_repeated, _sent_too_often, _resent_under_hold, _unflagged
)  # fmt: skip


def _explains(reason: str, case: Case, policy: Policy) -> bool:
    """Whether the injected faults explain a burial for this reason."""
    match reason:
        case "permanent":
            return any(copy.final for copy in case.copies)
        case "account":
            return sum(copy.fault in ("401", "403") for copy in case.copies) >= 2
        case "unknown_outcome":
            return case.doubts >= (2 if policy == "resend" else 1) or _lost_its_workers(case)
        case "retries_exhausted":
            return sum(copy.told in (Told.REFUSED, Told.EITHER) for copy in case.copies) >= 2
        case "lost_worker":
            return _lost_its_workers(case)
    return False


def _lost_its_workers(case: Case) -> bool:
    """Whether so many workers were killed that one job can have lost three, as its history says."""
    assert case.job is not None
    losses: int = sum(attempt.get("error") == "its worker was lost" for attempt in case.job.attempts)
    return losses >= 3 and case.kills >= losses


def _told(case: Case) -> str:
    """The copies in words, and the history that the queue has."""
    history = ", ".join(str(attempt.get("outcome")) for attempt in case.job.attempts) if case.job else "no job"
    return f"[{history}] " + "; ".join(
        f"{copy.provider} {copy.start:.3f}-{copy.end:.3f} {copy.fault or 'well'}"
        f" {'taken' if copy.taken else 'not taken'}, told {copy.told}"
        for copy in case.copies
    )
