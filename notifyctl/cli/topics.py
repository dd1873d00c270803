"""`notifyctl help`: the help page of any command, and topics that belong to none."""

from typing import Annotated

import typer

from notifyctl.cli._errors import MEANINGS
from notifyctl.cli._group import alone, examples
from notifyctl.cli._output import write

__all__ = ["TOPICS", "app"]

app = alone()

TOPICS = {
    "exit-codes": "What a command ends with, the same for all:\n\n"
    + "".join(f"  {code:>3}  {meaning}\n" for code, meaning in MEANINGS.items()),
    "output": """\
What commands print:

  Data goes to standard output, messages to standard error.

  -o table   for people; --format takes any format of tabulate, such as github
  -o json    a list, or one object where one thing was asked for
  -o jsonl   one JSON object a line
  -o csv     with a line of titles
  -o id      one id a line, for other commands: notifyctl dlq list -o id | notifyctl dlq retry -

  JSON has ISO 8601 times in UTC, ids as strings, and "v", its version: fields are only ever added to a version.
  An empty list is []. An error is {"error": {"code", "message", "hint"}} on standard error.
  Addresses and numbers are masked unless --reveal is given, which is audited.
  NO_COLOR, CLICOLOR_FORCE, TERM=dumb and --color decide on colours.
""",
}


@app.command("help", epilog=examples("notifyctl help dlq retry", "notifyctl help exit-codes"))
def help_(
    ctx: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="COMMAND|TOPIC")] = None,
) -> None:
    """Show the help of a command or topic (exit-codes, output)."""
    topic = " ".join(words or ())
    if topic in TOPICS:
        write(TOPICS[topic])
        return
    root = ctx.find_root()
    root.command.main([*(words or ()), "--help"], prog_name=root.info_name, standalone_mode=False)
