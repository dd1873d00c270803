"""From orders to their messages in the queues, some hundreds at a time, and a count of what came of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from notifyctl.cli._errors import Code
from notifyctl.cli._output import Column, Output, say, write
from notifyctl.errors import (
    IdempotencyConflict,
    InvalidInput,
    InvalidOrder,
    NotifyError,
    Overtaken,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from notifyctl.app import App
    from notifyctl.cli._output import Record, View
    from notifyctl.orders import Order, OrderEvent, Outcome, Planned

__all__ = ["Tally", "enqueue_orders", "say_spooled"]

_CHUNK = 200


def _counted(reasons: Any) -> str:
    return ", ".join(f"{count} ({reason})" for reason, count in reasons.items())


_COLUMNS = (
    Column("orders"),
    Column("queued"),
    Column("spooled", "of them in the spool", lambda count: str(count or "")),
    Column("known", "already known"),
    Column("skipped", "skipped", _counted),
    Column("superseded"),
    Column("refused"),
)


@dataclass(slots=True)
class Tally:
    """What came of some orders.

    Attributes:
        orders: How many there were.
        queued: Messages that were added.
        spooled: Those of them that are kept in the spool, as Redis is away.
        known: Messages that had been added before.
        changed: Those of them whose order now says something else; what was added stays as it was.
        skipped: Messages that do not follow from their order, by reason.
        superseded: Messages that still waited and were cancelled, because a later event made them wrong.
        refused: Orders that cannot be used as they are, in whole or in part.
    """

    orders: int = 0
    queued: int = 0
    spooled: int = 0
    known: int = 0
    changed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    superseded: int = 0
    refused: int = 0

    @property
    def code(self) -> Code:
        """The exit code: all, a part, or nothing of it is done."""
        if not self.refused:
            return Code.DONE
        return Code.FAILED if self.refused == self.orders else Code.PARTIAL

    def counts(self) -> dict[str, int]:
        """What came of them in numbers, without what did not happen."""
        names = ("orders", "queued", "spooled", "known", "superseded", "refused")
        return {name: number for name in names if (number := getattr(self, name))}

    def show(self, view: View, *, dry_run: bool) -> None:
        """Print it."""
        record: Record = {
            "orders": self.orders,
            "queued": self.queued,
            "spooled": self.spooled,
            "known": self.known,
            "changed": self.changed,
            "skipped": dict(self.skipped.most_common()),
            "superseded": self.superseded,
            "refused": self.refused,
            "dry_run": dry_run,
        }
        if self.changed:
            say(f"note: of {self.changed} known messages, the order says something else now; they stay as they were")
        columns = (_COLUMNS[0], Column("queued", "would be queued"), *_COLUMNS[3:]) if dry_run else _COLUMNS
        if view.output is Output.ID:
            say(", ".join(f"{column.title or column.key} {column.show(record[column.key]) or 0}" for column in columns))
        else:
            view.one(record, columns)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What follows from an order, and where the order was found."""

    place: str
    outcome: Outcome


def enqueue_orders(
    app: App,
    orders: Iterable[tuple[str, Order | InvalidOrder]],
    view: View,
    tally: Tally,
    *,
    event: OrderEvent | None = None,
    oldest: datetime | None = None,
    dry_run: bool = False,
    after_chunk: Callable[[], None] = lambda: None,
) -> None:
    """Queue the messages that follow from orders; what is wrong with one is said, and the next one comes.

    Args:
        app: The application.
        orders: Where each was found, and the order or why it is none. Read as it is needed.
        view: Where ids are asked for, they are printed as they come.
        tally: Counts; also right if this ends with an error.
        event: What happened; what each order says by default.
        oldest: What happened before is skipped.
        dry_run: Check, and queue nothing.
        after_chunk: Called after every few hundred messages.

    Raises:
        BrokerUnavailable: Redis cannot be reached. Everything may be told again: nothing is queued twice.
        ConfigError: An event is to send a template that does not exist.
    """
    from notifyctl.orders import require_templates

    require_templates(app.settings.messages, app.catalog)
    wanted = _wanted(app, orders, tally, event, oldest)
    while chunk := list(islice(wanted, _CHUNK)):
        planned = [(one.place, plan) for one in chunk for plan in one.outcome.planned]
        answers = (_check if dry_run else _queue)(app, [plan for _, plan in planned])
        refused = set()
        for (place, plan), answer in zip(planned, answers, strict=True):
            if isinstance(answer, IdempotencyConflict):
                tally.known += 1
                tally.changed += 1
            elif isinstance(answer, Overtaken):
                tally.skipped[plan.overtaken] += 1
            elif isinstance(answer, NotifyError):
                refused.add(place)
                say(f"{place}: {answer.message}")
            elif answer.known:
                tally.known += 1
            else:
                tally.queued += 1
                tally.spooled += answer.spooled
                if view.output is Output.ID and not dry_run:
                    write(f"{answer.id}\n")
        tally.refused += len(refused)
        if not dry_run:
            # after the chunk's own messages: an order may be placed and cancelled in it
            superseded = [pair for one in chunk for pair in one.outcome.superseded]
            tally.superseded += app.notifier.supersede(superseded) if superseded else 0
        after_chunk()


def say_spooled(app: App, count: int = 1) -> None:
    """Say that messages are kept in the spool, and what moves them."""
    what = "the message is" if count == 1 else f"{count} messages are"
    say(f"Redis is away: {what} kept in the spool, {app.spool.file}")
    say("a worker on this machine moves the spool once Redis is back, and so does 'notifyctl spool flush'")


def _wanted(
    app: App,
    orders: Iterable[tuple[str, Order | InvalidOrder]],
    tally: Tally,
    event: OrderEvent | None,
    oldest: datetime | None,
) -> Iterator[_Wanted]:
    from notifyctl.orders import order_notifications

    messages, catalog = app.settings.messages, app.catalog
    for place, order in orders:
        tally.orders += 1
        if isinstance(order, InvalidOrder):
            tally.refused += 1
            hint = f". {order.hint}" if order.hint else ""
            say(f"{place}: {order.path + ': ' if order.path else ''}{order.message}{hint}")
            continue
        outcome = order_notifications(order, event, messages=messages, catalog=catalog, oldest=oldest)
        tally.skipped.update(skip.reason for skip in outcome.skipped)
        for skip in outcome.skipped:
            if skip.unusable:
                say(f"{place}, order {order.number}: no {skip.channel} message: {skip.reason}")
        yield _Wanted(place, outcome)


def _queue(app: App, planned: list[Planned]) -> list[Any]:
    from notifyctl.notifier import Options

    return list(
        app.notifier.queue_many(
            [
                (
                    plan.notification,
                    Options(
                        idempotency_key=plan.idempotency_key,
                        unless=plan.unless,
                        priority=plan.priority,
                        delay=plan.delay or None,
                        expires=plan.expires_after,
                    ),
                )
                for plan in planned
            ]
        )
    )


def _check(app: App, planned: list[Planned]) -> list[Any]:
    from notifyctl.notifier import Queued

    answers: list[Any] = []
    for plan in planned:
        try:
            app.rendering.checked(plan.notification).encode()
        except InvalidInput as error:
            answers.append(error)
        else:
            answers.append(Queued(""))
    return answers
