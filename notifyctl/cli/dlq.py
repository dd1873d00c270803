"""`notifyctl dlq`: dead letters, which will not be tried again until somebody decides."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from notifyctl.cli import _bulk
from notifyctl.cli._complete import dead_ids
from notifyctl.cli._context import connected, operator
from notifyctl.cli._export import export_all
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
    read_duration,
    read_rate,
)
from notifyctl.cli._output import Column, Output, View, plain
from notifyctl.cli._purge import purge_all
from notifyctl.cli._replay import start
from notifyctl.engine.states import Lane, State
from notifyctl.engine.tally import By
from notifyctl.errors import WrongState
from notifyctl.units import Rate
from notifyctl.views.counts import count_record
from notifyctl.views.filters import Chosen
from notifyctl.views.times import moment

__all__ = ["app"]


class LaneName(StrEnum):
    """Where dead letters go when they are sent again."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    OWN = "own"


app = noun(
    "dlq",
    "Dead letters: look at them, mend and resend them, or give up.",
    "notifyctl dlq list",
    "notifyctl dlq show 3r9k2m4p8t6w1x5z",
    "notifyctl dlq retry 3r9k2m4p8t6w1x5z",
    "notifyctl dlq retry --code 401 --since 2h --rate 5/s",
)

_RETRY = _bulk.Verb(
    "retried",
    "dead letters to be sent again",
    lambda inspector, job_id, by, why: inspector.replay(job_id, by=by, why=why),
    resends=True,
)
_PURGE = _bulk.Verb(
    "purged",
    "dead letters to be given up for good",
    lambda inspector, job_id, by, why: inspector.discard(job_id, by=by, why=why),
    asks_always=True,
)

IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", autocompletion=dead_ids, help="Which ones; - reads ids from standard input."),
]


@app.command(
    "list",
    epilog=examples(
        "notifyctl dlq list --queue email",
        "notifyctl dlq list --code 550 --since 'yesterday 18:00'",
        "notifyctl dlq list -o id | head -3",
    ),
)
@filtered(State.DEAD)
def list_(
    *,
    chosen: Chosen,
    limit: ListLimitOption = 50,
    cursor: CursorOption = "",
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """List dead letters, the newest first."""
    list_jobs(chosen, View(output, table), limit=limit, cursor=cursor, reveal=reveal, none="no dead letters")


@app.command(
    epilog=examples(
        "notifyctl dlq stats", "notifyctl dlq stats --by hour --code 401", "notifyctl dlq stats --by template -o json"
    )
)
@filtered(State.DEAD)
def stats(
    *,
    chosen: Chosen,
    by: Annotated[By, typer.Option(help="Count them by this.")] = By.CODE,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Count dead letters by what they have in common, the most frequent first; hours in their order."""
    counts = connected().inspector.tally(by, chosen.where, chosen.queues)
    records = [count_record(by, count) for count in counts]
    columns = (
        Column(by.value, show=moment if by is By.HOUR else plain, width=60),
        Column("count"),
        Column("first_at", "first", moment),
        Column("last_at", "last", moment),
    )
    View(output, table).many(records, columns, id_key=by.value, none="no dead letters")


@app.command(epilog=examples("notifyctl dlq show 3r9k2m4p8t6w1x5z", "notifyctl dlq show 3r9k2m4p8t6w1x5z -o json"))
def show(
    job_id: Annotated[str, typer.Argument(metavar="ID", autocompletion=dead_ids, help="Which one.")],
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
        "notifyctl dlq retry --code 401 --since 14:02 --until 14:40 --dry-run",
        "notifyctl dlq retry --code 401 --since 2h --rate 5/s --max-age 1d --reason 'key mended' --yes",
        "notifyctl dlq list -o id | notifyctl dlq retry -",
    )
)
@filtered(State.DEAD)
def retry(
    ids: IdsArgument = None,
    *,
    chosen: Chosen,
    every: EveryOption = False,
    limit: BulkLimitOption = None,
    rate: Annotated[
        Rate | None, typer.Option(metavar="RATE", parser=read_rate, help="No faster than this: 5/s, 100/min.")
    ] = None,
    max_age: Annotated[
        timedelta | None,
        typer.Option(metavar="AGE", parser=read_duration, help="Skip what was queued longer ago: 6h, 2d."),
    ] = None,
    lane: Annotated[
        LaneName | None,
        typer.Option(help="To the end of this lane; with filters low by default, and each into its own with ids."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all are retried, also without a terminal.")] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Send dead letters on their way again, with a fresh count of attempts.

    Those that are named go at once. With filters or --all, the count and a sample are shown first; then workers send
    them on, the oldest first, whatever becomes of this terminal: see `dlq replays`. They go to the end of the lane low,
    and never hold up today's messages. Skipped, and counted, is what was accepted meanwhile, what a later event of its
    order made wrong, and what is too old. Where nobody can say whether it was sent already, it is said, and asked.
    """
    view = View(output, table)
    if not _bulk.given(ids or (), chosen, every=every, limit=limit):
        start(
            chosen, view, yes=yes, dry_run=dry_run, reason=reason, wait=wait, limit=limit or 0, rate=rate,
            lane=None if lane is LaneName.OWN else Lane.parse((lane or LaneName.LOW).value),
            max_age_ms=0 if max_age is None else round(max_age.total_seconds() * 1000),
        )  # fmt: skip
        return
    if max_age is not None:
        raise typer.BadParameter("it goes with filters: who names a message wants it sent", param_hint="--max-age")
    to = None if lane in (None, LaneName.OWN) else Lane.parse(lane.value)
    verb = replace(_RETRY, act=lambda inspector, job_id, by, why: inspector.replay(job_id, lane=to, by=by, why=why))
    _bulk.perform(
        verb, ids or (), chosen, view,
        every=every, limit=limit, yes=yes, dry_run=dry_run, reason=reason, rate=rate,
    )  # fmt: skip


@app.command(
    epilog=examples(
        "notifyctl dlq purge 3r9k2m4p8t6w1x5z --reason 'order was refunded'", "notifyctl dlq purge --queue email --yes"
    )
)
@filtered(State.DEAD)
def purge(
    ids: IdsArgument = None,
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
    """Give dead letters up for good. They are gone afterwards; the audit log keeps who did it, and why."""
    view = View(output, table)
    if not _bulk.given(ids or (), chosen, every=every, limit=limit):
        purge_all(chosen, view, yes=yes, dry_run=dry_run, reason=reason, limit=limit or 0)
        return
    _bulk.perform(
        _PURGE, ids or (), chosen, view,
        every=every, limit=limit, yes=yes, dry_run=dry_run, reason=reason,
    )  # fmt: skip


@app.command(
    epilog=examples(
        "notifyctl dlq export --since today > dead.jsonl", "notifyctl dlq export --code 550 --reveal | jq -r .to"
    )
)
@filtered(State.DEAD)
def export(
    *,
    chosen: Chosen,
    limit: BulkLimitOption = None,
    reveal: RevealOption = False,
) -> None:
    """Print dead letters as JSON lines, each with its attempts, the newest first; all of them without a filter."""
    export_all(chosen, limit=limit, reveal=reveal)
