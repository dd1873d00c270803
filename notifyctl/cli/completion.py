"""`notifyctl completion`: let the shell complete commands, options, queue names and ids."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption
from notifyctl.cli._output import say, write
from notifyctl.cli._shells import FILES, SHELLS, Shell

__all__ = ["answer", "app"]

#: What help pages call an argument that is a file.
_FILE_NAMES = ("FILE", "FOLDER")

app = noun(
    "completion",
    "Completion of commands and names in the shell.",
    "notifyctl completion install",
    "notifyctl completion show zsh > ~/.zfunc/_notifyctl",
)

ShellArgument = Annotated[
    Literal["bash", "zsh", "fish"] | None,
    typer.Argument(metavar="SHELL", help="bash, zsh or fish; yours by default."),
]


@app.command(epilog=examples("notifyctl completion show bash", "notifyctl completion show fish"))
def show(shell: ShellArgument = None) -> None:
    """Print the completion script of a shell."""
    write(_shell(shell).script)


@app.command(epilog=examples("notifyctl completion install", "notifyctl completion install zsh"))
def install(shell: ShellArgument = None, *, dry_run: DryRunOption = False) -> None:
    """Put the completion script where the shell finds it; takes effect in the next one.

    For bash and zsh, one line is added to .bashrc or .zshrc, if it is not there.
    """
    found = _shell(shell)
    if dry_run:
        say(f"{found.name} completion would be installed in {found.folder / found.file}")
        return
    say(f"{found.name} completion is installed in {found.install()}; open a new shell to use it")


def _shell(name: str | None) -> Shell:
    """The shell of this name, or the user's own.

    Raises:
        Refused: Nobody can tell which that is, or it is another one.
    """
    name = name or Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise Refused("the shell cannot be told", hint="Name it: bash, zsh or fish.")
    return SHELLS[name]


def answer(commands: typer.Typer, shell: str) -> NoReturn:
    """Tell a shell what could come next, and end the process at once: a person is waiting with a finger on Tab.

    Args:
        commands: The whole command line.
        shell: Which one asks: bash with the line before the cursor, the others with the words of it.
    """
    from typer._click.shell_completion import split_arg_string

    gc.disable()
    words = sys.argv[1:]
    if shell == "bash":
        line = " ".join(words)
        words = split_arg_string(line)[1:] + [""] * line.endswith(" ")
    before, word = words[:-1], "".join(words[-1:])
    found, is_file = _next(typer.main.get_command(commands), before, word)
    # bash begins a new word after the sign
    start = word.partition("=")[0] + "=" if word.startswith("-") and "=" in word and shell != "bash" else ""
    sys.stdout.write("".join(f"{start}{item.value}\t{' '.join((item.help or '').split())}\n" for item in found))
    sys.stdout.flush()
    os._exit(FILES if is_file else Code.DONE)


def _next(command: Any, before: Sequence[str], word: str) -> tuple[list[Any], bool]:
    """Return what could stand in the place of a word, and whether a file could."""
    from typer._click.shell_completion import _resolve_context, _resolve_incomplete

    words = list(before)
    context = _resolve_context(command, {}, "notifyctl", words)
    asked, word = _resolve_incomplete(context, words, word)
    found = asked.shell_complete(context, word)
    return found, not found and getattr(asked, "metavar", "") in _FILE_NAMES
