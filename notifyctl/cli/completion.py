"""`notifyctl completion`: let the shell complete commands, options, queue names and ids."""

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._group import examples, noun
from notifyctl.cli._output import say, write

__all__ = ["VARIABLE", "answer", "app", "script"]

#: The shell sets this when it asks what could come next.
VARIABLE = "_NOTIFYCTL_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")

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
    write(script(shell or _own_shell()))


@app.command(epilog=examples("notifyctl completion install", "notifyctl completion install zsh"))
def install(shell: ShellArgument = None) -> None:
    """Put the completion script where the shell finds it; takes effect in the next one."""
    from typer._completion_shared import install as install_for

    name, path = install_for(shell=shell or _own_shell(), prog_name="notifyctl", complete_var=VARIABLE)
    say(f"{name} completion is installed in {path}; open a new shell to use it")


def answer(commands: typer.Typer) -> NoReturn:
    """Tell the shell what could come next, and end the process at once: a person is waiting with a finger on Tab."""
    from typer._completion_classes import completion_init

    gc.disable()
    completion_init()  # typer does so only where its own flags are on
    with suppress(SystemExit):
        commands(prog_name="notifyctl")
    sys.stdout.flush()
    os._exit(Code.DONE)


def script(shell: str) -> str:
    """The completion script of a shell."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="notifyctl", complete_var=VARIABLE, shell=shell).strip() + "\n"


def _own_shell() -> str:
    """The user's shell.

    Raises:
        Refused: Nobody can tell, or it is another one.
    """
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        raise Refused("the shell cannot be told", hint="Name it: bash, zsh or fish.")
    return name
