"""`notifyctl order show`: what became of an order's messages, over all channels, in the order in which it happened."""

from typing import Annotated

import typer

from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples
from notifyctl.cli._options import OutputOption, RevealOption, TableOption
from notifyctl.cli._output import Column, Output, View, write
from notifyctl.cli.order import app
from notifyctl.views.answers import order_answer
from notifyctl.views.orders import jobs_of_order, story_records
from notifyctl.views.story import step_record, story
from notifyctl.views.times import iso, moment

__all__ = ["app"]

_MESSAGES = (
    Column("id"),
    Column("queue"),
    Column("template"),
    Column("to"),
    Column("state"),
    Column("reason"),
    Column("provider_id", "provider's id"),
)
_STEPS = (Column("at", "when", moment), Column("queue"), Column("template"), Column("what", width=60))
_NEXT = (Column("id"), Column("queue"), Column("template"), Column("next", "what happens next", width=60))


@app.command("show", epilog=examples("notifyctl order show 10482"))
def show_order(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="As the shop system calls it.")],
    *,
    reveal: RevealOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show one order's messages over all channels, and what became of them: did order 10482 get its mail?

    The first line answers that.
    """
    inspector = connected().inspector
    jobs = jobs_of_order(inspector, order_id)
    if reveal:
        inspector.note("revealed", f"order {order_id}", by=operator())
    records = story_records(inspector, jobs, reveal=reveal)
    view = View(output, table)
    if output is Output.TABLE:
        said = order_answer(jobs)
        write(f"{said.word}: {said.sentence}{f' ({moment(iso(said.at_ms))})' if said.at_ms else ''}\n\n")
    view.many(records, _MESSAGES)
    if output is not Output.TABLE:
        return
    write("\n")
    view.many(map(step_record, story(jobs)), _STEPS)
    if coming := [record for record in records if record["next"]]:
        write("\n")
        view.many(coming, _NEXT)
