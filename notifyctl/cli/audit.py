"""`notifyctl audit`: who changed what."""

from datetime import datetime
from typing import Annotated, Any

import typer

from notifyctl.cli._context import connected
from notifyctl.cli._filters import CursorOption, read_time
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import ListLimitOption, OutputOption, TableOption
from notifyctl.cli._output import Column, Output, View, plain, say
from notifyctl.views.times import moment

__all__ = ["app"]

app = noun(
    "audit",
    "The audit log: who changed what, and why.",
    "notifyctl audit list",
    "notifyctl audit list --verb revealed --since yesterday",
)


def _pairs(values: dict[str, Any]) -> str:
    return plain([f"{name} {plain(value)}" for name, value in values.items()])


_COLUMNS = (
    Column("at", "when", moment),
    Column("by"),
    Column("verb"),
    Column("what", width=40),
    Column("filters", "meant", _pairs, width=30),
    Column("counts", "came of it", _pairs, width=30),
    Column("why", width=40),
)


@app.command(
    "list",
    epilog=examples(
        "notifyctl audit list",
        "notifyctl audit list --verb paused --what email --since 2d",
        "notifyctl audit list --by ada -o json",
    ),
)
def list_(
    *,
    verb: Annotated[str, typer.Option(metavar="VERB", help="Only this, such as retried, paused or revealed.")] = "",
    by: Annotated[
        str, typer.Option(metavar="NAME", help="Only by this account, host or token; a part is enough.")
    ] = "",
    what: Annotated[str, typer.Option(metavar="NAME", help="Only to this job, queue, provider or token.")] = "",
    since: Annotated[
        datetime | None, typer.Option(metavar="TIME", parser=read_time, help="Only since: 2h, yesterday, …")
    ] = None,
    until: Annotated[datetime | None, typer.Option(metavar="TIME", parser=read_time, help="The same, until.")] = None,
    limit: ListLimitOption = 50,
    cursor: CursorOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List what people changed or looked at unmasked, the newest first: who, to what, how much, and why.

    The last ten thousand entries are kept. What was done with many messages at once is one entry.
    """
    from notifyctl.clock import to_ms
    from notifyctl.views.acts import audit_record

    page = connected().audit.entries(
        limit,
        cursor=cursor,
        verb=verb,
        by=by,
        what=what,
        since_ms=to_ms(since) if since else 0,
        until_ms=to_ms(until) if until else 0,
    )
    records = [audit_record(entry) for entry in page.entries]
    # filters and counts are of work over many jobs: a table without any has no room for them
    shown = [
        column
        for column in _COLUMNS
        if column.key not in ("filters", "counts") or any(one[column.key] for one in records)
    ]
    View(output, table).many(records, shown if output is Output.TABLE else _COLUMNS, none="no such entries")
    if page.cursor:
        say(f"there are more than these {limit}: --limit shows more, --cursor {page.cursor} goes on")
