"""SendGrid's v3 API, as far as a sender sees it."""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from tests.chaos.providers.web import Answer

if TYPE_CHECKING:
    from tests.chaos.providers.faults import Fault
    from tests.chaos.providers.ledger import Desk

__all__ = ["SendGrid"]

_ORDER = re.compile(r"order-(\d+)@")


class SendGrid:
    """Takes mails whose address names their order: ``order-17@example.com``."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def whose(self, content: bytes) -> tuple[str, str]:
        """Return the order's number, from the address, and the job's id."""
        mail = json.loads(content)
        found = _ORDER.match(mail["personalizations"][0]["to"][0]["email"])
        return (found[1] if found else ""), mail["custom_args"]["notification_id"]

    def take(self, content: bytes) -> tuple[str, Answer]:
        """Queue a mail."""
        del content
        name = secrets.token_urlsafe(16)
        return name, Answer(202, headers={"X-Message-Id": name})

    def refuse(self, fault: Fault) -> Answer:
        """Return the vendor's words for a status."""
        return _REFUSALS.get(fault.name) or Answer(int(fault.name), "<html>a proxy says that nobody is there</html>")

    def look(self, path: str, query: dict[str, str]) -> Answer:
        """Tell what a key may do."""
        del query
        if path == "/v3/scopes":
            return Answer(200, {"scopes": ["mail.send", "sender_verification_eligible"]})
        return _errors(404, "not found")


def _errors(status: int, message: str, field: str | None = None) -> Answer:
    body: dict[str, Any] = {"errors": [{"message": message, "field": field, "help": None}]}
    return Answer(status, body)


_REFUSALS = {
    "400 recipient": _errors(400, "The to email is not valid.", "personalizations.0.to.0.email"),
    "401": _errors(401, "The provided authorization grant is invalid, expired, or revoked"),
    "403": _errors(403, "The from address does not match a verified Sender Identity.", "from"),
    "429": Answer(429, _errors(429, "too many requests").body, {"Retry-After": "1"}),
    "503 of the vendor": _errors(503, "Service unavailable"),
}
