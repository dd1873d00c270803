"""`notifyctl help`: topics that belong to no command."""

from __future__ import annotations

import pytest

from notifyctl.cli._errors import Code
from notifyctl.cli.topics import TOPICS
from notifyctl.settings import Settings


def test_each_exit_code_is_explained() -> None:
    """One line each."""
    lines = TOPICS["exit-codes"]().splitlines()

    assert [int(line.split()[0]) for line in lines[2:]] == list(Code)


@pytest.mark.parametrize("setting", Settings.known(), ids=lambda setting: setting.name)
def test_each_variable_is_named(setting: object) -> None:
    """With the setting that it sets, as `config show` calls it."""
    name, prefix = setting.env.name, setting.env.prefix  # type: ignore[attr-defined]
    line = next(line for line in TOPICS["environment"]().splitlines() if line.split()[:1] == [name + "NAME" * prefix])

    assert line.split()[1] == setting.name  # type: ignore[attr-defined]


def test_topics_are_named_in_the_page_of_help() -> None:
    """Nobody can guess them."""
    from docs.generate_commands import help_pages

    assert all(name in dict(help_pages())["notifyctl help"] for name in TOPICS)
