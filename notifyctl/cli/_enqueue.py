"""From orders to their messages in the queues, some hundreds at a time, and a count of what came of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from notifyctl.cli._errors import Code
from notifyctl.cli._output import Column, Output, say, write
from notifyctl.errors import IdempotencyConflict, InvalidInput, InvalidOrder, NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from notifyctl.app import App
    from notifyctl.cli._output import Record, View
    from notifyctl.orders import Order, OrderEvent, Planned

__all__ = ["Tally", "enqueue_orders"]

_CHUNK = 200


def _counted(reasons: Any) -> str:
    return ", ".join(f"{count} ({reason})" for reason, count in reasons.items())


_COLUMNS = (
    Column("orders"),
    Column("queued"),
    Column("known", "already known"),
    Column("skipped", "skipped", _counted),
    Column("refused"),
    Column("conflicts"),
)


@dataclass(slots=True)
class Tally:
    """What came of some orders.

    Attributes:
        orders: How many there were.
        queued: Messages that were added.
        known: Messages that had been added before.
        skipped: Messages that do not follow from their order, by reason.
        refused: Orders that cannot be used as they are, in whole or in part.
        conflicts: Messages whose order was told before with other content; nothing was added.
    """

    orders: int = 0
    queued: int = 0
    known: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    conflicts: int = 0

    @property
    def code(self) -> Code:
        """The exit code: all, a part, or nothing of it is done."""
        if not (self.refused or self.conflicts):
            return Code.DONE
        return Code.FAILED if self.refused == self.orders else Code.PARTIAL

    def show(self, view: View, *, dry_run: bool) -> None:
        """Print it."""
        record: Record = {
            "orders": self.orders,
            "queued": self.queued,
            "known": self.known,
            "skipped": dict(self.skipped),
            "refused": self.refused,
            "conflicts": self.conflicts,
            "dry_run": dry_run,
        }
        columns = (_COLUMNS[0], Column("queued", "would be queued"), *_COLUMNS[2:]) if dry_run else _COLUMNS
        if view.output is Output.ID:
            say(", ".join(f"{column.title or column.key} {column.show(record[column.key]) or 0}" for column in columns))
        else:
            view.one(record, columns)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A message of an order, and where the order was found."""

    place: str
    planned: Planned


def enqueue_orders(
    app: App,
    orders: Iterable[tuple[str, Order | InvalidOrder]],
    view: View,
    tally: Tally,
    *,
    event: OrderEvent | None = None,
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
        dry_run: Check, and queue nothing.
        after_chunk: Called after every few hundred messages.

    Raises:
        BrokerUnavailable: Redis cannot be reached. Everything may be told again: nothing is queued twice.
    """
    wanted = _wanted(app, orders, tally, event)
    while chunk := list(islice(wanted, _CHUNK)):
        answers = (_check if dry_run else _queue)(app, chunk)
        refused = set()
        for one, answer in zip(chunk, answers, strict=True):
            if isinstance(answer, IdempotencyConflict):
                tally.conflicts += 1
                say(f"{one.place}: {answer.message}")
            elif isinstance(answer, NotifyError):
                refused.add(one.place)
                say(f"{one.place}: {answer.message}")
            elif answer.known:
                tally.known += 1
            else:
                tally.queued += 1
                if view.output is Output.ID and not dry_run:
                    write(f"{answer.id}\n")
        tally.refused += len(refused)
        after_chunk()


def _wanted(
    app: App, orders: Iterable[tuple[str, Order | InvalidOrder]], tally: Tally, event: OrderEvent | None
) -> Iterator[_Wanted]:
    from notifyctl.orders import order_notifications

    for place, order in orders:
        tally.orders += 1
        if isinstance(order, InvalidOrder):
            tally.refused += 1
            say(f"{place}: {order.path + ': ' if order.path else ''}{order.message}")
            continue
        planned, skipped = order_notifications(order, event, catalog=app.catalog)
        tally.skipped.update(skip.reason for skip in skipped)
        for plan in planned:
            yield _Wanted(place, plan)


def _queue(app: App, chunk: list[_Wanted]) -> list[Any]:
    from notifyctl.notifier import Options

    return list(
        app.notifier.queue_many(
            [
                (
                    one.planned.notification,
                    Options(
                        idempotency_key=one.planned.idempotency_key,
                        priority=one.planned.priority,
                        expires=one.planned.expires_after,
                    ),
                )
                for one in chunk
            ]
        )
    )


def _check(app: App, chunk: list[_Wanted]) -> list[Any]:
    from notifyctl.channels.validation import validate_notification
    from notifyctl.notifier import Queued

    answers: list[Any] = []
    for one in chunk:
        try:
            validate_notification(one.planned.notification, app.catalog, shop=app.shop).encode()
        except InvalidInput as error:
            answers.append(error)
        else:
            answers.append(Queued(""))
    return answers
