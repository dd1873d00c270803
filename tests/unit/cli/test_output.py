"""Data in each of its forms, and colours only where they are wanted."""

from __future__ import annotations

import io
import json

import pytest

from notifyctl.cli._output import Column, Output, View, paint
from notifyctl.views.times import duration, iso, moment

COLUMNS = (Column("id"), Column("count", "how many"), Column("note"))
RECORDS = [{"id": "0012", "count": 3, "note": "a\x1b[2Jb"}, {"id": "x", "count": 14, "note": None}]


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour settings of the developer's shell."""
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_table_keeps_ids_and_takes_out_what_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers stand right, ids stay texts, control characters are replaced."""
    View().many(RECORDS, COLUMNS)

    assert capsys.readouterr().out.splitlines() == [
        "id      how many  note",
        "----  ----------  ------",
        "0012           3  a�[2Jb",
        "x             14",
    ]


def test_table_can_have_any_format_of_tabulate(capsys: pytest.CaptureFixture[str]) -> None:
    """`github` makes a Markdown table."""
    View(table="github").many(RECORDS[:1], COLUMNS[:1])

    assert capsys.readouterr().out.splitlines()[0] == "| id   |"


def test_an_empty_table_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on standard output, a word on standard error."""
    View().many([], COLUMNS, none="no jobs")

    assert capsys.readouterr() == ("", "no jobs\n")


@pytest.mark.parametrize(
    ("output", "text"),
    [(Output.JSON, "[]\n"), (Output.JSONL, ""), (Output.CSV, "id,count,note\n"), (Output.ID, "")],
)
def test_an_empty_list_in_the_other_forms(output: Output, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get what they can read, and no message."""
    View(output).many([], COLUMNS, none="no jobs")

    assert capsys.readouterr() == (text, "")


def test_json_is_whole_and_versioned(capsys: pytest.CaptureFixture[str]) -> None:
    """All parts of a record, its own first, and the version."""
    View(Output.JSON).many(RECORDS, COLUMNS)

    found = json.loads(capsys.readouterr().out)
    assert found == [{**record, "v": 1} for record in RECORDS]
    assert next(iter(found[0])) == "id"


def test_json_lines_ids_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    """One record a line in each of them."""
    for output in (Output.JSONL, Output.ID, Output.CSV):
        View(output).many([{"id": "1", "count": 2, "note": 'say "a,b"'}], COLUMNS)

    assert capsys.readouterr().out.splitlines() == [
        '{"id": "1", "count": 2, "note": "say \\"a,b\\"", "v": 1}',
        "1",
        "id,count,note",
        '1,2,"say ""a,b"""',
    ]


def test_one_record_as_a_table_leaves_out_what_has_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each part that has one."""
    View().one(RECORDS[1], COLUMNS)

    assert capsys.readouterr().out == "id        x\nhow many  14\n"


def test_times_are_iso_8601_in_utc() -> None:
    """To the millisecond for programs, to the second for people; 0 is never."""
    assert iso(1_793_534_400_123) == "2026-11-01T12:00:00.123Z"
    assert iso(0) is None
    assert moment(iso(1_793_534_400_123)) == "2026-11-01 12:00:00Z"
    assert [duration(ms) for ms in (0, 250, 61_500)] == ["", "250ms", "1m1s"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colours_are_where_they_are_wanted(
    variables: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR wins, then CLICOLOR_FORCE, then whether it is a terminal that has colours."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    painted = paint("error", "red", _Terminal() if terminal else io.StringIO())

    assert (painted == "\x1b[31merror\x1b[0m") is coloured
    assert "error" in painted
