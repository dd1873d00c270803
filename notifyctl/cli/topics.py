"""`notifyctl help`: the help page of any command, and topics that belong to none."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from notifyctl.cli._errors import MEANINGS
from notifyctl.cli._group import alone, examples
from notifyctl.cli._output import write

__all__ = ["TOPICS", "app"]

app = alone()

_OUTPUT = """\
What commands print:

  Data goes to standard output, messages to standard error.

  -o table   for people; --format takes any format of tabulate, such as github
  -o json    a list, or one object where one thing was asked for
  -o jsonl   one JSON object a line
  -o csv     with a line of titles
  -o id      one id a line, for other commands: notifyctl dlq list -o id | notifyctl dlq retry -

  JSON has ISO 8601 times in UTC, ids as strings, and "v", its version: fields are only ever added to a version.
  docs/reference/output.schema.json is the JSON Schema of every command's output.
  An empty list is []. An error is {"error": {"code", "message", "hint"}} on standard error.
  Addresses and numbers are masked unless --reveal is given, which is audited.
  NO_COLOR, CLICOLOR_FORCE, TERM=dumb and --color decide on colours.
"""

#: Variables that are read, and are no settings.
_VARIABLES = {
    "NOTIFYCTL_CONFIG": "another file than ./notifyctl.toml",
    "NO_COLOR": "no colours, whatever its value",
    "CLICOLOR_FORCE": "colours also where the stream is no terminal; 0 counts as not set",
    "TERM": "no colours where it is dumb",
    "COLUMNS": "how wide help pages and bars are",
    "SHELL": "whose completion 'completion install' installs",
    "XDG_STATE_HOME": "where the state folder lies, where NOTIFYCTL_STATE_DIR is not set",
    "XDG_RUNTIME_DIR": "where the embedded server's socket lies, if nobody else can enter it",
    "TMPDIR": "where 'demo' works",
}


def _exit_codes() -> str:
    return "What a command ends with, the same for all:\n\n" + "".join(
        f"  {code:>3}  {meaning}\n" for code, meaning in MEANINGS.items()
    )


def _environment() -> str:
    from notifyctl.settings import Settings

    settings = {setting.env.name + ("NAME" if setting.env.prefix else ""): setting.name for setting in Settings.known()}
    width = max(map(len, settings))
    tables = (
        "".join(f"  {name:<{width}}  {what}\n" for name, what in table.items()) for table in (settings, _VARIABLES)
    )
    return (
        "Variables and the settings that they set. A setting given in several places is taken from the first of:\n"
        "a command's flag, the environment, .env in the current folder, notifyctl.toml there, its default. An empty\n"
        "value counts as not given. 'notifyctl config show --origin' says what is in force, and from where.\n\n"
        "{}\nOther variables that are read:\n\n{}"
    ).format(*tables)


#: What `notifyctl help` knows beside the commands.
TOPICS: Mapping[str, Callable[[], str]] = {
    "environment": _environment,
    "exit-codes": _exit_codes,
    "output": lambda: _OUTPUT,
}


@app.command(
    "help", epilog=examples("notifyctl help dlq retry", "notifyctl help exit-codes", "notifyctl help environment")
)
def help_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND|TOPIC", help="All its words: dlq retry.")
    ] = None,
) -> None:
    """Show the help of a command or of a topic.

    Topics: environment, exit-codes, output.
    """
    topic = " ".join(words or ())
    if topic in TOPICS:
        write(TOPICS[topic]())
        return
    root = ctx.find_root()
    root.command.main([*(words or ()), "--help"], prog_name=root.info_name, standalone_mode=False)
