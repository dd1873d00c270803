"""The command line: assembly only. A file per noun beside this one.

Nothing here or in those files loads Redis, Dramatiq, a vendor's SDK or pydantic before a command needs it: `--help`
and completion are fast.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NoReturn

import typer

from notifyctl.cli import completion, config, dlq, job, order, outbox, queue, server
from notifyctl.cli._errors import Globals, guarded
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import choose_colours
from notifyctl.cli._output import write
from notifyctl.cli.demo import demo
from notifyctl.cli.doctor import doctor
from notifyctl.cli.send import send
from notifyctl.cli.stats import StatsCommand, stats
from notifyctl.cli.timeline import show_order
from notifyctl.cli.topics import help_
from notifyctl.cli.worker import worker

__all__ = ["app", "main"]

app = noun(
    "notifyctl",
    "The notification queue for shops: email and WhatsApp, nothing lost, nothing sent twice.",
    "notifyctl demo",
    "notifyctl order test --count 20",
    "notifyctl worker",
    "notifyctl stats email",
    "notifyctl dlq retry 3r9k2m4p8t6w1x5z",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from notifyctl import __version__

        write(f"notifyctl {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    *,
    color: Annotated[
        Literal["auto", "always", "never"], typer.Option(help="Colours; NO_COLOR and CLICOLOR_FORCE count, too.")
    ] = "auto",
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; they may hold personal data.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback acts
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if color != "auto":
        choose_colours(color)
    if isinstance(ctx.obj, Globals):
        ctx.obj.debug = debug


app.command(epilog=examples("notifyctl demo"))(demo)
app.command(
    epilog=examples(
        "notifyctl worker",
        "notifyctl worker --queue email --concurrency email=10 --processes 2",
        "notifyctl worker --drain",
    )
)(worker)
app.command(
    cls=StatsCommand,
    epilog=examples("notifyctl stats email", "notifyctl stats --watch 5s", "notifyctl stats -o json --fail-if 'dlq>0'"),
)(stats)
app.command(
    epilog=examples(
        "notifyctl send email ada@example.com --template test_message --var note=Hello",
        "notifyctl send whatsapp +447700900123 -t test_message --in 10m --key welcome-ada",
        "notifyctl send email ada@example.com -t order_confirmation --data order.json --order 10482",
    )
)(send)
order.app.command("show", epilog=examples("notifyctl order show 10482"))(show_order)
for group in (order.app, job.app, dlq.app, queue.app, outbox.app, server.app):
    app.add_typer(group)
app.command(epilog=examples("notifyctl doctor", "notifyctl doctor -o json"))(doctor)
app.add_typer(config.app)
app.add_typer(completion.app)
app.command("help", epilog=examples("notifyctl help dlq retry", "notifyctl help exit-codes"))(help_)


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    # where they are closed, what is printed goes nowhere
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
    sys.stderr = sys.stderr or sys.stdout
    for stream in (sys.stdout, sys.stderr):
        # a terminal of another encoding gets escapes, not a crash
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(guarded(_run, sys.argv[1:]))


def _run(args: Sequence[str], options: Globals) -> Any:
    if completion.VARIABLE in os.environ:
        completion.answer_in_typers_way()
    return app(args=list(args), prog_name="notifyctl", standalone_mode=False, obj=options)
