"""Completion in the shell: commands, options, queue names, templates and ids."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import COMMAND, run

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).parents[2] / "completions" / "notifyctl.bash"


def offered(line: str, **variables: str) -> list[str]:
    """What bash offers after this line and Tab, through the script in completions/."""
    words = line.split(" ")
    program = f"""
        source {SCRIPT}
        COMP_WORDS=({" ".join(word or "''" for word in words)}); COMP_CWORD={len(words) - 1}
        _notifyctl_completion notifyctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, **variables},
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options_are_offered() -> None:
    """By their beginning."""
    assert offered("notifyctl st") == ["stats"]
    assert offered("notifyctl dlq re") == ["retry"]
    assert "--fail-if" in offered("notifyctl stats --f")


def test_names_and_ids_come_from_the_server(redis_url: str, dead: Callable[..., list[str]]) -> None:
    """Queues, recent dead letters, states, templates."""
    ids = dead(2)

    assert offered("notifyctl stats e") == ["email"]
    assert set(offered("notifyctl dlq retry ")) == set(ids)
    assert offered("notifyctl job list --state de") == ["delayed", "dead"]
    assert "order_confirmation" in offered("notifyctl send email x --template o")


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "nonsense"])
def test_completion_is_silent_without_a_server(url: str) -> None:
    """Nothing is offered that has to be looked up, and nothing is printed."""
    assert offered("notifyctl dlq retry ", REDIS_URL=url) == []


def test_completion_starts_no_server(tmp_path: Path) -> None:
    """Pressing Tab must not leave a process behind."""
    assert offered("notifyctl stats ") == ["email", "whatsapp"]
    assert not (tmp_path / "state" / "valkey").exists()


def test_install_puts_the_script_where_the_shell_looks(tmp_path: Path) -> None:
    """For the user's shell, or the one that is named."""
    result = run("completion", "install", "fish", HOME=str(tmp_path))

    assert result.code == 0
    assert (tmp_path / ".config/fish/completions/notifyctl.fish").read_text() == run("completion", "show", "fish").out
    assert run("completion", "show", SHELL="/bin/tcsh").code == 1
