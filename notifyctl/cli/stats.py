"""`notifyctl stats`: how many messages are where, once or again and again."""

import operator
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from notifyctl.cli._complete import queue_names
from notifyctl.cli._context import connected
from notifyctl.cli._errors import Code
from notifyctl.cli._group import Verb, alone, examples
from notifyctl.cli._options import OutputOption, TableOption, read_duration
from notifyctl.cli._output import Column, Output, Record, View, say, write
from notifyctl.errors import BrokerUnavailable
from notifyctl.views.queues import queue_records
from notifyctl.views.times import duration

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["OPEN_COLUMN", "app"]

app = alone()

#: What `--fail-if` may ask about.
_FIELDS = (
    "waiting", "active", "delayed", "completed", "failed", "dlq", "cancelled", "paused", "blocked_ms",
    "oldest_waiting_ms", "next_due_ms", "max_active", "circuits", "possible_duplicates", "workers", "spooled",
)  # fmt: skip
_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|==|!=|>|<)\s*(\d+)\s*")
_EVERY = "2s"

QUEUE_COLUMNS = (
    Column("queue"),
    Column("state"),
    Column("waiting"),
    Column("active"),
    Column("delayed"),
    Column("completed"),
    Column("failed"),
    Column("dlq"),
    Column("oldest_waiting_ms", "oldest waiting", duration),
    Column("rate", "limit"),
    Column("workers"),
)


#: What a table of queues says of providers that are not asked.
OPEN_COLUMN = Column(
    "circuits",
    "not asked",
    lambda circuits: "; ".join(
        f"{circuit['provider']}: {circuit['reason'] or circuit['kind']}" for circuit in circuits
    ),
    width=40,
)


class Condition(NamedTuple):
    """A field of the stats compared with a number."""

    field: str
    operator: str
    number: int

    def met_by(self, record: Record) -> bool:
        """Whether a queue is so."""
        return _OPERATORS[self.operator](self.found_in(record), self.number)

    def found_in(self, record: Record) -> int:
        """The number of a queue; of a list, how long it is."""
        value = record[self.field]
        return len(value) if isinstance(value, list) else int(value or 0)

    def __str__(self) -> str:
        return f"{self.field}{self.operator}{self.number}"


def read_condition(text: str) -> Condition:
    """Return a condition such as `dlq>0`."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise typer.BadParameter("expected a field, one of > >= < <= == != and a number, such as 'dlq>0'")
    if match[1] not in _FIELDS:
        raise typer.BadParameter(f"{match[1]!r} is no number of the stats; there are: {', '.join(_FIELDS)}")
    return Condition(match[1], match[2], int(match[3]))


def read_interval(text: str) -> timedelta:
    """Return an interval such as `2s`."""
    interval = read_duration(text)
    if not interval:
        raise typer.BadParameter("expected an interval of more than 0")
    return interval


class StatsCommand(Verb):
    """Lets `--watch` stand without an interval."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in the interval where the word after `--watch` is none."""
        words = []
        for word, following in zip_longest(args, args[1:], fillvalue=""):
            bare = word == "--watch" and not re.match(r"\d", following)
            words.append(f"--watch={_EVERY}" if bare else word)
        return super().parse_args(ctx, words)


@app.command(
    cls=StatsCommand,
    epilog=examples("notifyctl stats email", "notifyctl stats --watch 5s", "notifyctl stats -o json --fail-if 'dlq>0'"),
)
def stats(
    *,
    queues: Annotated[
        list[str] | None, typer.Argument(metavar="QUEUE", autocompletion=queue_names, help="Default: all.")
    ] = None,
    watch: Annotated[
        timedelta | None,
        typer.Option(metavar="[INTERVAL]", parser=read_interval, help=f"Again and again, every {_EVERY} by default."),
    ] = None,
    fail_if: Annotated[
        list[Condition] | None,
        typer.Option(metavar="CONDITION", parser=read_condition, help="End with 7 if a queue is so, e.g. 'dlq>0'."),
    ] = None,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show how many messages are where.

    Every number is exact, and counted in one moment per queue. 'completed' looks back 24 hours and 'failed' 7 days;
    'dlq' is what is dead now; 'workers' are the processes that take from the queue, as 'worker list' has them. As JSON,
    one queue asked for by name is an object; otherwise there is a list of them.

    On a terminal, --watch shows rates, limits and their use, circuits, workers and the last events besides.
    """
    app = connected()
    view = View(output, table)
    single = len(queues or ()) == 1

    def look() -> Sequence[Record]:
        return queue_records(app, queues or app.inspector.queues(), tell=_note)

    if watch is None:
        found = look()
        if single and output is Output.JSON:
            view.one(found[0], QUEUE_COLUMNS, id_key="queue")
        else:
            view.many(found, _columns(found, output), id_key="queue")
        spooled = sum(record["spooled"] or 0 for record in found)
        if output is Output.TABLE and spooled:
            say(f"{spooled} more in the spool of this machine: see 'notifyctl spool list'")
        _end_if_met(fail_if or (), found)
        return
    try:
        if output is Output.TABLE and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            _watch(app, queues or (), watch, fail_if or ())
        for found in _watched(look, watch):
            _print(found, view)
            _end_if_met(fail_if or (), found)
    except KeyboardInterrupt:
        raise typer.Exit(Code.DONE) from None


def _watch(app: "App", queues: Sequence[str], every: timedelta, conditions: Sequence[Condition]) -> None:
    from notifyctl.cli._watch import watch

    met: list[Record] = []

    def is_over(records: Sequence[Record]) -> bool:
        met.extend(record for record in records if any(condition.met_by(record) for condition in conditions))
        return bool(met)

    watch(app, queues, every, is_over)
    _end_if_met(conditions, met)


def _note(what: str) -> None:
    say(f"note: {what}")


def _columns(records: Sequence[Record], output: Output) -> tuple[Column, ...]:
    """The columns, in a table without the one that is empty as long as all is well."""
    quiet = output is Output.TABLE and not any(record["circuits"] for record in records)
    return QUEUE_COLUMNS if quiet else (*QUEUE_COLUMNS, OPEN_COLUMN)


def _watched(look: Callable[[], Sequence[Record]], every: timedelta) -> Iterator[Sequence[Record]]:
    """Look again and again. Once it has worked, a server that is away is told and waited for."""
    yield look()
    while True:
        time.sleep(every.total_seconds())
        try:
            found = look()
        except BrokerUnavailable as error:
            say(f"{error.message}; still trying")
        else:
            yield found


def _print(records: Sequence[Record], view: View) -> None:
    if sys.stdout.isatty() and view.output is Output.TABLE:
        write("\n")  # a terminal without a cursor gets one table after the other
        view.many(records, _columns(records, view.output))
    else:
        View(Output.JSONL).many(records, QUEUE_COLUMNS)


def _end_if_met(conditions: Sequence[Condition], records: Sequence[Record]) -> None:
    met = [
        f"{record['queue']}: {condition.field} is {condition.found_in(record)}, as in '{condition}'"
        for condition in conditions
        for record in records
        if condition.met_by(record)
    ]
    for line in met:
        say(line)
    if met:
        raise typer.Exit(Code.CONDITION)
