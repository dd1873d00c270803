"""The command line: assembly only. A file per noun beside this one.

Nothing here or in those files loads Redis, Dramatiq, a vendor's SDK or pydantic before a command needs it: `--help`
and completion are fast.
"""

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NoReturn

import typer

from notifyctl.cli import dlq, order, queue, server
from notifyctl.cli._errors import Globals, guarded
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import choose_colours
from notifyctl.cli._output import write
from notifyctl.cli.stats import StatsCommand, stats
from notifyctl.cli.worker import worker

__all__ = ["app", "main"]

app = noun(
    "notifyctl",
    "The notification queue for shops: email and WhatsApp, nothing lost, nothing sent twice.",
    "notifyctl order test --count 20",
    "notifyctl worker --drain",
    "notifyctl stats",
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
app.add_typer(order.app)
app.add_typer(dlq.app)
app.add_typer(queue.app)
app.add_typer(server.app)


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    for stream in (sys.stdout, sys.stderr):
        # a terminal of another encoding gets escapes, not a crash
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(guarded(_run, sys.argv[1:]))


def _run(args: Sequence[str], options: Globals) -> Any:
    return app(args=list(args), prog_name="notifyctl", standalone_mode=False, obj=options)
