"""`notifyctl spool`: what could not be handed to Redis yet."""

from dataclasses import asdict
from typing import Annotated

import typer

from notifyctl.cli._context import connected, load_app, noted, operator
from notifyctl.cli._errors import Code
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import ListLimitOption, OutputOption, RevealOption, TableOption
from notifyctl.cli._output import Column, Output, View, say
from notifyctl.errors import BrokerUnavailable
from notifyctl.views.spool import spool_record
from notifyctl.views.times import moment

__all__ = ["app"]

app = noun(
    "spool",
    "The spool: messages kept on this machine while Redis is away.",
    "notifyctl spool list",
    "notifyctl spool flush",
)

_COLUMNS = (
    Column("id"),
    Column("queue"),
    Column("kind"),
    Column("state"),
    Column("template"),
    Column("order"),
    Column("to"),
    Column("spooled_at", "spooled", moment),
    Column("due_at", "due", moment),
    Column("expires_at", "expires", moment),
    Column("why", width=40),
)
_MOVED_COLUMNS = (
    Column("moved"),
    Column("known", "already known"),
    Column("superseded"),
    Column("conflicts"),
    Column("held"),
    Column("left"),
)


@app.command("list", epilog=examples("notifyctl spool list", "notifyctl spool list --limit 1000 -o json"))
def list_(
    *,
    limit: ListLimitOption = 50,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List what lies in the spool, in the order in which it will be moved.

    That is what this user could not hand to Redis, on this machine. 'held' is what cannot be moved as it is, and
    'elsewhere' what is to go to another server or namespace than the settings name.
    """
    app = load_app()
    rows = app.spool.all(limit)
    if reveal and rows:
        connected(app).inspector.note("revealed", f"{len(rows)} entries of the spool", by=operator())
    records = [spool_record(row, app, reveal=reveal) for row in rows]
    View(output, table).many(records, _COLUMNS, none="the spool is empty")
    counts = app.spool.counts()
    if (total := counts.waiting + counts.held + counts.elsewhere) > limit:
        say(f"there are {total}: --limit shows more")


@app.command(epilog=examples("notifyctl spool flush", "notifyctl spool flush --everywhere"))
def flush(
    *,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Also what was to go to another server or namespace.")
    ] = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Move what lies in the spool into the queues. Safe to repeat, and beside workers that do the same.

    A message that was queued before is 'already known'. One that a later event has made wrong ends as cancelled; one
    whose idempotency key stands for other content, as a dead letter. Ends with 6 if something is held: it cannot be
    moved as it is.
    """
    from notifyctl.notifier.relay import Moved

    app = connected()
    total = Moved()
    try:
        app.ways.relay().flush(total, everywhere=everywhere)
    except BrokerUnavailable:
        say(f"stopped: {total.moved} messages were moved, {app.spool.counts().waiting} are left")
        raise
    record = {name: count for name, count in asdict(total).items() if name != "rows"}
    noted(app, "flushed", "spool of this machine", counts={name: count for name, count in record.items() if count})
    View(output, table).one({**record, "left": app.spool.counts().waiting}, _MOVED_COLUMNS, id_key="moved")
    if total.conflicts:
        say("what conflicts is among the dead letters: 'notifyctl dlq list --code conflict'")
    if total.held:
        say("'notifyctl spool list' says why something is held")
        raise typer.Exit(Code.PARTIAL)
