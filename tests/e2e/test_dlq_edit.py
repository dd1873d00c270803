"""`notifyctl dlq edit`: content is changed by hand or by script, and checked as that of a new message."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from notifyctl.notification import Notification
from tests.e2e.test_terminal import open_terminal
from tests.support.cli import COMMAND, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notifyctl.app import App
    from tests.support.cli import Result


def content(app: App, job_id: str) -> Notification:
    """What a job is about now."""
    return Notification.decode(app.inspector.job(job_id).payload)


@pytest.fixture
def letter(dead: Callable[..., list[str]]) -> str:
    """A dead letter to ada@example.com."""
    return dead(1)[0]


def test_edit_sets_single_values(ok: Callable[..., Result], app: App, letter: str) -> None:
    """What they were stays in its history, with who changed it; then it can be sent."""
    assert ok("dlq", "edit", letter, "--set", "to=eve@example.com", "--dry-run").out == "would be edited: to\n"
    assert content(app, letter).to.address == "ada@example.com"

    done = ok(
        "dlq", "edit", letter, "--set", "to=eve@example.com", "--set", "data.note=7", "--set", "name=Eve", "--reason", "a typo"
    )  # fmt: skip

    assert done.out == "edited: data.note, name, to\n"
    assert f"notifyctl dlq retry {letter}" in done.err
    now = content(app, letter)
    assert (now.to.address, now.to.name, now.data) == ("eve@example.com", "Eve", {"note": 7})
    job = app.inspector.job(letter)
    assert (job.state, len(job.originals), job.acts[0]["why"]) == (State.DEAD, 1, "a typo")
    assert "eve@" not in done.out + done.err


def test_edit_takes_content_from_a_file_or_from_input(
    ok: Callable[..., Result], app: App, letter: str, tmp_path: Path
) -> None:
    """What it lacks stays."""
    file = tmp_path / "content.json"
    file.write_text('{"to": "eve@example.com"}')

    assert ok("dlq", "edit", letter, "--from", str(file)).out == "edited: to\n"
    changed = ok("dlq", "edit", letter, "--from", "-", "-o", "json", stdin='{"locale": "de"}').json()

    assert (changed["result"], changed["changed"]) == ("edited", ["locale"])
    assert (content(app, letter).to.address, content(app, letter).locale) == ("eve@example.com", "de")


@pytest.mark.parametrize(
    ("words", "stdin", "code", "message"),
    [
        (["--set", "to=nobody"], "", 1, "address"),
        (["--set", "template=nope"], "", 1, "nope"),
        (["--set", "to"], "", 1, "NAME=VALUE"),
        (["--set", "order_id=8"], "", 1, "no part 'order_id'"),
        (["--set", "data.items.0.name=x"], "", 1, "nothing named"),
        (["--set", "name="], "", 1, "its content is the same"),
        (["--from", "-"], "no json", 1, "is no JSON"),
        (["--from", "-"], "[]", 1, "expected a JSON object"),
        (["--from", "-"], '{"data": 1}', 1, "is an object, not int"),
        (["--from", "/nowhere"], "", 2, "cannot be read"),
        (["--from", "-", "--set", "to=a@example.com"], "", 2, "not both"),
        ([], "", 1, "this is no terminal"),
    ],
)
def test_edit_refuses_what_a_new_message_may_not_be(
    app: App, letter: str, words: list[str], stdin: str, code: int, message: str
) -> None:
    """Nothing is changed, no address is in the error, and nobody is said to have seen one."""
    before = app.inspector.job(letter)

    result = run("dlq", "edit", letter, *words, stdin=stdin)

    assert result.code == code
    assert message in result.err
    assert "nobody" not in result.err
    assert app.inspector.job(letter) == before
    assert app.inspector.client.xlen("notifyctl:audit") == 0


def test_edit_in_an_editor_lets_a_person_try_again(app: App, letter: str, tmp_path: Path) -> None:
    """What cannot be used is said, and nothing that they typed is lost; that they saw the address is audited."""
    editor = tmp_path / "editor"
    editor.write_text(
        '#!/bin/sh\nif grep -q wrong "$1"; then sed -i s/wrong/eve@example.com/ "$1"; else sed -i s/ada@example.com/wrong/ "$1"; fi\n'
    )
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)

    with open_terminal([COMMAND, "dlq", "edit", letter], EDITOR=str(editor)) as terminal:
        terminal.until("Edit it again?")
        terminal.type("y\n")
        assert terminal.end() == 0

    assert "edited: to" in terminal.text
    assert content(app, letter).to.address == "eve@example.com"
    entries = app.inspector.client.xrange("notifyctl:audit")
    assert [entry[b"verb"] for _, entry in entries] == [b"revealed", b"edited"]  # type: ignore[index,union-attr]


def test_edit_given_up_changes_nothing(app: App, letter: str) -> None:
    """Who leaves the editor without a change, or does not want to mend it, is told so."""
    with open_terminal([COMMAND, "dlq", "edit", letter], EDITOR="true") as terminal:
        assert terminal.end() == 1
    assert "nothing was changed" in terminal.text
    with open_terminal([COMMAND, "dlq", "edit", letter], EDITOR="sh -c 'echo broken > $0'") as terminal:
        terminal.until("Edit it again?")
        terminal.type("n\n")
        assert terminal.end() == 1
    with open_terminal([COMMAND, "dlq", "edit", letter], EDITOR="/no/such/editor") as terminal:
        assert terminal.end() == 1
    assert "Set EDITOR" in terminal.text

    assert app.inspector.job(letter).originals == []


def test_edit_of_a_job_that_is_not_dead_is_refused(queued: Callable[..., list[str]]) -> None:
    """It may be on its way."""
    assert "is waiting, not dead" in run("dlq", "edit", queued(1)[0], "--set", "to=eve@example.com").err


def test_export_of_an_edited_one_keeps_its_attempts(ok: Callable[..., Result], letter: str) -> None:
    """As JSON, with what it was counted."""
    ok("dlq", "edit", letter, "--set", "to=eve@example.com")

    (line,) = ok("dlq", "export").out.splitlines()

    found = json.loads(line)
    assert (found["id"], found["edits"], found["attempts"][0]["code"]) == (letter, 1, "550")
