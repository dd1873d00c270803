"""Nouns and verbs: short names, and commands that load when they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer

from notifyctl.cli import app
from notifyctl.cli._group import noun

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("alias", "verbs", "meant"),
    [
        ("ls", ["show", "list"], "list"),
        ("rm", ["show", "purge"], "purge"),
        ("rm", ["show", "cancel"], "cancel"),
        ("rm", ["add", "remove"], "remove"),
        ("rm", ["list", "clear"], "clear"),
    ],
)
def test_short_name_stands_for_the_verb_that_there_is(alias: str, verbs: list[str], meant: str) -> None:
    """Usage lines and errors say the full name."""
    thing = noun("thing", "Things.", "thing list")
    called = []

    def calling(verb: str) -> Callable[[], None]:
        return lambda: called.append(verb)

    for verb in verbs:
        thing.command(verb)(calling(verb))
    group = typer.main.get_group(thing)
    context = group.context_class(group, info_name="thing")

    group.main([alias], standalone_mode=False)

    assert called == [meant]
    assert group.resolve_command(context, [alias])[0] == meant


def test_mistyped_command_is_guessed_though_none_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    """The names are known without their modules."""
    with pytest.raises(typer.TyperException, match="Did you mean 'stats'"):
        app(["stat"], standalone_mode=False)
