"""Groups of commands: a noun with its verbs, and short names for the verbs."""

from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["examples", "noun"]

#: Short names, and the verbs they may stand for.
_ALIASES = {"ls": ("list",), "rm": ("purge", "cancel", "clear")}


#: The commands in the order in which a newcomer needs them.
_ORDER = (
    "demo", "worker", "stats", "order", "send", "job", "dlq", "queue", "outbox", "server", "doctor", "config",
    "completion", "help",
)  # fmt: skip


class _Noun(TyperGroup):
    """Knows the short names of its verbs."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of the help page."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the verb of this name, or of the name that it is short for."""
        known = (verb for verb in _ALIASES.get(cmd_name, ()) if verb in self.commands)
        return super().get_command(ctx, next(known, cmd_name))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help page to somebody who typed the noun alone."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb under its full name: usage lines and errors say it."""
        _, command, rest = super().resolve_command(ctx, args)
        return command.name if command else None, command, rest


def noun(name: str, about: str, *example: str) -> typer.Typer:
    """Return the group of a noun, its verbs still to be added.

    Args:
        name: The noun.
        about: What it is, one sentence.
        example: Command lines for the help page.
    """
    return typer.Typer(
        name=name,
        help=about,
        epilog=examples(*example),
        cls=_Noun,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        rich_markup_mode=None,
        add_completion=False,
    )


def examples(*lines: str) -> str:
    """The end of a help page: command lines to copy."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
