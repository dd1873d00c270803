"""`notifyctl queue`: pause queues, let them go on, and limit them; live, for all workers at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli._complete import queue_names
from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, ReasonOption, TableOption, read_rate
from notifyctl.cli._output import Column, Output, View, write
from notifyctl.cli.stats import OPEN_COLUMN
from notifyctl.units import Rate
from notifyctl.views.queues import queue_records, whole_queue_record
from notifyctl.views.times import duration

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.inspector import Inspector

__all__ = ["app"]

app = noun(
    "queue",
    "Queues: pause them, let them go on, limit them.",
    "notifyctl queue list",
    "notifyctl queue pause email --reason 'template is wrong'",
    "notifyctl queue limit email --rate 5/s",
)

QueuesArgument = Annotated[
    list[str], typer.Argument(metavar="QUEUE", autocompletion=queue_names, help="Such as email; one or more.")
]
QueueArgument = Annotated[str, typer.Argument(metavar="QUEUE", autocompletion=queue_names, help="Such as email.")]

_COLUMNS = (
    Column("queue"),
    Column("state"),
    Column("waiting"),
    Column("active"),
    Column("rate", "limit"),
    Column("rate_origin", "set in"),
    Column("max_active", "at once", lambda number: str(number or "")),
    Column("pause_reason", "reason"),
)

_PAGE_COLUMNS = (
    Column("queue"),
    Column("state"),
    Column("pause_reason", "reason"),
    Column("blocked_ms", "blocked for", duration),
    Column("blocked_reason", "blocked because"),
    Column("trial", "after the block", lambda trial: "one at a time, until one is sent" if trial else ""),
    OPEN_COLUMN,
    Column("waiting"),
    Column("active"),
    Column("delayed"),
    Column("completed"),
    Column("cancelled"),
    Column("failed"),
    Column("dlq"),
    Column("possible_duplicates", "sent in doubt"),
    Column("spooled", "in the spool here", lambda number: str(number or "")),
    Column("oldest_waiting_ms", "oldest waiting", duration),
    Column("next_due_ms", "next is due in", duration),
    Column("rate", "limit"),
    Column("rate_origin", "limit set in"),
    Column("configured_rate", "limit in the settings"),
    Column("max_active", "at once", lambda number: str(number or "")),
    Column("workers", "worker processes"),
    Column("concurrency", "threads of a process"),
    Column("retry_delays", "retries after"),
    Column("look_ups", "looked up after"),
    Column("unknown_outcome", "if nothing is found"),
    Column("route", "goes to"),
)


@app.command("list", epilog=examples("notifyctl queue list", "notifyctl queue list -o json"))
def list_(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """List the queues, with what limits them."""
    app = connected()
    records = queue_records(app, app.inspector.queues())
    View(output, table).many(records, _COLUMNS, id_key="queue")


@app.command(epilog=examples("notifyctl queue show email"))
def show(queue: QueueArgument, *, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """Show all there is to know about a queue: its counts, what limits it, what holds it up, how it is worked on."""
    app = connected()
    View(output, table).one(whole_queue_record(app, queue), _PAGE_COLUMNS, id_key="queue")


@app.command(epilog=examples("notifyctl queue pause email whatsapp --reason 'provider is down'"))
def pause(
    queues: QueuesArgument,
    *,
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Hand out nothing more of these queues until 'resume'; what is in progress ends."""
    app = connected()
    inspector = app.inspector
    names = [inspector.known(name) for name in queues]
    if not dry_run:
        for name in names:
            inspector.pause(name, reason=reason, by=operator())
    _tell(app, names, "would be paused" if dry_run else "is paused", View(output, table))


@app.command(epilog=examples("notifyctl queue resume email"))
def resume(
    queues: QueuesArgument,
    *,
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Let queues go on, after a pause or after a provider asked for one."""
    app = connected()
    inspector = app.inspector
    names = [inspector.known(name) for name in queues]
    if not dry_run:
        for name in names:
            inspector.resume(name, by=operator(), why=reason)
    _tell(app, names, "would go on" if dry_run else "goes on", View(output, table))


def _tell(app: "App", queues: Sequence[str], what: str, view: View) -> None:
    """Say what was done with queues, or print them as they are now."""
    if view.output is Output.TABLE:
        write("".join(f"{name} {what}\n" for name in queues))
    else:
        view.many(queue_records(app, queues), _COLUMNS, id_key="queue")


@app.command(
    epilog=examples(
        "notifyctl queue limit email --rate 5/s",
        "notifyctl queue limit whatsapp --max-active 3",
        "notifyctl queue limit email --clear",
    )
)
def limit(
    queue: QueueArgument,
    *,
    rate: Annotated[
        Rate | None, typer.Option(metavar="RATE", parser=read_rate, help="As 10/s or 600/min; off for no limit.")
    ] = None,
    max_active: Annotated[
        int | None, typer.Option("--max-active", min=0, help="So many in progress at once; 0 for no such limit.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Back to what the settings say.")] = False,
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Limit a queue over all its workers, at once; this wins over the settings until it is cleared."""
    given = rate is not None or max_active is not None
    if given == clear:
        raise typer.BadParameter("give --rate or --max-active, or else --clear", param_hint="--rate")
    app = connected()
    inspector = app.inspector
    inspector.known(queue)
    if not dry_run and clear:
        inspector.unlimit(queue, by=operator(), why=reason)
    elif not dry_run:
        inspector.limit(queue, rate=rate, max_active=max_active, by=operator(), why=reason)
    if output is Output.TABLE:
        write(f"{queue}: {_told(inspector, queue, rate if dry_run else None)}{' (not set)' if dry_run else ''}\n")
    else:
        View(output, table).one(queue_records(app, [queue])[0], _COLUMNS, id_key="queue")


def _told(inspector: "Inspector", queue: str, rate: Rate | None) -> str:
    """Say what limits a queue, or would with this rate."""
    found = inspector.stats(queue)
    limit = str(rate or found.rate)
    told = "no limit" if limit == "off" else f"at most {limit}"
    return told + (f", {found.max_active} at once" if found.max_active else "")
