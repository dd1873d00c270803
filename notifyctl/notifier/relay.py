"""Moves what lies in the spool into the queues, in the order in which it came.

One relay of a machine moves at a time; if it dies in the middle, the next one begins again at what was not removed, and
Redis tells by the job's id what it has already.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.engine.states import State
from notifyctl.errors import BrokerUnavailable, Overtaken, SpoolError
from notifyctl.notification import Channel
from notifyctl.notifier.entries import Supersession, read
from notifyctl.notifier.intake import SUPERSEDED, conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notifyctl.notifier.drafts import Draft
    from notifyctl.notifier.intake import Intake, Reply
    from notifyctl.spool import Row, Spool

__all__ = ["Moved", "Relay"]

log = logging.getLogger(__name__)

#: So many rows go in one round trip.
_BATCH = 200
#: How often to ask whether somebody else has done.
_OTHERS_S = 0.1


@dataclass(slots=True)
class Moved:
    """What came of rows.

    Attributes:
        rows: All that were gone through, the keys of superseded messages among them.
        moved: Messages that are in their queue now.
        known: Messages that had been queued before under the same idempotency key: their ids stand for those.
        superseded: Messages that a later event has made wrong: kept as cancelled.
        conflicts: Messages whose idempotency key stands for other content: kept as dead letters.
        held: Rows that cannot be moved as they are: left in the spool, out of the way.
    """

    rows: int = 0
    moved: int = 0
    known: int = 0
    superseded: int = 0
    conflicts: int = 0
    held: int = 0

    def add(self, other: Moved) -> None:
        """Count what another call did."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class Relay:
    """Moves rows. Safe to use from several threads, and beside other relays.

    Args:
        spool: Where the rows are.
        intake: Puts them into the queues; its client may be patient.

    Raises of all methods:
        BrokerUnavailable: Redis cannot be reached; what is left stays.
        SpoolError: The spool cannot be used.
    """

    def __init__(self, spool: Spool, intake: Intake) -> None:
        self.spool = spool
        self._intake = intake

    def flush(self, total: Moved, *, everywhere: bool = False) -> None:
        """Move all there is, what was held included; what somebody else is moving is waited for.

        Args:
            total: Counts; also right if this ends with an error.
            everywhere: Also what was to go to another server.
        """
        self.spool.release()
        while self.spool.first(1, everywhere=everywhere):
            done = self.step(everywhere=everywhere)
            if done is None:
                time.sleep(_OTHERS_S)
            else:
                total.add(done)
        self.spool.tidy()

    def step(self, intake: Intake | None = None, *, everywhere: bool = False, within_s: float = 60.0) -> Moved | None:
        """Move one batch.

        Args:
            intake: Another way into the queues.
            everywhere: Also what was to go to another server.
            within_s: Begin nothing more after so long; what is left is moved by the next step.

        Returns:
            What came of it; None where somebody else is at it.
        """
        intake = intake or self._intake
        until = time.monotonic() + within_s
        with self.spool.relaying() as alone:
            if not alone:
                return None
            rows = self.spool.first(_BATCH, everywhere=everywhere)
            done = Moved(rows=len(rows))
            messages: list[tuple[Row, Draft]] = []
            for row in rows:
                entry = self._read(row, done)
                if isinstance(entry, Supersession):
                    self._queue(messages, intake, done, until)  # what came before comes first
                    messages = []
                    if time.monotonic() > until:
                        break
                    if self._done(row, partial(intake.supersede, Channel(row.queue), entry.keys), done):
                        self.spool.remove([row])
                elif entry is not None:
                    messages.append((row, entry))
            self._queue(messages, intake, done, until)
            return done

    def _read(self, row: Row, done: Moved) -> Draft | Supersession | None:
        try:
            return read(row)
        except SpoolError as error:
            self._hold(row, error.message, done)
            return None

    def _queue(self, messages: Sequence[tuple[Row, Draft]], intake: Intake, done: Moved, until: float) -> None:
        rows, drafts = dict(enumerate(row for row, _ in messages)), dict(enumerate(draft for _, draft in messages))
        replies: dict[int, Reply] = {
            place: Overtaken("superseded while it lay in the spool")
            for place, row in rows.items()
            if row.note == SUPERSEDED
        }
        others = {place: draft for place, draft in drafts.items() if place not in replies}
        if others:
            replies |= intake.queue_many(others)
        for place, reply in replies.items():
            own = isinstance(reply, Enqueued) and reply.job_id == rows[place].id
            if not own and time.monotonic() > until:
                del rows[place]  # it takes another round trip: the next step asks again
            elif isinstance(reply, Enqueued | Overtaken):
                if not self._done(rows[place], partial(self._settle, drafts[place], reply, intake, done), done):
                    del rows[place]
            else:
                self._hold(rows.pop(place), f"Redis answered with {type(reply).__name__}", done)
        self.spool.remove(list(rows.values()))

    def _settle(self, draft: Draft, reply: Enqueued | Overtaken, intake: Intake, done: Moved) -> None:
        """Do what an answer asks for, so that the id that the caller has leads somewhere."""
        own = draft.job.job_id
        if isinstance(reply, Overtaken):
            if intake.shelve(draft, State.CANCELLED, SUPERSEDED):
                done.superseded += 1
            else:  # by a step that was broken off: it is in its queue, and what it lost to came after it
                done.moved += 1
        elif reply.job_id == own:  # queued now, or before a reply was lost
            done.moved += 1
        elif reply.status is Enqueuing.KNOWN:
            intake.alias(draft, reply.job_id)
            done.known += 1
        else:
            why = conflict(reply.job_id).message
            intake.shelve(draft, State.DEAD, "conflict", why)
            log.error("message %s from the spool is a dead letter: %s", own, why)
            done.conflicts += 1

    def _done(self, row: Row, act: Callable[[], object], done: Moved) -> bool:
        """Do what one row asks for; where that is wrong with this row alone, it is held, and the others go on."""
        try:
            act()
        except (BrokerUnavailable, SpoolError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not hold up the line
            self._hold(row, f"it could not be moved: {type(error).__name__}", done)
            return False
        return True

    def _hold(self, row: Row, why: str, done: Moved) -> None:
        log.error("entry %s is left in the spool: %s", row.id, why)
        self.spool.hold(row, why)
        done.held += 1
