"""`notifyctl dlq`: dead letters, which will not be tried again until somebody decides."""

from typing import Annotated

import typer

from notifyctl.cli import _bulk
from notifyctl.cli._complete import dead_ids, queue_names
from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples, noun
from notifyctl.cli._jobs import JOB_COLUMNS, job_record, show_job
from notifyctl.cli._options import DryRunOption, OutputOption, ReasonOption, RevealOption, TableOption, YesOption
from notifyctl.cli._output import Output, View, say
from notifyctl.engine.states import State
from notifyctl.errors import WrongState

__all__ = ["app"]

app = noun(
    "dlq",
    "Dead letters: look at them, send them again, give them up.",
    "notifyctl dlq list",
    "notifyctl dlq show 3r9k2m4p8t6w1x5z",
    "notifyctl dlq retry 3r9k2m4p8t6w1x5z",
    "notifyctl dlq retry --queue email --limit 100",
)

IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", autocompletion=dead_ids, help="Which ones; - reads ids from standard input."),
]
QueueOption = Annotated[
    str | None, typer.Option("--queue", metavar="QUEUE", autocompletion=queue_names, help="Those of this queue.")
]
EveryOption = Annotated[bool, typer.Option("--all", help="Those of all queues.")]
BulkLimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="So many at most, the oldest first.")]


@app.command("list", epilog=examples("notifyctl dlq list --queue email", "notifyctl dlq list -o id | head -3"))
def list_(
    *,
    queue: QueueOption = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most, the newest first.")] = 50,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List dead letters, the newest first."""
    inspector = connected().inspector
    queues = [queue] if queue else inspector.queues()
    found = [job for name in queues for job in inspector.jobs(name, State.DEAD, limit=limit)]
    found.sort(key=lambda job: -job.finished_at_ms)
    shown = found[:limit]
    if reveal and shown:
        inspector.note("revealed", f"{len(shown)} dead letters", by=operator())
    records = [job_record(job, reveal=reveal) for job in shown]
    View(output, table).many(records, JOB_COLUMNS, none="no dead letters")
    if len(found) > limit or len(found) == limit < sum(inspector.stats(name).dlq for name in queues):
        say(f"there are more than these {limit}: --limit shows them")


@app.command(epilog=examples("notifyctl dlq show 3r9k2m4p8t6w1x5z", "notifyctl dlq show 3r9k2m4p8t6w1x5z -o json"))
def show(
    job_id: Annotated[str, typer.Argument(metavar="ID", autocompletion=dead_ids)],
    *,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show a dead letter: why it died, and each attempt."""
    inspector = connected().inspector
    job = inspector.job(job_id)
    if job.state is not State.DEAD:
        raise WrongState(f"job {job_id} is {job.state}, not dead", hint=f"See 'notifyctl job show {job_id}'.")
    if reveal:
        inspector.note("revealed", job_id, by=operator())
    show_job(View(output, table), job, reveal=reveal)


@app.command(
    epilog=examples(
        "notifyctl dlq retry 3r9k2m4p8t6w1x5z",
        "notifyctl dlq retry --queue email --limit 100 --reason 'mail server mended'",
        "notifyctl dlq list -o id | notifyctl dlq retry -",
    )
)
def retry(
    ids: IdsArgument = None,
    *,
    queue: QueueOption = None,
    every: EveryOption = False,
    limit: BulkLimitOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Send dead letters on their way again, with a fresh count of attempts.

    Jobs that are named go at once; with --queue or --all, the count and a sample are shown first.
    """
    inspector = connected().inspector
    chosen = _bulk.select(inspector, ids or (), State.DEAD, queue=queue, every=every, limit=limit)
    if chosen.ids and not (chosen.named or dry_run):
        question = f"{len(chosen.ids)} dead letters are to be sent again:"
        _bulk.ask(question, _bulk.described(inspector, chosen.ids), yes=yes)
    by = operator()
    view = View(output, table)
    _bulk.run(chosen, lambda job_id: inspector.replay(job_id, by=by, why=reason), "retried", view, dry_run=dry_run)


@app.command(
    epilog=examples(
        "notifyctl dlq purge 3r9k2m4p8t6w1x5z --reason 'order was refunded'", "notifyctl dlq purge --queue email --yes"
    )
)
def purge(
    ids: IdsArgument = None,
    *,
    queue: QueueOption = None,
    every: EveryOption = False,
    limit: BulkLimitOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Give dead letters up for good. They are gone afterwards; the audit log keeps who did it, and why."""
    inspector = connected().inspector
    chosen = _bulk.select(inspector, ids or (), State.DEAD, queue=queue, every=every, limit=limit)
    if chosen.ids and not dry_run:
        question = f"{len(chosen.ids)} dead letters are to be given up for good:"
        _bulk.ask(question, _bulk.described(inspector, chosen.ids), yes=yes)
    by = operator()
    view = View(output, table)
    _bulk.run(chosen, lambda job_id: inspector.discard(job_id, by=by, why=reason), "purged", view, dry_run=dry_run)
