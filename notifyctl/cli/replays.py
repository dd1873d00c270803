"""`notifyctl dlq replays`: dead letters that workers send on their way again, step by step."""

from typing import Annotated

import typer

from notifyctl.cli._complete import replay_ids
from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples
from notifyctl.cli._options import ListLimitOption, OutputOption, ReasonOption, TableOption
from notifyctl.cli._output import Output, View
from notifyctl.cli._replay import REPLAY_COLUMNS, follow, show_page, show_replay
from notifyctl.cli.edit import app
from notifyctl.views.replays import replay_record

__all__ = ["app"]


@app.command(
    epilog=examples(
        "notifyctl dlq replays",
        "notifyctl dlq replays 3r9k2m4p8t6w1x5z --watch",
        "notifyctl dlq replays 3r9k2m4p8t6w1x5z --cancel --reason 'wrong filter'",
    )
)
def replays(
    replay_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", autocompletion=replay_ids, help="Which one; all by default.")
    ] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Show how far it is until it is over.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Let nothing more of it go; what went, went.")] = False,
    limit: ListLimitOption = 50,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show bulk replays, how far they are, and what came of them; or cancel one.

    `dlq retry` with filters starts one, and workers carry it out: it goes on whatever becomes of the terminal. Those of
    the last 30 days are shown, the newest first. Ctrl-C ends the watching, not the replay.
    """
    view, everything = View(output, table), connected().replays
    if replay_id is None:
        if watch or cancel:
            raise typer.BadParameter("say which one: 'notifyctl dlq replays' lists them", param_hint="ID")
        view.many(map(replay_record, everything.list(limit=limit)), REPLAY_COLUMNS, none="no replays")
    elif cancel:
        show_replay(everything.cancel(replay_id, by=operator(), why=reason), view)
    elif watch:
        follow(connected(), everything.get(replay_id), view)
    else:
        show_page(everything.get(replay_id), view)
