"""`notifyctl dlq`: dead letters, which will not be tried again until somebody decides."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import _bulk
from notifyctl.cli._complete import dead_ids
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
    read_rate,
)
from notifyctl.cli._output import Column, Output, View
from notifyctl.engine.states import State
from notifyctl.errors import WrongState
from notifyctl.units import Rate
from notifyctl.views.filters import Chosen
from notifyctl.views.times import iso, moment

if TYPE_CHECKING:
    from notifyctl.engine.jobs import Job

__all__ = ["app"]

app = noun(
    "dlq",
    "Dead letters: look at them, send them again, give them up.",
    "notifyctl dlq list",
    "notifyctl dlq show 3r9k2m4p8t6w1x5z",
    "notifyctl dlq retry 3r9k2m4p8t6w1x5z",
    "notifyctl dlq retry --queue email --limit 100",
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


class By(StrEnum):
    """What dead letters can be counted by."""

    CODE = "code"
    REASON = "reason"
    ERROR = "error"
    TEMPLATE = "template"
    PROVIDER = "provider"
    QUEUE = "queue"


@app.command(
    epilog=examples(
        "notifyctl dlq stats", "notifyctl dlq stats --by template --since 24h", "notifyctl dlq stats -o json"
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
    """Count dead letters by what they have in common, the most frequent first."""
    counts: dict[str, list[int]] = {}
    for job in connected().inspector.search(chosen.where, chosen.queues):
        counts.setdefault(_of(job, by), []).append(job.finished_at_ms)
    records = [
        {by.value: what, "count": len(times), "first_at": iso(min(times)), "last_at": iso(max(times))}
        for what, times in sorted(counts.items(), key=lambda one: (-len(one[1]), one[0]))
    ]
    columns = (
        Column(by.value, width=60),
        Column("count"),
        Column("first_at", "first", moment),
        Column("last_at", "last", moment),
    )
    View(output, table).many(records, columns, id_key=by.value, none="no dead letters")


def _of(job: "Job", by: By) -> str:
    """What a dead letter is counted under."""
    last = job.attempts[-1] if job.attempts else {}
    match by:
        case By.CODE:
            return str(last.get("code") or job.reason)
        case By.ERROR:
            return str(last.get("error", ""))
        case By.PROVIDER:
            return ", ".join(sorted(job.providers))
        case _:
            return str(getattr(job, by.value))


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
        "notifyctl dlq retry --queue email --limit 100 --reason 'mail server mended'",
        "notifyctl dlq retry --code 451 --since 2h --rate 5/s --yes",
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
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Send dead letters on their way again, with a fresh count of attempts.

    Jobs that are named go at once; with a filter or --all, the count and a sample are shown first. Where nobody can say
    whether a message was sent already, it is said what is known, and asked.
    """
    _bulk.perform(
        _RETRY, ids or (), chosen, View(output, table),
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
    _bulk.perform(
        _PURGE, ids or (), chosen, View(output, table),
        every=every, limit=limit, yes=yes, dry_run=dry_run, reason=reason,
    )  # fmt: skip
