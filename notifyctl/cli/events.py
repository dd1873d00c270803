"""`notifyctl events`: what happened by itself, and what happens now."""

from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli._context import connected
from notifyctl.cli._errors import Code
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import OutputOption
from notifyctl.cli._output import Column, Output, Record, View, plain, say, write
from notifyctl.errors import BrokerUnavailable
from notifyctl.views.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notifyctl.engine.events import Event, Events

__all__ = ["app"]

app = noun(
    "events",
    "Events: what happened by itself.",
    "notifyctl events tail",
    "notifyctl events tail -f",
)

_WAIT_MS = 1_000
_COLUMNS = (Column("at"), Column("kind"), Column("about"))


@app.command(
    epilog=examples("notifyctl events tail", "notifyctl events tail -f", "notifyctl events tail -n 0 -f -o jsonl")
)
def tail(
    *,
    last: Annotated[int, typer.Option("-n", "--last", min=0, metavar="N", help="So many of the newest ones.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with each that comes, until Ctrl-C.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the newest events, the oldest of them first: circuits, workers, queues, bulk replays, dead letters.

    The last ten thousand are kept. While Redis is away, it is waited for, and nothing is left out.
    """
    if follow and output is Output.JSON:
        raise typer.BadParameter("a list would never end here: take jsonl", param_hint="-o")
    events = connected().events
    view = View(output)
    try:
        newest = events.last(last)
        after = newest[-1].event_id if newest else events.newest_id()
        _show(newest, view)
        if follow:
            for found in _followed(events, after):
                _show(found, view)
    except KeyboardInterrupt:
        raise typer.Exit(Code.DONE) from None


def _followed(events: "Events", after: str) -> "Iterator[list[Event]]":
    """Yield events as they come. A server that is away is told once, and waited for."""
    import time

    away = False
    while True:
        try:
            found = events.entries(after, block_ms=_WAIT_MS)
        except BrokerUnavailable as error:
            if not away:
                say(f"{error.message}; still trying")
            away = True
            time.sleep(_WAIT_MS / 1000)
            continue
        away = False
        if found:
            after = found[-1].event_id
            yield found


def _show(events: "Sequence[Event]", view: View) -> None:
    from notifyctl.views.acts import event_record

    records = [event_record(event) for event in events]
    if view.output is Output.TABLE:
        write("".join(map(_line, records)))  # line by line: a table that goes on has no widths yet
    else:
        view.many(records, _COLUMNS)


def _line(record: Record) -> str:
    about = ", ".join(f"{name} {value}" for name, value in record["about"].items() if value)
    return f"{moment(record['at'])}  {plain(record['kind']):<16}  {plain(about)}\n"
