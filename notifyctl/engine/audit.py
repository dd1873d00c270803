"""The audit log: who changed what, with which filter, how much of it, and why. One stream for the fleet.

Every changing command, call and page leaves one entry, also where it was about many jobs; so does looking at what is
masked. What happened by itself is in the events instead. Holds nothing personal, and knows no verb.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifyctl.connection import translated
from notifyctl.errors import BrokerUnavailable, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import redis

__all__ = ["Audit", "AuditEntry", "AuditPage"]

#: So many entries are kept, and a few more: the stream is trimmed by whole blocks.
_LENGTH = 10_000
_PAGE = 500
#: What is done in this context is part of one entry, and counted here.
_GATHERED: ContextVar[Counter[str] | None] = ContextVar("gathered", default=None)
_ENTRY_ID = re.compile(r"\d{1,19}-\d{1,19}")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did.

    Attributes:
        entry_id: Its place in the log.
        at_ms: When, by the server's clock, epoch ms.
        verb: What they did, in a past participle such as ``retried``.
        what: To which job, queue, provider or token.
        by: Who: an account at a host, or the name of a token.
        why: The reason they gave.
        filters: Which jobs were meant, where a filter chose them.
        counts: What came of it, where it was about many: ``{"retried": 3120, "skipped": 18}``.
    """

    entry_id: str
    at_ms: int
    verb: str
    what: str
    by: str
    why: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, the newest first, and where to go on; an empty cursor: these were the last."""

    entries: list[AuditEntry]
    cursor: str


class Audit:
    """The log, to write to and to read.

    Args:
        client: A redis-py client whose retries are bounded.
        key: The stream's name.
    """

    def __init__(self, client: redis.Redis, key: str) -> None:
        self._client = client
        self._key = key

    def note(
        self,
        verb: str,
        what: str,
        *,
        by: str,
        why: str = "",
        filters: Mapping[str, Any] | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Keep what somebody did.

        Args:
            verb: What, in one past participle.
            what: To which job or queue; nothing personal.
            by: Who.
            why: The reason they gave.
            filters: Which jobs were meant, where a filter chose them; nothing personal.
            counts: What came of it, by the word for it.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        if (gathered := _GATHERED.get()) is not None:
            gathered[verb] += 1
            return
        entry: dict[Any, Any] = {"verb": verb, "what": what, "by": by, "why": why}
        if filters:
            entry["filters"] = json.dumps(filters, ensure_ascii=False)
        if counts:
            entry["counts"] = json.dumps(counts)
        with translated():
            self._client.xadd(self._key, entry, maxlen=_LENGTH, approximate=True)

    @contextmanager
    def together(
        self, verb: str, what: str, *, by: str, why: str = "", filters: Mapping[str, Any] | None = None
    ) -> Iterator[Counter[str]]:
        """Keep what this thread does within as one entry, also where it ends early: how often it did what.

        Args:
            verb: What it does, in one past participle.
            what: To what, such as ``jobs``.
            by: Who.
            why: The reason they gave.
            filters: Which ones were meant; nothing personal.

        Yields:
            The counts, to add to.

        Raises:
            BrokerUnavailable: Redis cannot be reached, and nothing else is being raised.
        """
        counts: Counter[str] = Counter()
        token, failed = _GATHERED.set(counts), True
        try:
            yield counts
            failed = False
        finally:
            _GATHERED.reset(token)
            if counts:
                with suppress(*[BrokerUnavailable] if failed else []):
                    self.note(verb, what, by=by, why=why, filters=filters, counts=counts)

    def entries(
        self,
        limit: int = 50,
        *,
        cursor: str = "",
        verb: str = "",
        by: str = "",
        what: str = "",
        since_ms: int = 0,
        until_ms: int = 0,
    ) -> AuditPage:
        """Return what was done, the newest first.

        Args:
            limit: So many entries at most.
            cursor: Where an earlier page ended.
            verb: Only this.
            by: Only by whom this is a part of the name of; capitals don't matter.
            what: Only to this.
            since_ms: Only from this moment on, epoch ms; 0 = whenever.
            until_ms: Only until then.

        Raises:
            InvalidInput: The cursor is none.
            BrokerUnavailable: Redis cannot be reached.
        """
        if cursor and not _ENTRY_ID.fullmatch(cursor):
            raise InvalidInput("the cursor is none that a list gave", hint="Leave it out to begin at the newest entry.")
        found: list[AuditEntry] = []
        for entry in self._newest(cursor, since_ms, until_ms):
            fits = (not verb or entry.verb == verb) and (not what or entry.what == what)
            if fits and by.lower() in entry.by.lower():
                if len(found) == limit:
                    return AuditPage(found, found[-1].entry_id if found else cursor)
                found.append(entry)
        return AuditPage(found, "")

    def _newest(self, cursor: str, since_ms: int, until_ms: int) -> Iterator[AuditEntry]:
        newest = f"({cursor}" if cursor else str(max(1, until_ms)) if until_ms else "+"
        while True:
            with translated():
                page: Any = self._client.xrevrange(self._key, newest, str(max(0, since_ms)) if since_ms else "-", _PAGE)
            for entry_id, fields in page:
                yield _parsed(entry_id.decode(), {name.decode(): value.decode() for name, value in fields.items()})
            if len(page) < _PAGE:
                return
            newest = f"({page[-1][0].decode()}"


def _parsed(entry_id: str, fields: Mapping[str, str]) -> AuditEntry:
    return AuditEntry(
        entry_id,
        int(entry_id.partition("-")[0]),
        fields.get("verb", ""),
        fields.get("what", ""),
        fields.get("by", ""),
        fields.get("why", ""),
        json.loads(fields.get("filters", "{}")),
        json.loads(fields.get("counts", "{}")),
    )
