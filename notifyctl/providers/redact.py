"""Keeping addresses, numbers and keys out of what is logged or stored about a failed send.

Vendors quote what they refuse: an SMTP server names the mailbox, Twilio the number, a URL holds the account.
`redact` takes them out of one text; `quieten` stops the vendors' own loggers, which write payloads and keys
below WARNING. Knows no vendor and no payload.
"""

from __future__ import annotations

import logging
import re

__all__ = ["quieten", "redact"]

#: The most characters kept of a vendor's text: enough for a reason, too few for a message's body.
MAX_CHARS = 300

_PATTERNS = (
    (re.compile(r"\bSG\.[\w.-]{8,}"), "[key]"),
    (re.compile(r"\b(?:AC|SK)[0-9a-fA-F]{32}\b"), "[account]"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 [key]"),
    (re.compile(r"""(?:"[^"]*"|[^\s<>()\[\]:;,@"]+)@[^\s<>()\[\]:;,"']+"""), "[address]"),
    (re.compile(r"\+\d[\d ().-]{5,}\d|\d{7,}"), "[number]"),
)


def redact(text: str, *known: str) -> str:
    """Return a vendor's text in one line, without personal data and keys.

    Args:
        text: What the vendor said.
        known: Values of this very message that must not show, such as the recipient's address and name; of an
            address the part before the ``@`` as well. Shorter than three characters, they are left alone.
    """
    for value in sorted(_parts(known), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "[recipient]", text, flags=re.IGNORECASE)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1] + "…"


def quieten(*loggers: str) -> None:
    """Raise these loggers to WARNING at least: below it they write payloads, numbers and keys."""
    for name in loggers:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


def _parts(known: tuple[str, ...]) -> set[str]:
    local_parts = {value.rpartition("@")[0] for value in known}
    return {value for value in {*known, *local_parts} if len(value) > 2}
