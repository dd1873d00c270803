"""What happened by itself and a person should hear of, in the order in which it happened: one stream for the fleet.

What operators did is in the audit log instead. Knows no kind of event.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from notifyctl.clock import now_ms
from notifyctl.connection import server_with, translated
from notifyctl.errors import InvalidInput, NotifyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis

__all__ = ["FIRST", "Event", "Events"]

#: The place before all events.
FIRST = "0-0"

#: So many events are kept, and a few more: the stream is trimmed by whole blocks.
_LENGTH = 10_000
#: The longest that one call waits: less than a client waits for an answer.
_LONGEST_MS = 1_500
_EVENT_ID = re.compile(r"\d{1,19}-\d{1,19}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        event_id: Its place in the stream.
        at_ms: When, epoch ms.
        kind: What, such as ``circuit_opened``.
        fields: To what, and why.
    """

    event_id: str
    at_ms: int
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Events:
    """The stream.

    Args:
        client: A redis-py client whose retries are bounded.
        key: The stream's name.
    """

    def __init__(self, client: redis.Redis, key: str) -> None:
        self._client = client
        self._key = key

    def add(self, kind: str, **fields: str) -> None:
        """Add an event. Never fails: nobody's work may hang on the telling of it.

        Args:
            kind: What happened, such as ``circuit_opened``.
            fields: To what, and why; nothing personal.
        """
        entry: dict[Any, Any] = {"kind": kind, **fields, "at": now_ms()}
        try:
            with translated():
                self._client.xadd(self._key, entry, maxlen=_LENGTH, approximate=True)
        except (NotifyError, RedisError) as error:
            _log.debug("the event %s could not be told: %s", kind, type(error).__name__)

    def last(self, count: int) -> list[Event]:
        """Return the newest events, the oldest of them first.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        if count < 1:
            return []
        with translated():
            return _parsed(self._client.xrevrange(self._key, count=count))[::-1]

    def newest_id(self) -> str:
        """The place of the newest event, to follow from; `FIRST` where there is none.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        newest = self.last(1)
        return newest[0].event_id if newest else FIRST

    def entries(self, after_id: str = FIRST, count: int = 100, block_ms: int = 0) -> list[Event]:
        """Return the events after one, the oldest first.

        Args:
            after_id: The event before them, or `FIRST`.
            count: So many at most.
            block_ms: Where there is none yet, wait for it so long, and no longer than 1.5 s; 0 = don't.

        Raises:
            InvalidInput: There can be no such event.
            BrokerUnavailable: Redis cannot be reached.
        """
        if not _EVENT_ID.fullmatch(after_id):
            raise InvalidInput(
                "no event has this id", hint=f"Ids look like 1793534400000-0; the first is after {FIRST}."
            )
        block = min(block_ms, _LONGEST_MS) or None
        with translated():
            # asked for by name, as what a cluster's client takes for this command's key is none
            answer: Any = server_with(self._client, self._key).xread({self._key: after_id}, count, block)
        return _parsed(answer[0][1]) if answer else []


def _parsed(entries: Any) -> list[Event]:
    return [_event(event_id.decode(), fields) for event_id, fields in entries]


def _event(event_id: str, raw: Mapping[bytes, bytes]) -> Event:
    fields = {name.decode(): value.decode() for name, value in raw.items()}
    kind, at_ms = fields.pop("kind", ""), fields.pop("at", event_id.partition("-")[0])
    return Event(event_id, int(at_ms), kind, fields)
