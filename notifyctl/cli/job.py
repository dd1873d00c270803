"""`notifyctl job`: single messages, wherever they are."""

from typing import Annotated

import typer

from notifyctl.cli import _bulk
from notifyctl.cli._complete import cancellable_ids, job_ids
from notifyctl.cli._context import connected, operator
from notifyctl.cli._filters import CursorOption, filtered
from notifyctl.cli._group import examples, noun
from notifyctl.cli._jobs import list_jobs, show_job
from notifyctl.cli._options import (
    BulkLimitOption,
    DryRunOption,
    EveryOption,
    ListLimitOption,
    OutputOption,
    ReasonOption,
    RevealOption,
    TableOption,
    YesOption,
)
from notifyctl.cli._output import Output, View
from notifyctl.engine.states import State
from notifyctl.views.filters import Chosen

__all__ = ["app"]

app = noun(
    "job",
    "Jobs: single messages, wherever they are.",
    "notifyctl job list --state waiting",
    "notifyctl job show 3r9k2m4p8t6w1x5z",
    "notifyctl job cancel 3r9k2m4p8t6w1x5z",
)


_CANCEL = _bulk.Verb(
    "cancelled",
    "jobs to be cancelled",
    lambda inspector, job_id, by, why: inspector.cancel(job_id, by=by, why=why),
)


@app.command(
    "list",
    epilog=examples(
        "notifyctl job list",
        "notifyctl job list --queue email --state delayed --limit 10 -o json",
        "notifyctl job list --to ada@example.com --since 2d",
    ),
)
@filtered()
def list_(
    *,
    chosen: Chosen,
    limit: ListLimitOption = 50,
    cursor: CursorOption = "",
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List jobs: those that live in the order in which they will go, then those that have ended, newest first."""
    list_jobs(chosen, View(output, table), limit=limit, cursor=cursor, reveal=reveal, none="no such jobs")


@app.command(epilog=examples("notifyctl job show 3r9k2m4p8t6w1x5z", "notifyctl job show 3r9k2m4p8t6w1x5z -o json"))
def show(
    job_id: Annotated[str, typer.Argument(metavar="ID", autocompletion=job_ids, help="Which one.")],
    *,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show a job: where it is, and each attempt so far."""
    inspector = connected().inspector
    job = inspector.job(job_id)
    if reveal:
        inspector.note("revealed", job_id, by=operator())
    show_job(View(output, table), job, reveal=reveal)


@app.command(
    epilog=examples(
        "notifyctl job cancel 3r9k2m4p8t6w1x5z --reason 'order was refunded'",
        "notifyctl job cancel --order 10482 --yes",
        "notifyctl job list --state delayed -o id | notifyctl job cancel -",
    )
)
@filtered(State.WAITING, State.DELAYED)
def cancel(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID", autocompletion=cancellable_ids, help="Which ones; - reads ids from standard input."
        ),
    ] = None,
    *,
    chosen: Chosen,
    every: EveryOption = False,
    limit: BulkLimitOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Cancel jobs that have not gone yet: they are waiting, or scheduled for later.

    Jobs that are named are cancelled at once; with a filter or --all, the count and a sample are shown first.
    """
    _bulk.perform(
        _CANCEL, ids or (), chosen, View(output, table),
        every=every, limit=limit, yes=yes, dry_run=dry_run, reason=reason,
    )  # fmt: skip
