"""Each error has one exit code, a message and a hint; JSON where JSON was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer

from notifyctl import errors
from notifyctl.cli._errors import MEANINGS, Code, Globals, guarded

if TYPE_CHECKING:
    from collections.abc import Sequence


def _ending(error: BaseException, *args: str, debug: bool = False) -> int:
    def fail(_: Sequence[str], options: Globals) -> None:
        options.debug = debug
        raise error

    return guarded(fail, args)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 4),
        (errors.ServerError("x"), 4),
        (errors.BrokerUnavailable("x"), 5),
        (errors.JobNotFound("x"), 3),
        (errors.UnknownQueue("x"), 3),
        (errors.WrongState("x"), 1),
        (errors.IdempotencyConflict("x"), 1),
        (errors.InvalidRecipient("x"), 1),
        (errors.RenderError("x"), 1),
        (typer.BadParameter("x"), 2),
        (typer.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("secret"), 1),
    ],
)
def test_error_has_its_exit_code(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for every command, without a traceback, and without the text of an error nobody expected."""
    assert _ending(error) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "secret" not in err


def test_every_code_is_explained() -> None:
    """The help topic knows them all."""
    assert set(MEANINGS) == set(Code)


@pytest.mark.parametrize(
    "words", [("stats", "-o", "json"), ("stats", "-ojson"), ("stats", "--output=json"), ("stats", "--output", "jsonl")]
)
def test_error_is_json_where_json_was_asked_for(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """With code, message and hint, on standard error."""
    _ending(errors.JobNotFound("no job 'x'", hint="Look again."), *words)

    found = json.loads(capsys.readouterr().err)
    assert found == {"error": {"code": "not_found", "message": "no job 'x'", "hint": "Look again."}}


def test_error_is_text_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    """Message and hint, a line each."""
    _ending(errors.JobNotFound("no job 'x'", hint="Look again."), "stats", "-o", "table")

    assert capsys.readouterr().err == "error: no job 'x'\nhint: Look again.\n"


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Also that of an expected error."""
    _ending(errors.JobNotFound("no job 'x'"), debug=True)

    assert "Traceback" in capsys.readouterr().err
