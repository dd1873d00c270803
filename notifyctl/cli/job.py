"""`notifyctl job`: single messages, wherever they are."""

from typing import Annotated

import typer

from notifyctl.cli import _bulk
from notifyctl.cli._complete import queue_names
from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples, noun
from notifyctl.cli._jobs import JOB_COLUMNS, job_record, show_job
from notifyctl.cli._options import DryRunOption, OutputOption, ReasonOption, RevealOption, TableOption
from notifyctl.cli._output import Output, View, say
from notifyctl.engine.states import State

__all__ = ["app"]

app = noun(
    "job",
    "Jobs: single messages, wherever they are.",
    "notifyctl job list --state waiting",
    "notifyctl job show 3r9k2m4p8t6w1x5z",
    "notifyctl job cancel 3r9k2m4p8t6w1x5z",
)


@app.command(
    "list",
    epilog=examples("notifyctl job list", "notifyctl job list --queue email --state delayed --limit 10 -o json"),
)
def list_(
    *,
    queue: Annotated[
        str | None, typer.Option("--queue", metavar="QUEUE", autocompletion=queue_names, help="Those of this queue.")
    ] = None,
    state: Annotated[
        list[State] | None, typer.Option("--state", metavar="STATE", help="Those in this state; again for more.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 50,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List jobs: the newest first, those of one state 'waiting' or 'delayed' in the order in which they will go."""
    inspector = connected().inspector
    states = state or list(State)
    queues = [queue] if queue else inspector.queues()
    found = [job for name in queues for each in states for job in inspector.jobs(name, each, limit=limit)]
    if states not in ([State.WAITING], [State.DELAYED]):
        found.sort(key=lambda job: -job.created_at_ms)
    shown = found[:limit]
    if reveal and shown:
        inspector.note("revealed", f"{len(shown)} jobs", by=operator())
    records = [job_record(job, reveal=reveal) for job in shown]
    View(output, table).many(records, JOB_COLUMNS, none="no such jobs")
    if len(found) >= limit:
        say(f"at most {limit} are shown: --limit shows more")


@app.command(epilog=examples("notifyctl job show 3r9k2m4p8t6w1x5z", "notifyctl job show 3r9k2m4p8t6w1x5z -o json"))
def show(
    job_id: Annotated[str, typer.Argument(metavar="ID")],
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
        "notifyctl job list --state delayed -o id | notifyctl job cancel -",
    )
)
def cancel(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Which ones; - reads ids from standard input.")],
    *,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Cancel jobs that have not gone yet: they are waiting, or scheduled for later."""
    inspector = connected().inspector
    by = operator()
    chosen = _bulk.Selection(_bulk.read_ids(ids), named=True)
    view = View(output, table)
    _bulk.run(chosen, lambda job_id: inspector.cancel(job_id, by=by, why=reason), "cancelled", view, dry_run=dry_run)
