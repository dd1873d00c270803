"""Completion after Tab in real shells: commands, options, queue names, templates, ids, files."""

from __future__ import annotations

import os
import re
import shutil
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_terminal import Terminal, open_terminal
from tests.support.cli import COMMAND, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHELLS = ("bash", "zsh", "fish")
#: Programs that begin with the same letters must not be in the way.
TYPED = {
    "notifyctl st": "<notifyctl><stats>",
    "notifyctl dlq ret": "<notifyctl><dlq><retry>",
    "notifyctl stats --fail": "<notifyctl><stats><--fail-if>",
    "notifyctl stats em": "<notifyctl><stats><email>",
    "notifyctl --color nev": "<notifyctl><--color><never>",
    "notifyctl job list --state del": "<notifyctl><job><list><--state><delayed>",
    "notifyctl job list --state=del": "<notifyctl><job><list><--state=delayed>",
    "notifyctl send email x --template order_conf": "<notifyctl><send><email><x><--template><order_confirmation>",
    "notifyctl order import christ": "<notifyctl><order><import><christmas.jsonl>",
    "notifyctl worker li": "<notifyctl><worker><list>",
    "notifyctl worker --queue em": "<notifyctl><worker><--queue><email>",
    "notifyctl queue pause email wha": "<notifyctl><queue><pause><email><whatsapp>",
}


def answered(line: str, **variables: str) -> list[str]:
    """What is offered after this line, as bash asks."""
    result = run(line, _NOTIFYCTL_COMPLETE="bash", **variables)
    assert result.err == ""
    return [offer.partition("\t")[0] for offer in result.out.splitlines()]


@contextmanager
def shell(name: str, home: Path, **variables: str) -> Iterator[Terminal]:
    """A new shell at a terminal, in which completion was installed just before."""
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name} here: .ci/shells installs it")
    assert run("completion", "install", name, HOME=str(home)).code == 0
    paths = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    own = {"HOME": str(home), "PATH": paths, "TERM": "xterm", "PS1": "$ ", "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
    with open_terminal([name, "-i"], **own, **variables) as opened:
        # a prompt of ours is the sign that all start files were read
        prompt = "function fish_prompt; echo 'ready''> '; end" if name == "fish" else "PS1='ready''> '"
        opened.type(f"{prompt}\n")
        opened.until("ready> ")
        yield opened


def completed(opened: Terminal, line: str) -> str:
    """Type a line, press Tab, and let the shell print its words, each between < and >."""
    opened.text = ""
    opened.type(f"{line}\t\x01printf '<%s>' \x05; echo ' end''ed'\n")
    opened.until(" ended")
    return str(re.findall(r"<notifyctl>(?:<[^<>]*>)*", opened.text)[-1])


@pytest.mark.parametrize("name", SHELLS)
def test_tab_completes_in_a_real_shell(
    name: str, redis_url: str, dead: Callable[..., list[str]], tmp_path: Path
) -> None:
    """Commands, options, their values, names and ids from the server, and files where a file belongs."""
    (job_id,) = dead(1)
    (tmp_path / "christmas.jsonl").write_text("")
    with shell(name, tmp_path) as opened:
        found = {line: completed(opened, line) for line in TYPED}
        retried = completed(opened, f"notifyctl dlq retry {job_id[:-2]}")

    assert found == TYPED
    assert retried == f"<notifyctl><dlq><retry><{job_id}>"


@pytest.mark.parametrize("name", SHELLS)
def test_tab_shows_what_there_is_to_choose_from(name: str, tmp_path: Path) -> None:
    """Where more than one fits."""
    with shell(name, tmp_path) as opened:
        opened.type("notifyctl job list --state de\t\t")
        opened.until_all("delayed", "dead")


@pytest.mark.parametrize("name", SHELLS)
def test_tab_is_silent_where_the_server_is_away(name: str, tmp_path: Path) -> None:
    """The line stays as it was typed, and nothing is printed between it and the prompt."""
    with shell(name, tmp_path, REDIS_URL="redis://127.0.0.1:1") as opened:
        assert completed(opened, "notifyctl dlq retry d2") == "<notifyctl><dlq><retry><d2>"
        assert not re.search("error|hint|Traceback|Terminated", opened.text)


def test_names_and_ids_come_from_the_server(redis_url: str, dead: Callable[..., list[str]]) -> None:
    """Queues, recent dead letters, states, templates."""
    ids = dead(2)

    assert answered("notifyctl stats e") == ["email"]
    assert set(answered("notifyctl dlq retry ")) == set(ids)
    assert answered("notifyctl job list --state de") == ["delayed", "dead"]
    assert "order_confirmation" in answered("notifyctl send email x --template o")
    assert answered("notifyctl dlq retry 'unfinished") == []


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "nonsense"])
def test_completion_is_silent_without_a_server(url: str) -> None:
    """Nothing is offered that has to be looked up, and nothing is printed."""
    assert answered("notifyctl dlq retry ", REDIS_URL=url) == []


def test_completion_waits_for_no_server_that_is_slow() -> None:
    """One that takes the connection and says nothing: names come from the settings then."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}"

        assert answered("notifyctl stats ", REDIS_URL=url) == ["email", "whatsapp"]
        assert answered("notifyctl dlq retry ", REDIS_URL=url) == []


def test_completion_starts_no_server(tmp_path: Path) -> None:
    """Pressing Tab must not leave a process behind."""
    assert answered("notifyctl stats ") == ["email", "whatsapp"]
    assert not (tmp_path / "state" / "valkey").exists()


@pytest.mark.parametrize(
    ("name", "file", "start_file"),
    [
        ("bash", ".bash_completions/notifyctl.sh", ".bashrc"),
        ("zsh", ".zfunc/_notifyctl", ".zshrc"),
        ("fish", ".config/fish/completions/notifyctl.fish", ""),
    ],
)
def test_install_puts_the_script_where_the_shell_looks(name: str, file: str, start_file: str, tmp_path: Path) -> None:
    """For the user's shell, or the one that is named; a second time changes nothing."""
    before = "export EDITOR=vi"
    if start_file:
        (tmp_path / start_file).write_text(before)
    assert file in run("completion", "install", "--dry-run", SHELL=f"/bin/{name}", HOME=str(tmp_path)).err
    assert not (tmp_path / file).exists()

    for words in (("completion", "install"), ("completion", "install", name)):
        assert run(*words, SHELL=f"/bin/{name}", HOME=str(tmp_path)).code == 0

    assert (tmp_path / file).read_text() == run("completion", "show", name).out
    if start_file:
        first, *more = (tmp_path / start_file).read_text().splitlines()
        assert (first, len(more)) == (before, 1)


def test_shell_that_nobody_can_tell_has_to_be_named() -> None:
    """There are others than those three."""
    result = run("completion", "show", SHELL="/bin/tcsh")

    assert result.code == 1
    assert "bash, zsh or fish" in result.err
