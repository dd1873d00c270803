"""`notifyctl outbox`: what the sandbox took instead of sending it."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from notifyctl.cli import _bulk
from notifyctl.cli._context import connected, load_app, noted, operator
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, RevealOption, TableOption, YesOption
from notifyctl.cli._output import Column, Output, View, write
from notifyctl.views.outbox import entries, entry_record, find_entry, whole_entry_record
from notifyctl.views.times import moment

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["ENTRY_COLUMNS", "app"]

app = noun(
    "outbox",
    "The outbox: messages kept here instead of being sent.",
    "notifyctl outbox list",
    "notifyctl outbox show 3r9k2m4p8t6w1x5z",
)

ENTRY_COLUMNS = (
    Column("id"),
    Column("channel"),
    Column("to"),
    Column("subject"),
    Column("written_at", "written", moment),
)
_PAGE_COLUMNS = (*ENTRY_COLUMNS, Column("job"), Column("file"))

ChannelOption = Annotated[Literal["email", "whatsapp"] | None, typer.Option("--channel", help="Of this channel alone.")]


@app.command("list", epilog=examples("notifyctl outbox list", "notifyctl outbox list --channel whatsapp -o json"))
def list_(
    *,
    channel: ChannelOption = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most, the newest last.")] = 50,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List the messages in the outbox, the newest last."""
    app = load_app()
    found = entries(app, channel, limit=limit)
    if reveal and found:
        _note(app, f"{len(found)} messages in the outbox")
    records = [entry_record(entry, reveal=reveal) for entry in found]
    View(output, table).many(records, ENTRY_COLUMNS, none="the outbox is empty")


@app.command(epilog=examples("notifyctl outbox show 3r9k2m4p8t6w1x5z"))
def show(
    message_id: Annotated[str, typer.Argument(metavar="ID", help="As 'outbox list' shows it.")],
    *,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show a message as its customer would read it."""
    app = load_app()
    entry = find_entry(app, message_id)
    if reveal:
        _note(app, f"{entry.id} in the outbox")
    record = whole_entry_record(entry, reveal=reveal)
    View(output, table).one(record, _PAGE_COLUMNS)
    if output is Output.TABLE:
        write(f"\n{record['text'].rstrip()}\n")


@app.command(epilog=examples("notifyctl outbox clear", "notifyctl outbox clear --channel email --yes"))
def clear(*, channel: ChannelOption = None, yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    """Delete the messages in the outbox. The jobs that they belong to are kept."""
    from notifyctl.notification import Channel

    app = load_app()
    found = entries(app, channel)
    if dry_run:
        write(f"would be deleted: {len(found)}\n")
        return
    if found:
        question = f"messages to be deleted in {app.settings.outbox_dir}: {len(found)}"
        _bulk.ask(question, (f"{entry.id}  {entry.channel}" for entry in found[:3]), yes=yes)
    deleted = sum(app.outbox(each).clear() for each in Channel if channel in (None, each.value))
    noted(app, "cleared", f"outbox of {channel}" if channel else "outbox", counts={"deleted": deleted})
    write(f"deleted {deleted}\n")


def _note(app: "App", what: str) -> None:
    """Keep in the audit log that somebody looked at addresses."""
    connected(app).inspector.note("revealed", what, by=operator())
