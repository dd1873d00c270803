"""The spool's file: order, durability, several processes, limits, and what happens when it breaks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from notifyctl.errors import SpoolError
from notifyctl.spool import MIN_BYTES, Row, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW_MS = 1_793_534_400_000
PUT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from notifyctl.spool import Row, Spool
spool = Spool(Path(sys.argv[1]), "here", max_bytes=2**28)
for number in range(int(sys.argv[3])):
    spool.put([Row(f"{sys.argv[2]}-{number}", "email", b"body")])
os.kill(os.getpid(), signal.SIGKILL)
"""

LOOK = """
import sys
from pathlib import Path
from notifyctl.spool import Spool
spool = Spool(Path(sys.argv[1]), "here", max_bytes=2**28)
print(*(row.id for row in spool.all(99)))
spool.close()
"""


def a_row(row_id: str = "a", queue: str = "email", body: bytes = b"body", tag: str = "", digest: str = "") -> Row:
    """A row, filled in."""
    return Row(row_id, queue, body, tag, digest)


def make(folder: Path, destination: str = "here", max_bytes: int = 2**28) -> Spool:
    """A spool in this folder."""
    return Spool(folder, destination, max_bytes=max_bytes, clock=lambda: NOW_MS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the spool is; not there yet."""
    return tmp_path / "state" / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    """An empty spool."""
    spool = make(folder)
    yield spool
    spool.close()


def ids(rows: list[Row]) -> list[str]:
    """Their ids."""
    return [row.id for row in rows]


def seen_elsewhere(folder: Path) -> list[str]:
    """The ids that another process sees, which closes the file when it has looked."""
    look = [sys.executable, "-c", LOOK, str(folder)]
    return subprocess.run(look, check=True, capture_output=True, text=True).stdout.split()


@contextmanager
def forked(spool: Spool) -> Iterator[Callable[[str], None]]:
    """A forked child with the same spool, which does what it is told."""
    ours, its = multiprocessing.Pipe()

    def obey() -> None:
        while word := its.recv():
            spool.put([a_row(word.removeprefix("put "))])
            its.send("done")

    child = multiprocessing.get_context("fork").Process(target=obey)
    child.start()

    def tell(word: str) -> None:
        ours.send(word)
        assert ours.recv() == "done"

    try:
        yield tell
    finally:
        ours.send("")
        child.join(30)


def test_spool_gives_rows_in_the_order_in_which_they_came(spool: Spool) -> None:
    """With all that was said of them."""
    spool.put([a_row("b", tag="k", digest="d"), a_row("a")])
    spool.put([a_row("c")])

    assert ids(spool.first(2)) == ["b", "a"]
    assert spool.first(1) == [Row("b", "email", b"body", "k", "d", NOW_MS, destination="here", seq=1)]


def test_spool_keeps_an_id_once(spool: Spool) -> None:
    """A caller that is not sure may put it again; the first one stays."""
    spool.put([a_row("a", body=b"first")])
    spool.put([a_row("a", body=b"second"), a_row("b")])

    assert [row.body for row in spool.first(9)] == [b"first", b"body"]


def test_spool_makes_nothing_before_it_is_needed(spool: Spool, folder: Path) -> None:
    """A process that never loses Redis leaves no trace, and looking makes no file."""
    assert not spool.waiting()
    assert spool.first(1) == spool.all(1) == []
    assert spool.counts().waiting == spool.mark("email", ["k"], "superseded") == 0
    assert spool.damaged() == []
    assert not folder.exists()


def test_spool_is_its_users_own(spool: Spool, folder: Path) -> None:
    """Whatever the umask: rows hold addresses."""
    before = os.umask(0)
    try:
        spool.put([a_row()])
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert {"spool.db", "spool.db-wal"} <= set(modes)


def test_spool_refuses_a_folder_that_others_can_enter(spool: Spool, folder: Path) -> None:
    """They could read what is put there."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)

    with pytest.raises(SpoolError, match="not private"):
        spool.put([a_row()])


def test_spool_keeps_destinations_apart(spool: Spool, folder: Path) -> None:
    """What was meant for another server is neither moved nor compared, until somebody asks for all of it."""
    elsewhere = make(folder, "elsewhere")
    elsewhere.put([a_row("e", tag="k")])

    assert not spool.waiting()
    assert spool.holders("email", ["k"]) == {}
    assert spool.first(9) == []
    assert ids(spool.first(9, everywhere=True)) == ids(spool.all(9)) == ["e"]
    assert (spool.counts().waiting, spool.counts().elsewhere) == (0, 1)
    elsewhere.close()


def test_spool_names_who_holds_a_tag(spool: Spool) -> None:
    """The first one of a queue; an empty tag is none."""
    spool.put([a_row("a", tag="k", digest="1"), a_row("b", tag="k", digest="2"), a_row("c")])

    assert spool.holders("email", ["k", "other", ""]) == {"k": ("a", "1")}
    assert spool.holders("whatsapp", ["k"]) == {}


def test_spool_marks_what_has_a_tag_once(spool: Spool) -> None:
    """Told again, nothing is counted."""
    spool.put([a_row("a", tag="k"), a_row("b", tag="other"), a_row("c")])

    assert spool.mark("email", ["k", "", "unknown"], "superseded") == 1
    assert spool.mark("email", ["k"], "superseded") == 0
    assert [row.note for row in spool.first(9)] == ["superseded", "", ""]


def test_spool_lets_a_held_row_hold_up_no_other(spool: Spool) -> None:
    """It is out of the line until it is released, in its old place."""
    spool.put([a_row("a"), a_row("b")])
    spool.hold(spool.first(1)[0], "unreadable")

    assert ids(spool.first(9)) == ["b"]
    assert [(row.id, row.held) for row in spool.all(9)] == [("a", "unreadable"), ("b", "")]
    assert (spool.counts().waiting, spool.counts().held) == (1, 1)

    spool.release()

    assert ids(spool.first(9)) == ["a", "b"]


def test_spool_counts_by_queue(spool: Spool) -> None:
    """And tells since when something lies there."""
    spool.put([a_row("a"), a_row("b"), a_row("c", queue="whatsapp")])

    counts = spool.counts()

    assert counts.queues == {"email": 2, "whatsapp": 1}
    assert (counts.waiting, counts.oldest_at_ms, counts.held, counts.elsewhere) == (3, NOW_MS, 0, 0)


def test_spool_refuses_what_it_has_no_room_for(folder: Path) -> None:
    """All or none of it; what was there before stays, and there is room again once it is gone."""
    spool = make(folder, max_bytes=MIN_BYTES)
    spool.put([a_row("first")])

    with pytest.raises(SpoolError, match="full") as caught:
        spool.put([a_row("a"), a_row("big", body=bytes(2 * MIN_BYTES))])

    assert "NOTIFYCTL_SPOOL_MAX_BYTES" in caught.value.hint
    assert ids(spool.first(9)) == ["first"]
    spool.put([a_row("half", body=bytes(MIN_BYTES // 2))])
    spool.remove(spool.first(9))
    spool.put([a_row("again", body=bytes(MIN_BYTES // 2))])
    assert ids(spool.first(9)) == ["again"]
    spool.close()


def test_spool_that_cannot_be_written_is_an_error_with_a_remedy(spool: Spool, folder: Path) -> None:
    """Something else lies where its folder should be."""
    folder.parent.mkdir()
    folder.write_text("a file")

    with pytest.raises(SpoolError, match="cannot be used") as caught:
        spool.put([a_row()])

    assert str(folder) in caught.value.hint


def test_spool_sets_a_broken_file_aside(spool: Spool, folder: Path) -> None:
    """It is not overwritten: somebody may get the rest out of it."""
    folder.mkdir(mode=0o700, parents=True)
    spool.file.write_bytes(b"no database at all" * 100)

    spool.put([a_row("a")])

    assert ids(spool.first(9)) == ["a"]
    assert [path.read_bytes() for path in spool.damaged()] == [b"no database at all" * 100]


def test_spool_sets_a_file_aside_that_breaks_while_it_is_used(folder: Path) -> None:
    """The row is kept in a new one."""
    spool = make(folder)
    spool.put([a_row(str(number), body=bytes(5_000)) for number in range(50)])
    spool.close()  # all of it is in the file itself
    spool.waiting()
    raw = bytearray(spool.file.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    with spool.file.open("r+b") as stream:  # the same file, so that nobody notices
        stream.write(raw)

    spool.put([a_row("new")])

    assert ids(spool.first(9)) == ["new"]
    assert len(spool.damaged()) == 1
    spool.close()


def test_spool_notices_that_its_file_was_removed(spool: Spool) -> None:
    """A row written to a file that has no name any more would be lost."""
    spool.put([a_row("a")])
    for path in spool.folder.iterdir():
        path.unlink()

    assert not spool.waiting()
    spool.put([a_row("b")])

    assert ids(make(spool.folder).first(9)) == ["b"]


def test_spool_of_a_later_release_is_left_alone(spool: Spool) -> None:
    """Nobody knows what its rows mean."""
    spool.put([a_row("a")])
    spool.close()
    with sqlite3.connect(spool.file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(SpoolError, match="later release"):
        spool.put([a_row("b")])


def test_spool_overwrites_what_was_removed(spool: Spool) -> None:
    """An address that has gone its way is not left on the disk, and the file is small again."""
    spool.put([a_row(str(number), body=b"ada@example.com" * 500) for number in range(100)])
    spool.remove(spool.first(100))
    spool.tidy()

    left = b"".join(path.read_bytes() for path in spool.folder.iterdir())
    assert b"ada@example.com" not in left
    assert len(left) < 100_000


def test_spool_has_one_relay_at_a_time(spool: Spool) -> None:
    """Whoever comes second is told so."""
    spool.put([a_row()])

    with spool.relaying() as first, make(spool.folder).relaying() as second:
        assert (first, second) == (True, False)
    with spool.relaying() as third:
        assert third


def test_spool_outlives_killed_processes_that_write_at_once(folder: Path) -> None:
    """Each row that was put is there, whoever else wrote and however the process ended."""
    words = [sys.executable, "-c", PUT_AND_DIE, str(folder)]
    writers = [subprocess.Popen([*words, name, "25"]) for name in "abc"]

    assert [writer.wait(30) for writer in writers] == [-signal.SIGKILL] * 3
    spool = make(folder)
    assert len(spool.first(1000)) == 75
    assert [row.id for row in spool.first(1000) if row.id[0] == "b"] == [f"b-{number}" for number in range(25)]
    spool.close()


def test_spool_works_on_both_sides_of_a_fork(spool: Spool) -> None:
    """Web servers load the shop's code, and fork."""
    spool.put([a_row("before")])
    child = multiprocessing.get_context("fork").Process(target=lambda: spool.put([a_row("child")]))
    child.start()
    spool.put([a_row("parent")])
    child.join(30)

    assert child.exitcode == 0
    assert sorted(ids(spool.first(9))) == ["before", "child", "parent"]


def test_spool_that_is_open_twice_in_a_process_is_still_known_to_be_open(folder: Path) -> None:
    """Otherwise the next process that looks takes itself for the last one, and removes the log that is written to."""
    spool, second = make(folder), make(folder)
    spool.put([a_row("first")])
    second.put([a_row("second")])

    assert seen_elsewhere(folder) == ["first", "second"]
    spool.put([a_row("third")])
    assert seen_elsewhere(folder) == ["first", "second", "third"]
    spool.close()
    second.close()


def test_spool_of_a_forked_child_is_known_to_be_open(spool: Spool, folder: Path) -> None:
    """Whatever its parent had open before, and closes after the fork."""
    spool.put([a_row("before")])
    with forked(spool) as child:
        child("put 1")
        spool.close()
        assert seen_elsewhere(folder) == ["before", "1"]
        child("put 2")
        assert seen_elsewhere(folder) == ["before", "1", "2"]


def test_relay_lock_ends_with_the_step_though_a_child_was_forked(spool: Spool, folder: Path) -> None:
    """A child has the lock's file open for as long as it lives: a day, maybe."""
    spool.put([a_row()])
    with spool.relaying():
        child = forked(spool)
        child.__enter__()
    with make(folder).relaying() as alone:
        assert alone
    child.__exit__(None, None, None)


def test_spool_that_somebody_else_is_opening_is_not_waited_for_forever(
    spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He may have been stopped in the middle; a caller has a customer who waits."""
    monkeypatch.setattr("notifyctl.spool.file._OPENING_S", 0.02)
    spool.put([a_row("a")])
    late = make(folder)

    with spool._database._opening(), pytest.raises(SpoolError, match="another process holds") as caught:
        late.put([a_row("b")])

    assert "open.lock" in caught.value.hint
    late.put([a_row("b")])
    assert ids(late.first(9)) == ["a", "b"]
    late.close()


def test_spool_that_two_find_broken_is_set_aside_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one leaves the new file alone, in which there is something already."""
    first, slower = make(folder), make(folder)
    first.put([a_row(str(number), body=bytes(5_000)) for number in range(50)])
    first.close()
    assert first.waiting()
    assert slower.waiting()
    raw = slower.file.read_bytes()
    with slower.file.open("r+b") as stream:
        stream.write(raw[:4096] + b"\xff" * (len(raw) - 4096))
    forget = slower._database._forget

    def late() -> None:
        forget()
        if not first.damaged():
            first.put([a_row("new")])

    monkeypatch.setattr(slower._database, "_forget", late)
    slower.put([a_row("newer")])

    assert ids(slower.first(9)) == ["new", "newer"]
    assert len(slower.damaged()) == 1
    first.close()
    slower.close()


def test_spool_that_breaks_while_it_is_read_is_empty_from_then_on(folder: Path) -> None:
    """Whoever looks gets an answer, and the next one can put something."""
    spool = make(folder)
    spool.put([a_row(str(number), body=bytes(5_000)) for number in range(50)])
    spool.close()
    spool.waiting()
    raw = bytearray(spool.file.read_bytes())
    with spool.file.open("r+b") as stream:
        stream.write(raw[:4096] + b"\xff" * (len(raw) - 4096))

    assert spool.first(100) == []
    assert len(spool.damaged()) == 1
    spool.put([a_row("new")])
    assert ids(spool.first(9)) == ["new"]
    spool.close()
