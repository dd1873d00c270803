"""What happened by itself and a person should hear of, in the order in which it happened: one stream for the fleet.

What operators did is in the audit log instead. Knows no kind of event.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from notifyctl.clock import now_ms
from notifyctl.connection import translated
from notifyctl.errors import NotifyError

if TYPE_CHECKING:
    import redis

__all__ = ["Events"]

_LENGTH = 10_000

_log = logging.getLogger(__name__)


class Events:
    """The stream, to add to.

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
