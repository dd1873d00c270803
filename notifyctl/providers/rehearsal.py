"""Failures on purpose, so that retries and dead letters can be seen before a real provider brings them.

The outbox honours a tag in the recipient's mail address, as mailbox simulators do:

| address | what the outbox answers |
| --- | --- |
| ``anyone+retry2@example.com`` | refuses for now, twice, then takes it; any number from 1 to 9 |
| ``anyone+down@example.com`` | refuses for now, each time |
| ``anyone+bounce@example.com`` | refuses for good: no such recipient |

How often it refused is kept beside the outbox's files: another worker process may have the next attempt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from notifyctl.errors import DeliveryError, Permanent, Scope, Transient

if TYPE_CHECKING:
    from pathlib import Path

    from notifyctl.notification import EmailPayload, WhatsAppPayload

__all__ = ["Rehearsal"]

_TAG = re.compile(r"\+(retry[1-9]|down|bounce)@")
_NAME = "outbox"


class Rehearsal:
    """Says which failure the outbox is to answer with.

    Args:
        folder: Where it remembers how often it refused.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, payload: EmailPayload | WhatsAppPayload) -> DeliveryError | None:
        """Return the failure that the recipient's address asks for, or nothing."""
        tag = _TAG.search(payload.to)
        if tag is None:
            return None
        if tag[1] == "bounce":
            return Permanent(
                "no such recipient (rehearsed)", provider=_NAME, provider_code="550", scope=Scope.RECIPIENT
            )
        if tag[1] == "down" or self._refusals(payload.notification_id) < int(tag[1][-1]):
            self._remember(payload.notification_id)
            return Transient("not now (rehearsed)", provider=_NAME, provider_code="451")
        return None

    def _refusals(self, notification_id: str) -> int:
        file = self._folder / f".refused-{notification_id}"
        return file.stat().st_size if file.exists() else 0

    def _remember(self, notification_id: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / f".refused-{notification_id}").open("ab") as file:
            file.write(b".")
