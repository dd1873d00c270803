"""`notifyctl order show`: what became of an order's messages, over all channels, in the order in which it happened."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples
from notifyctl.cli._options import OutputOption, RevealOption, TableOption
from notifyctl.cli._output import Column, Output, View, write
from notifyctl.cli.order import app
from notifyctl.errors import JobNotFound
from notifyctl.views.jobs import attempt_rows, job_record
from notifyctl.views.times import iso, moment

if TYPE_CHECKING:
    from notifyctl.engine.jobs import Job

__all__ = ["app"]

_MOST = 500
_MESSAGES = (
    Column("id"),
    Column("queue"),
    Column("template"),
    Column("to"),
    Column("state"),
    Column("reason"),
    Column("provider_id", "provider's id"),
)
_STEPS = (Column("at", "when", moment), Column("queue"), Column("template"), Column("what", width=70))


@app.command("show", epilog=examples("notifyctl order show 10482"))
def show_order(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="As the shop system calls it.")],
    *,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show one order's messages over all channels, and what became of them: did order 10482 get its mail?"""
    from notifyctl.engine.search import JobFilter

    inspector = connected().inspector
    jobs = inspector.find(JobFilter(order_id=order_id), limit=_MOST).jobs[::-1]
    if not jobs:
        raise JobNotFound(
            f"no message about order {order_id!r}",
            hint="Either none followed from it, or their retention is over. Give the shop system's own id.",
        )
    if reveal:
        inspector.note("revealed", f"order {order_id}", by=operator())
    records = [job_record(job, reveal=reveal) | {"attempts": attempt_rows(job)} for job in jobs]
    view = View(output, table)
    if output is not Output.TABLE:
        view.many(records, _MESSAGES)
        return
    view.many(records, _MESSAGES)
    write("\n")
    view.many(_steps(jobs), _STEPS)


def _steps(jobs: "list[Job]") -> list[dict[str, Any]]:
    """What happened, oldest first."""
    steps: list[tuple[int, Job, str]] = []
    for job in jobs:
        scheduled = job.due_at_ms > job.created_at_ms and not job.attempts
        steps.append((job.created_at_ms, job, f"queued for {moment(iso(job.due_at_ms))}" if scheduled else "queued"))
        steps += [(int(run.get("started_at_ms") or job.created_at_ms), job, _told(run)) for run in job.attempts]
        if job.finished_at_ms:
            steps.append((job.finished_at_ms, job, f"{job.state} ({job.reason})" if job.reason else job.state.value))
    return [
        {"at": iso(at_ms), "queue": job.queue, "template": job.template, "what": what}
        for at_ms, job, what in sorted(steps, key=lambda step: step[0])
    ]


def _told(run: dict[str, Any]) -> str:
    """One attempt in a line."""
    asked = ", ".join(f"{one.get('provider')}: {one.get('outcome')}" for one in run.get("tries", ()))
    error = run.get("error", "")
    return " - ".join(
        part for part in (f"attempt {run.get('attempt', '')}", asked or run.get("outcome"), error) if part
    )
