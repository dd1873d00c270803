"""Twilio's Messages API, as far as a sender sees it, with the list that tells which messages it has."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.chaos.providers.web import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.chaos.providers.faults import Fault
    from tests.chaos.providers.ledger import Desk

__all__ = ["Twilio"]

_ORDER = re.compile(r"\bC-(\d+)\b")
#: The list is eventually consistent: a message shows in it only after a while.
_LAG_S = 0.3


class Twilio:
    """Takes WhatsApp templates whose variables name their order: ``C-17``.

    Args:
        desk: Where it notes what it is sent.
        texts: The approved texts by their ids, gaps as ``{{1}}``.
    """

    def __init__(self, desk: Desk, texts: Mapping[str, str]) -> None:
        self.desk = desk
        self._texts = texts
        self._lock = threading.Lock()
        self._messages: list[tuple[float, dict[str, Any]]] = []

    def whose(self, content: bytes) -> tuple[str, str]:
        """Return the order's number, from the variables; a message names no job."""
        found = _ORDER.search(_fields(content).get("ContentVariables", ""))
        return (found[1] if found else ""), ""

    def take(self, content: bytes) -> tuple[str, Answer]:
        """Queue a message."""
        fields, now = _fields(content), datetime.now(UTC)
        sid = "SM" + secrets.token_hex(16)
        body = self._texts.get(fields["ContentSid"], "")
        for gap, text in json.loads(fields.get("ContentVariables", "{}")).items():
            body = body.replace(f"{{{{{gap}}}}}", text)
        message = {
            "sid": sid,
            "account_sid": "AC" + "0" * 32,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": format_datetime(now),
            "date_sent": None,
            "date_updated": format_datetime(now),
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": fields.get("From"),
            "messaging_service_sid": fields.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "status": "queued",
            "subresource_uris": {"media": f"/2010-04-01/Accounts/AC{'0' * 32}/Messages/{sid}/Media.json"},
            "to": fields["To"],
            "uri": f"/2010-04-01/Accounts/AC{'0' * 32}/Messages/{sid}.json",
        }
        with self._lock:
            self._messages.append(
                (time.monotonic() + _LAG_S, {**message, "status": "sent", "date_sent": format_datetime(now)})
            )
        return sid, Answer(201, message)

    def refuse(self, fault: Fault) -> Answer:
        """Return the vendor's words for a status."""
        return _REFUSALS.get(fault.name) or Answer(int(fault.name), "<html>a proxy says that nobody is there</html>")

    def look(self, path: str, query: dict[str, str]) -> Answer:
        """Tell of the account, or which messages there are, the newest first."""
        if path.endswith("/Messages.json"):
            return Answer(200, self._page(path, query))
        if re.fullmatch(r"/2010-04-01/Accounts/AC\w+\.json", path):
            return Answer(200, {"sid": path[21:-5], "status": "active", "type": "Full", "friendly_name": "Shop"})
        return _error(404, 20404, "The requested resource was not found")

    def _page(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        now, size = time.monotonic(), int(query.get("PageSize", "50"))
        page = int(query.get("Page", "0"))
        with self._lock:
            shown = [message for since, message in reversed(self._messages) if since <= now]
        for name, key in (("To", "to"), ("From", "from")):
            if name in query:
                shown = [message for message in shown if message[key] == query[name]]
        part = shown[page * size : (page + 1) * size]
        more = f"{path}?PageSize={size}&Page={page + 1}" if (page + 1) * size < len(shown) else None
        return {
            "messages": part,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + len(part) - 1,
            "uri": path,
            "first_page_uri": f"{path}?PageSize={size}&Page=0",
            "next_page_uri": more,
            "previous_page_uri": None,
        }


def _fields(content: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(content.decode()).items()}


def _error(status: int, code: int, message: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": more, "status": status})


_REFUSALS = {
    "400 recipient": _error(400, 21211, "Invalid 'To' Phone Number"),
    "401": _error(401, 20003, "Authenticate"),
    "403": _error(403, 20003, "Permission Denied"),
    "429": Answer(429, _error(429, 20429, "Too Many Requests").body, {"Retry-After": "1"}),
    "500": _error(500, 20500, "Internal Server Error"),
    "503 of the vendor": _error(503, 20503, "Service Unavailable"),
}
