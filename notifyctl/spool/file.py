"""The spool's SQLite file: made private, opened when needed, and set aside where it cannot be read.

Knows no table: its user hands over the schema.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import stat
import threading
import time
import weakref
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from notifyctl.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from notifyctl.clock import Clock

__all__ = ["MIN_BYTES", "Damaged", "PrivateFile"]

log = logging.getLogger(__name__)

#: Less than this holds nothing worth having.
MIN_BYTES = 1024 * 1024

_PAGE_BYTES = 4096
#: How long to wait for another process that writes.
_BUSY_S = 2.0
#: How long to wait for another process that opens the file: some milliseconds, unless somebody stopped it.
_OPENING_S, _LOOK_S = 0.5, 0.01
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Damaged(SpoolError):
    """The file was found damaged while it was used; it is out of the way now."""


class PrivateFile:
    """A database in a folder that nobody else can enter. Safe to use from several threads, also after a fork.

    Args:
        path: The file; its folder is made when needed.
        schema: What makes the tables of a new file, as one script.
        version: Of that schema, from 1; a file of a later one is left alone.
        max_bytes: How large the file may become.
        clock: Names what is set aside.
    """

    def __init__(self, path: Path, *, schema: str, version: int, max_bytes: int, clock: Clock) -> None:
        self.path = path
        self._folder = path.parent
        self._schema = schema
        self._version = version
        self._max_bytes = max(max_bytes, MIN_BYTES)
        self._clock = clock
        self._lock = threading.RLock()  # a signal handler may fork while its own thread is in here
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._remedy = f"Check the disk space and the rights of {self._folder}, and NOTIFYCTL_SPOOL_MAX_BYTES."
        _FORKS.files.add(self)

    @contextmanager
    def using(self, *, create: bool = False) -> Iterator[sqlite3.Connection | None]:
        """Use the open file, alone in this process; None where there is none, and none is to be made.

        Raises:
            SpoolError: It cannot be used; `Damaged` where a new one can be begun now.
        """
        with self._lock, _reported(f"the spool {self.path} cannot be used", self._remedy):
            if not self._current() and (create or self.path.exists()):
                self._connection = self._open()
            try:
                yield self._connection
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._forget()
                with self._opening():
                    if self._found() == self._opened:  # else somebody was quicker, and this is a new one
                        self._set_aside()
                raise Damaged(
                    f"the spool {self.path} cannot be read any more, and was set aside",
                    hint="Call again: a new one is begun. 'notifyctl doctor' says what to do with the old one.",
                ) from error

    @contextmanager
    def locked(self, name: str, *, wait_s: float = 0.0) -> Iterator[bool]:
        """Hold a lock file beside it; false where somebody else does for so long."""
        with _reported(f"the spool in {self._folder} cannot be locked"):
            lock = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _taken(lock, wait_s)
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a process that was forked meanwhile has it open, too
            os.close(lock)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep the file closed: SQLite must not find a file open that it opened in another process."""
        with self._lock:
            self._forget()
            yield

    def damaged(self) -> list[Path]:
        """The files that could not be read and were set aside."""
        return sorted(self._folder.glob(f"{self.path.name}.damaged-*[0-9]"))

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._forget()

    def _current(self) -> bool:
        """Whether the file that is open is still the one in the folder: rows in a removed one would be lost."""
        if self._connection is None:
            return False
        if self._found() != self._opened:
            self._forget()
        return self._connection is not None

    def _found(self) -> tuple[int, int] | None:
        """Which file has the name now."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_private(self._folder)
        with self._opening():
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
            self._set_aside()
            return self._connect()

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Be the only one who makes the file, or moves it away.

        Raises:
            SpoolError: Somebody else does not get done with it.
        """
        with self.locked("open.lock", wait_s=_OPENING_S) as alone:
            if not alone:
                raise SpoolError(
                    f"the spool {self.path} cannot be opened: another process holds its open.lock",
                    hint=f"'fuser {self._folder / 'open.lock'}' names it; it may have been stopped.",
                )
            yield

    def _connect(self) -> sqlite3.Connection:
        with suppress(FileExistsError):  # SQLite itself would ask the umask
            # Only a new file: to close one that SQLite has open in this process would drop the locks that it has on it.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._opened = self._found()
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > self._version:
            raise SpoolError(
                f"the spool {self.path} was written by a later release", hint="Use that release to empty it."
            )
        if version == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON").fetchone()
        connection.execute(f"PRAGMA max_page_count = {self._max_bytes // _PAGE_BYTES}").fetchone()
        if version == 0:
            connection.executescript(self._schema)
        connection.execute("SELECT * FROM sqlite_master").fetchall()

    def _set_aside(self) -> None:
        """Move a file that cannot be read out of the way."""
        aside = self.path.with_name(f"{self.path.name}.damaged-{self._clock()}")
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).rename(aside.with_name(aside.name + suffix))
        log.error("the spool cannot be read, and was set aside as %s; 'notifyctl doctor' says what to do", aside)


class _Forks:
    """Closes the files before this process is forked, and keeps them closed until that is done.

    SQLite's record of the locks that it holds is copied by a fork, the locks are not: a child that opened the file
    again would hold none, and whoever closes it would remove the log that the child writes to.
    """

    def __init__(self) -> None:
        self.files: weakref.WeakSet[PrivateFile] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._closed = ExitStack()
        os.register_at_fork(before=self._begin, after_in_parent=self._end, after_in_child=self._end)

    def _begin(self) -> None:
        self._lock.acquire()
        for file in list(self.files):
            self._closed.enter_context(file.closed())

    def _end(self) -> None:
        self._closed.close()
        self._lock.release()


_FORKS = _Forks()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _taken(lock: int, wait_s: float) -> bool:
    """Take a lock, if it is free soon enough."""
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_S)
        else:
            return True


@contextmanager
def _reported(what: str, remedy: str = "") -> Iterator[None]:
    """Turn what the disk or SQLite says into a SpoolError; neither repeats what is in a row."""
    try:
        yield
    except sqlite3.Error as error:
        raise SpoolError(f"{what}: {error}", hint=remedy) from error
    except OSError as error:
        raise SpoolError(f"{what}: {(error.strerror or 'no reason given').lower()}", hint=remedy) from error


def _require_private(folder: Path) -> None:
    """Refuse a folder that others can enter.

    Raises:
        SpoolError: It is no folder of this user's own, or others have rights to it.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise SpoolError(
            f"the spool's folder {folder} is not private to this user",
            hint="Its owner must be you and its mode 0700; mend it, or set NOTIFYCTL_STATE_DIR.",
        )
