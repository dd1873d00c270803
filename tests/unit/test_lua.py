"""What a script's header promises, and what is refused before a call leaves."""

from __future__ import annotations

import hashlib

import pytest

from notifyctl.lua import Script, load_script

HEADER = """\
-- move: from one set to another.      here -> there
-- KEYS[1] zset    here
-- KEYS[2] zset    there
-- ARGV[1] ms      now
"""


def test_header_gives_the_arity() -> None:
    """The documented parameters are what a call must have."""
    script = Script.parse("move", HEADER + "return {KEYS[1], KEYS[2], ARGV[1]}\n")

    assert (str(script.keys), str(script.args)) == ("2", "1")


def test_header_with_dots_takes_any_number_more() -> None:
    """`ARGV[2..]` stands for none, one or many."""
    script = Script.parse("move", HEADER + "-- ARGV[2..] text  ids\nreturn ARGV[7]\n")

    assert not script.args.accepts(0)
    assert all(script.args.accepts(count) for count in (1, 2, 50))
    assert str(script.args) == "1 or more"


def test_header_ends_at_the_first_line_of_code() -> None:
    """A comment further down documents nothing."""
    with pytest.raises(ValueError, match=r"uses KEYS\[3\]"):
        Script.parse("move", HEADER + "local a = 1\n-- KEYS[3] zset  too late\nreturn KEYS[3]\n")


def test_script_without_parameters_takes_none() -> None:
    """Nothing documented, nothing taken."""
    script = Script.parse("now", "-- now: the time.\nreturn redis.call('TIME')\n")

    assert (script.keys.accepts(0), script.keys.accepts(1)) == (True, False)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        pytest.param("-- KEYS[2] zset  b\n", r"KEYS\[2\] out of its place", id="first one missing"),
        pytest.param("-- ARGV[1] ms a\n-- ARGV[3] ms c\n", r"ARGV\[3\] out of its place", id="gap"),
        pytest.param("-- ARGV[1..] ms a\n-- ARGV[2] ms c\n", r"ARGV\[2\] out of its place", id="after dots"),
        pytest.param("-- KEYS[1] zset a\nreturn KEYS[2]\n", r"uses KEYS\[2\]", id="undocumented use"),
    ],
)
def test_header_that_does_not_fit_its_script_is_refused(source: str, complaint: str) -> None:
    """A wrong header fails when the script is loaded, not when it is called."""
    with pytest.raises(ValueError, match=complaint):
        Script.parse("move", source)


def test_script_is_known_by_the_hash_of_its_text() -> None:
    """The server computes the same one."""
    script = Script.parse("move", HEADER)

    assert script.sha1 == hashlib.sha1(HEADER.encode()).hexdigest()  # noqa: S324 - Redis's choice


def test_script_is_loaded_from_its_package() -> None:
    """From the folder `lua` beside its caller, installed or not."""
    script = load_script("notifyctl.engine", "begin")

    assert script.name == "begin"
    assert script.source.startswith("-- begin:")
