"""Which files changed, once they have come to rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notifyctl.worker.reload import Watch


class Looks:
    """A watch over the current folder that can be asked again at once."""

    def __init__(self, *folders: Path) -> None:
        self._now = 0.0
        self._watch = Watch(folders or (Path(),), clock=lambda: self._now)

    def __call__(self) -> list[str]:
        """What the next look finds."""
        self._now += 10
        return [str(path) for path in self._watch()]


def write(name: str, text: str = "") -> None:
    """Write a file, in a folder that is made for it."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def test_change_is_told_once_and_when_it_is_over() -> None:
    """As long as there is more at each look, somebody is still writing."""
    write("actors/email.py")
    look = Looks()
    assert look() == []

    write("actors/email.py", "a = 1")
    assert look() == []
    write("actors/whatsapp.py")
    assert look() == []

    assert look() == ["actors/email.py", "actors/whatsapp.py"]
    assert look() == []


def test_files_that_are_removed_or_replaced_have_changed() -> None:
    """Editors write a new file and put it in the old one's place."""
    write("a.py", "x = 1")
    write("b.j2")
    look = Looks()
    os.utime("a.py", ns=(1, 1))
    Path("b.j2").unlink()
    look()

    assert look() == ["a.py", "b.j2"]


def test_change_that_was_taken_back_is_none() -> None:
    """Nothing would be new."""
    write("a.py", "x = 1")
    os.utime("a.py", ns=(1, 1))
    look = Looks()
    write("a.py", "x = 22")
    assert look() == []
    write("a.py", "x = 1")
    os.utime("a.py", ns=(1, 1))

    assert [look(), look()] == [[], []]


@pytest.mark.parametrize(
    "name", [".git/a.py", ".venv/lib/a.py", "__pycache__/a.py", "node_modules/a.json", "a.swp", "a"]
)
def test_what_no_worker_reads_is_passed_over(name: str) -> None:
    """Hidden folders, what is made from the sources, and what editors keep beside them."""
    look = Looks()
    write(name)
    look()

    assert look() == []


def test_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    """It may come back."""
    look = Looks(tmp_path / "later")
    assert look() == []

    write("later/a.py")
    look()

    assert look() == [str(tmp_path / "later/a.py")]


def test_looking_is_left_out_in_between() -> None:
    """It costs a little, and is asked for ten times a second."""
    watch = Watch([Path()], clock=lambda: 0.1)
    watch()
    write("a.py")

    assert [watch() for _ in range(3)] == [[], [], []]
