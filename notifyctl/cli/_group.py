"""Groups of commands: a noun with its verbs, short names for the verbs, and commands that load when they are called."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["Acting", "Noun", "Verb", "alone", "examples", "noun"]

#: Short names, and the verbs they may stand for.
_ALIASES = {"ls": ("list",), "rm": ("purge", "cancel", "remove", "clear")}

_HELP_OPTIONS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Verb(TyperCommand):
    """A command whose help page names no types of Python's."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of a help page with arguments and options."""
        _write_options(self, ctx, formatter)


def _write_options(command: Any, ctx: Any, formatter: Any) -> None:
    records: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            records[parameter.param_type_name].append((_in_words(record[0]), record[1]))
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        if records[kind]:
            with formatter.section(title):
                formatter.write_dl(records[kind])


def _in_words(name: str) -> str:
    """The name of an argument or option and what its value may be, as people would write it."""
    name = re.sub(r"<list\[(.*)\]>$", r"<\1>", name)
    return re.sub(r"<(int|float)( range)?>$", "N", re.sub(r" <str>$", "", name))


class _Commands(typer.Typer):
    """Makes every command a `Verb`, if it does not say otherwise."""

    def command(self, name: str | None = None, **options: Any) -> Any:
        """Add a command, as `typer.Typer` does."""
        return super().command(name, **{"cls": Verb, **options})


class _Later(TyperCommand):
    """Stands for a command whose module is not loaded: it can be listed, and nothing else.

    Args:
        name: The command.
        about: What its own page says first.
        module: Where it is.
    """

    def __init__(self, name: str, about: str, module: str) -> None:
        super().__init__(name, help=about, rich_markup_mode=None)
        self._module = module

    def loaded(self) -> Any:
        """Return the command itself."""
        group: typer.Typer = import_module(self._module).app
        is_noun = isinstance(group.info.cls, type)
        found = typer.main.get_group(group) if is_noun else typer.main.get_command(group)
        found.name = self.name
        return found


class Noun(TyperGroup):
    """Knows the short names of its verbs.

    Attributes:
        later: Verbs that load when they are called: what each does, and the module with its `app`.
    """

    later: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (about, module) in self.later.items():
            self.add_command(_Later(name, about, module))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the verb of this name, or of the name that it is short for."""
        known = (verb for verb in _ALIASES.get(cmd_name, ()) if verb in self.commands)
        return super().get_command(ctx, next(known, cmd_name))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help page to somebody who typed the noun alone."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb, loaded, under its full name: usage lines and errors say it."""
        _, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, _Later):
            command = command.loaded()
            self.add_command(command)
        return command.name if command else None, command, rest


class Acting(Noun):
    """A noun that does something when it stands alone: its callback, with options of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"subcommand_metavar": "[COMMAND]"})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options of the noun, or else the verb: they make no sense together."""
        first = next(iter(args), "")
        rest = TyperGroup.parse_args(self, ctx, args)
        verb = next(iter(ctx._protected_args), first)  # noqa: SLF001 - typer keeps the verb there
        if first != verb and not ctx.resilient_parsing:
            if self.get_command(ctx, verb) is None:
                ctx.fail(f"unexpected '{verb}': no option before it takes it, and there is no such command")
            ctx.fail(f"{first} does not go with '{verb}'")
        return rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of a help page with options and verbs."""
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def noun(name: str, about: str, *example: str, cls: type[Noun] = Noun) -> typer.Typer:
    """Return the group of a noun, its verbs still to be added.

    Args:
        name: The noun.
        about: What it is, one sentence.
        example: Command lines for the help page.
        cls: A kind of group that knows more.
    """
    return _Commands(
        name=name,
        help=about,
        epilog=examples(*example),
        cls=cls,
        context_settings=_HELP_OPTIONS,
        rich_markup_mode=None,
        add_completion=False,
    )


def alone() -> typer.Typer:
    """Return the place for a command that belongs to no noun."""
    return _Commands(context_settings=_HELP_OPTIONS, rich_markup_mode=None, add_completion=False)


def examples(*lines: str) -> str:
    """The end of a help page: command lines to copy."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
