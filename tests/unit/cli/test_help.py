"""Help pages: quick, each with an example, and the same in the reference."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docs.generate_commands import files, help_pages

if TYPE_CHECKING:
    from pathlib import Path

PAGES = dict(help_pages())
HEAVY = ("redis", "dramatiq", "sendgrid", "twilio", "pydantic", "rich", "tabulate", "jinja2", "phonenumbers")


@pytest.mark.parametrize("command", PAGES)
def test_each_page_has_an_example_of_itself(command: str) -> None:
    """At the end, and beginning with the command; a group's shows its verbs."""
    _, found, examples = PAGES[command].partition("Examples:\n")

    assert found
    assert re.search(rf"(^|\| )\s*{command}( |$)", examples, re.MULTILINE)


@pytest.mark.parametrize("command", PAGES)
def test_each_example_is_a_command_that_exists(command: str) -> None:
    """With options that it has."""
    for line in PAGES[command].partition("Examples:\n")[2].splitlines():
        for part in line.split("|"):
            words = shlex.split(part)
            if words[:1] != ["notifyctl"]:
                continue
            path = next(" ".join(words[:n]) for n in (3, 2, 1) if " ".join(words[:n]) in PAGES)
            for word in words:
                if word.startswith("-") and word != "-":
                    assert word in re.findall(r"[\w-]+", PAGES[path]), line


@pytest.mark.parametrize("command", PAGES)
def test_no_page_speaks_python(command: str) -> None:
    """What a value may be is said in words."""
    assert not re.findall(r"<(?:list|str|int|float|path|datetime)\b[^>]*>", PAGES[command])


def test_overview_says_of_each_command_what_its_own_page_says() -> None:
    """It is written down beside the overview, as that loads no command."""
    listed = PAGES["notifyctl"].partition("Commands:")[2].partition("Examples:")[0]
    commands = re.findall(r"^  ([a-z]+) +(.*)$", listed, re.MULTILINE)

    assert ("stats", "Show how many messages are where.") in commands
    for name, about in commands:
        own = PAGES[f"notifyctl {name}"].split("\n\n")[1]
        assert about in " ".join(own.split())


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_generated_files_are_fresh(path: Path) -> None:
    """`python docs/generate_commands.py` would change nothing."""
    assert path.read_text(encoding="utf-8") == files()[path]


@pytest.mark.parametrize(
    ("words", "allowed"),
    [(["--help"], ""), (["--version"], ""), (["dlq", "--help"], "pydantic"), (["dlq", "retry", "--help"], "pydantic")],
)
def test_help_loads_nothing_heavy(words: list[str], allowed: str) -> None:
    """Neither a Redis client nor an SDK; pydantic only where typer itself reads options with it."""
    program = (
        f"import sys; sys.argv[1:] = {words!r}\n"
        "from notifyctl.cli import main\n"
        "try: main()\n"
        f"finally: print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout
    assert done.stderr.strip() in ("", allowed)
