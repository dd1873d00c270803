"""A local file for what cannot be handed to Redis now: rows of bytes in the order in which they came.

SQLite with a write-ahead log, in a folder that only its user can enter: rows hold personal data. A row is on the disk
when `put` returns (synchronous=FULL), so that neither a crash of the process nor a power cut of this machine loses it.
Any number of processes and threads may use the file at once, also after a fork. Deleted rows are overwritten.

Knows no Redis, no job and no notification: what a row holds is the caller's business.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifyctl.clock import now_ms
from notifyctl.errors import SpoolError
from notifyctl.spool.file import MIN_BYTES, Damaged, PrivateFile

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from notifyctl.clock import Clock

__all__ = ["MIN_BYTES", "Row", "Spool", "SpoolCounts"]

_VERSION = 1
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    held TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS in_line ON entries (destination, seq) WHERE held = '';
CREATE INDEX IF NOT EXISTS by_tag ON entries (destination, queue, tag) WHERE tag <> '';
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_COLUMNS = "seq, destination, id, queue, tag, digest, at_ms, body, note, held"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is to be done once Redis is back.

    Attributes:
        id: Its own, given by the caller; the same one is kept once.
        queue: Which queue it is about.
        body: What it is, in the caller's own form.
        tag: What stands for the same thing told again, in one queue; empty = nothing does.
        digest: Tells whether two rows of one tag are the same.
        at_ms: When it was put here.
        note: One word that was said of it later.
        held: Why it is left alone; empty = it is in line.
        destination: Where it is to go.
        seq: Its place in line, from 1.
    """

    id: str
    queue: str
    body: bytes
    tag: str = ""
    digest: str = ""
    at_ms: int = 0
    note: str = ""
    held: str = ""
    destination: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class SpoolCounts:
    """What lies in a spool.

    Attributes:
        queues: How many are in line, by queue; only what is to go to this destination.
        oldest_at_ms: When the first of them came; 0 where there is none.
        held: How many are left alone, because they could not be moved.
        elsewhere: How many are to go to other destinations.
    """

    queues: dict[str, int]
    oldest_at_ms: int = 0
    held: int = 0
    elsewhere: int = 0

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return sum(self.queues.values())


class Spool:
    """The spool of this machine's user, as far as one destination is concerned. Safe to use from several threads.

    The file is made by the first `put`; until then everything answers "empty" without touching the disk.

    Args:
        folder: Where its files are; made when needed, with mode 0700.
        destination: Where rows put here are to go: rows of other destinations are neither moved nor compared.
        max_bytes: How large the file may become; `MIN_BYTES` at least.
        clock: Tells when a row came.

    Raises of all methods:
        SpoolError: The file cannot be used: full, not writable, not private, of a later release.
    """

    def __init__(self, folder: Path, destination: str, *, max_bytes: int, clock: Clock = now_ms) -> None:
        self.folder = folder
        self.file = folder / "spool.db"
        self.destination = destination
        self._clock = clock
        self._database = PrivateFile(self.file, schema=_SCHEMA, version=_VERSION, max_bytes=max_bytes, clock=clock)

    def put(self, rows: Sequence[Row]) -> None:
        """Keep rows, all or none; they are on the disk when this returns. A row whose id is here already stays."""
        at_ms = self._clock()
        values = [(self.destination, row.id, row.queue, row.tag, row.digest, at_ms, row.body) for row in rows]
        try:
            self._insert(values)
        except Damaged:
            self._insert(values)

    def _insert(self, values: Sequence[tuple[Any, ...]]) -> None:
        with self._writing(create=True) as connection:
            connection.executemany(
                "INSERT INTO entries (destination, id, queue, tag, digest, at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO NOTHING",
                values,
            )

    def waiting(self) -> bool:
        """Whether anything is in line; some microseconds."""
        found = self._select("SELECT 1 FROM entries WHERE destination = ? AND held = '' LIMIT 1", self.destination)
        return bool(found)

    def first(self, count: int, *, everywhere: bool = False) -> list[Row]:
        """The first in line.

        Args:
            count: So many at most.
            everywhere: Whatever their destination is.
        """
        where = "1" if everywhere else "destination = ?"
        values = [] if everywhere else [self.destination]
        return self._rows(f"WHERE held = '' AND {where} ORDER BY seq LIMIT ?", *values, count)

    def all(self, count: int) -> list[Row]:
        """Everything that lies here, what is held and what is to go elsewhere included, in the order in which it came.

        Args:
            count: So many at most.
        """
        return self._rows("ORDER BY seq LIMIT ?", count)

    def holders(self, queue: str, tags: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Answer which of these tags are here: by tag the id and the digest of the row that came first."""
        query = (
            "SELECT id, digest FROM entries WHERE destination = ? AND queue = ? AND tag = ? AND tag <> '' "
            "ORDER BY seq LIMIT 1"
        )
        found = {tag: self._select(query, self.destination, queue, tag) for tag in tags}
        return {tag: rows[0] for tag, rows in found.items() if rows}

    def mark(self, queue: str, tags: Sequence[str], note: str) -> int:
        """Note a word on the rows of these tags that have none yet, held ones included; how many there were."""
        if not self.holders(queue, tags):
            return 0
        with self._writing() as connection:
            return sum(
                connection.execute(
                    "UPDATE entries SET note = ? WHERE destination = ? AND queue = ? AND tag = ? AND tag <> '' "
                    "AND note = ''",
                    (note, self.destination, queue, tag),
                ).rowcount
                for tag in tags
            )

    def remove(self, rows: Sequence[Row]) -> None:
        """Forget rows that have been moved."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM entries WHERE seq = ?", [(row.seq,) for row in rows])

    def hold(self, row: Row, why: str) -> None:
        """Take a row out of the line, so that it holds up no other; `release` puts it back."""
        with self._writing() as connection:
            connection.execute("UPDATE entries SET held = ? WHERE seq = ?", (why, row.seq))

    def release(self) -> None:
        """Put all that is held back into its places in line."""
        if self._select("SELECT 1 FROM entries WHERE held <> '' LIMIT 1"):
            with self._writing() as connection:
                connection.execute("UPDATE entries SET held = ''")

    def counts(self) -> SpoolCounts:
        """Count what lies here."""
        found = self._select(
            "SELECT queue, COUNT(*), MIN(at_ms) FROM entries WHERE destination = ? AND held = '' GROUP BY queue",
            self.destination,
        )
        (others,) = self._select(
            "SELECT COALESCE(SUM(held <> ''), 0), COALESCE(SUM(held = '' AND destination <> ?), 0) FROM entries",
            self.destination,
        ) or [(0, 0)]
        return SpoolCounts(
            {queue: count for queue, count, _ in found},
            min((oldest for _, _, oldest in found), default=0),
            *others,
        )

    def damaged(self) -> list[Path]:
        """The files that could not be read and were set aside."""
        return self._database.damaged()

    def tidy(self) -> None:
        """Give the disk back what an emptied spool took, and overwrite what the log still holds."""
        with suppress(SpoolError), self._database.using() as connection:
            if connection is not None:
                connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def relaying(self) -> Iterator[bool]:
        """Be the only one who moves rows; false where somebody else is at it. Ends with the process at the latest."""
        with self._database.locked("relay.lock") as held:
            yield held

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._database.close()

    def _rows(self, rest: str, *values: Any) -> list[Row]:
        names = _COLUMNS.split(", ")
        found = self._select(f"SELECT {_COLUMNS} FROM entries {rest}", *values)  # noqa: S608 - our own words
        return [Row(**dict(zip(names, row, strict=True))) for row in found]

    def _select(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            with self._database.using() as connection:
                return [] if connection is None else connection.execute(query, values).fetchall()
        except Damaged:  # it was told, and what there is now is empty
            return []

    @contextmanager
    def _writing(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        with self._database.using(create=create) as connection:
            if connection is None:
                raise SpoolError(f"the spool {self.file} is gone", hint="Somebody removed it while it was used.")
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
