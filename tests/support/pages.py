"""Pages of the dashboard as tests read them: their words, their forms' proof, and what was left behind in Redis."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from tests.support.serving import Serving

_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def said(answer: httpx.Response) -> str:
    """What a page says, without its markup and with single blanks."""
    body = answer.text.partition("<main")[2] or answer.text
    text = " ".join(unescape(_TAGS.sub(" ", body)).split())
    return re.sub(r" ([.,;:])", r"\1", text)


def proof_of(answer: httpx.Response) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="proof" value="([^"]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


def flash_of(page: httpx.Client, answer: httpx.Response) -> str:
    """What the page that an answer leads to is told."""
    assert answer.status_code == 303, answer.text
    shown = page.get(answer.headers["location"])
    found = re.search(r'<div class="notice \w+" role="status">(.*?)</div></div>', shown.text, re.DOTALL)
    assert found is not None, shown.text
    return " ".join(unescape(_TAGS.sub(" ", found[1])).split())


def audit_of(serving: Serving) -> list[dict[str, str]]:
    """What the audit log holds, the oldest first."""
    entries: Any = serving.app.inspector.client.xrange("notifyctl:audit")
    return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in entries]
