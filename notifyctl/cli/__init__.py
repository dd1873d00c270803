"""The command line: assembly only. A file per noun beside this one, loaded when it is called.

Nothing here or in those files loads Redis, Dramatiq, a vendor's SDK or pydantic before a command needs it: `--help`
and completion are fast.
"""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NoReturn

import typer

from notifyctl.cli._errors import Globals, guarded
from notifyctl.cli._group import Noun, noun
from notifyctl.cli._output import write

__all__ = ["app", "main"]


class _Root(Noun):
    """All there is, in the order in which a newcomer needs it."""

    later: ClassVar[Mapping[str, tuple[str, str]]] = {
        "demo": ("See all of it work in half a minute, without any setup.", "notifyctl.cli.demo"),
        "worker": ("Send what is in the queues, until Ctrl-C.", "notifyctl.cli.worker"),
        "stats": ("Show how many messages are where.", "notifyctl.cli.stats"),
        "order": ("Orders: queue the messages that follow from them.", "notifyctl.cli.timeline"),
        "send": ("Queue one message, and print its id.", "notifyctl.cli.send"),
        "job": ("Jobs: single messages, wherever they are.", "notifyctl.cli.job"),
        "dlq": ("Dead letters: look at them, mend and resend them, or give up.", "notifyctl.cli.replays"),
        "queue": ("Queues: pause them, let them go on, limit them.", "notifyctl.cli.queue"),
        "provider": ("Providers: test them, take them out, ask them again.", "notifyctl.cli.provider"),
        "spool": ("The spool: messages kept on this machine while Redis is away.", "notifyctl.cli.spool"),
        "outbox": ("The outbox: messages kept here instead of being sent.", "notifyctl.cli.outbox"),
        "template": ("Templates: the texts that customers read.", "notifyctl.cli.template"),
        "serve": ("Serve the HTTP API and the dashboard, until Ctrl-C.", "notifyctl.cli.serve"),
        "token": ("Tokens: who may use the HTTP API and the dashboard.", "notifyctl.cli.token"),
        "server": ("The embedded server, used where no Redis is configured.", "notifyctl.cli.server"),
        "metrics": ("Print the metrics of the fleet, as Prometheus reads them.", "notifyctl.cli.metrics"),
        "audit": ("The audit log: who changed what, and why.", "notifyctl.cli.audit"),
        "events": ("Events: what happened by itself.", "notifyctl.cli.events"),
        "doctor": ("Check what would keep messages from going out.", "notifyctl.cli.doctor"),
        "config": ("The settings in force.", "notifyctl.cli.config"),
        "completion": ("Completion of commands and names in the shell.", "notifyctl.cli.completion"),
        "help": ("Show the help of a command or of a topic.", "notifyctl.cli.topics"),
    }


app = noun(
    "notifyctl",
    "The notification queue for shops: email and WhatsApp, nothing lost, nothing sent twice.",
    "notifyctl demo",
    "notifyctl order test --count 20",
    "notifyctl worker",
    "notifyctl stats email",
    "notifyctl dlq retry 3r9k2m4p8t6w1x5z",
    cls=_Root,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from notifyctl import __version__

        write(f"notifyctl {__version__}\n")
        raise typer.Exit


def _choose_colours(choice: str) -> None:
    if choice != "auto":
        from notifyctl.cli._options import choose_colours

        choose_colours(choice)


@app.callback()
def _options(
    ctx: typer.Context,
    *,
    color: Annotated[  # noqa: ARG001 - its callback acts, also before an error in the words that follow
        Literal["auto", "always", "never"],
        typer.Option(callback=_choose_colours, is_eager=True, help="Colours; NO_COLOR and CLICOLOR_FORCE count, too."),
    ] = "auto",
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; they may hold personal data.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback acts
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if isinstance(ctx.obj, Globals):
        ctx.obj.debug = debug


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    gc.set_threshold(50_000)  # what starting makes is there to stay: not worth going through again and again
    # where they are closed, what is printed goes nowhere
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
    sys.stderr = sys.stderr or sys.stdout
    for stream in (sys.stdout, sys.stderr):
        # a terminal of another encoding gets escapes, not a crash
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = guarded(_run, sys.argv[1:])
    gc.freeze()  # nor at the end
    sys.exit(code)


def _run(args: Sequence[str], options: Globals) -> Any:
    if shell := os.environ.get("_NOTIFYCTL_COMPLETE"):
        from notifyctl.cli.completion import answer

        answer(app, shell)
    return app(args=list(args), prog_name="notifyctl", standalone_mode=False, obj=options)
