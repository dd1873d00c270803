"""What an SMTP server's reply, or its silence, means for the message: by the step that it came at.

RFC 5321 (replies), RFC 3463 (enhanced codes), RFC 1047 (the one moment of doubt: between the final dot and
its answer). The first digit decides, the enhanced code refines. Speaks to no server.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from notifyctl.errors import DeliveryError, InDoubt, Permanent, Scope, Transient, Unavailable
from notifyctl.providers.redact import redact
from notifyctl.providers.wire import describe, doubtful, is_certificate_fault, unsent

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Step", "lost", "queue_id", "refusal"]

PROVIDER = "smtp"

#: Greylisting asks a stranger to come back; sooner than this is refused again.
GREYLIST_WAIT_S = 300.0

#: Enhanced codes, without their first digit, that are about the sender, his login, or how his domain and host are set
#: up (SPF, DKIM, reverse DNS), whatever step they come at; and a command out of order. RFC 3463, 5248, 7372.
_ABOUT_US = {"1.7", "1.8", "5.1", "7.8", "7.9", "7.11", *(f"7.{number}" for number in range(20, 28))}
#: Those about a mailbox that is closed, has changed hands, or takes mail from some only. RFC 5248, 7293; Exchange.
_ABOUT_THEM = {"7.13", "7.17", "7.18", "7.124", "7.133", "7.134", "7.135", "7.136"}
_WORDS_ABOUT_US = ("authenticat", "sender", "client host", "blocked using", "your ip", "your host", "your server")
_ADDRESS = re.compile(r"\S*@\S*")

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
_QUEUE_IDS = (
    re.compile(r"\bqueued as ([\w.-]+)", re.IGNORECASE),  # Postfix, MailHog, aiosmtpd's users
    re.compile(r"\bid=([\w.-]+)", re.IGNORECASE),  # Exim
    re.compile(r"^(?:2\.\d+\.\d+ )?([\w-]+) Message accepted"),  # Sendmail
    re.compile(r"^Ok ([\w-]{16,})$", re.IGNORECASE),  # Amazon SES
)


class Step(StrEnum):
    """How far a transaction has come; the values are for error messages."""

    CONNECT = "connect"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"
    DONE = "accepted"


def refusal(step: Step, code: int, text: bytes, *known: str, relays: bool = False) -> DeliveryError:
    """Return the outcome of a reply other than the one hoped for.

    Args:
        step: What the reply answers.
        code: Reply code; 0 or less where it was unreadable.
        text: The reply's text, enhanced code first where the server has them.
        known: Values of this message that must not show in the error.
        relays: Whether this server is known to take mail from us: then it is this recipient's that it will not relay.
    """
    words = text.decode(errors="replace")
    enhanced = _ENHANCED.match(words)
    subject = f"{enhanced[2]}.{enhanced[3]}" if enhanced else ""
    message = f"the SMTP server answered {code} to {step}: {redact(words, *known)}"
    provider_code = f"{code} {enhanced[0]}" if enhanced else str(code)
    if 500 <= code <= 599:
        scope = _SCOPES[step](code, subject, words.lower())
        if scope is None:
            scope = Scope.RECIPIENT if relays else Scope.ACCOUNT
        return Permanent(message, provider=PROVIDER, provider_code=provider_code, scope=scope)
    if step is Step.DOT and not 400 <= code <= 499:
        return InDoubt(message, provider=PROVIDER, provider_code=provider_code)
    if _is_the_servers(step, code, subject):
        return Unavailable(message, provider=PROVIDER, provider_code=provider_code)
    greylisted = step is Step.RCPT and (subject.startswith("7.") or "greylist" in words.lower())
    wait_s = GREYLIST_WAIT_S if greylisted else None
    return Transient(message, provider=PROVIDER, provider_code=provider_code, retry_after_s=wait_s)


def lost(step: Step, error: BaseException) -> DeliveryError:
    """Return the outcome of a connection that broke, or of an answer that did not come, at this step."""
    if step is Step.DOT:
        return doubtful(error, provider=PROVIDER)
    if step is Step.CONNECT or is_certificate_fault(error):
        return unsent(error, provider=PROVIDER)
    reason = describe(error)
    return Unavailable(f"lost the SMTP server at {step}: {reason}", provider=PROVIDER, provider_code="lost")


def queue_id(text: bytes) -> str:
    """Return the server's id for an accepted message, out of its last reply; empty where it names none."""
    words = text.decode(errors="replace")
    return next((found[1] for pattern in _QUEUE_IDS if (found := pattern.search(words))), "")


def _is_the_servers(step: Step, code: int, subject: str) -> bool:
    """Whether a refusal for now is about the server rather than about a recipient or a content.

    It is leaving (421), is no SMTP server, speaks before it knows of a recipient, or names its system's state (RFC 3463
    X.3.Z) once it has the mail. At RCPT nothing else counts: greylisting and full mailboxes are told there.
    """
    early = step in {Step.CONNECT, Step.AUTH, Step.MAIL}
    late = step in {Step.DATA, Step.DOT} and subject.startswith("3.") and subject != "3.4"
    return early or late or code == 421 or not 400 <= code <= 499


def _of_account(_code: int, _subject: str, _words: str) -> Scope:
    return Scope.ACCOUNT


def _of_content(_code: int, _subject: str, _words: str) -> Scope:
    return Scope.CONTENT


def _of_sender(code: int, subject: str, _words: str) -> Scope:
    """MAIL is about the sender, and with SIZE about the message's bytes."""
    return Scope.CONTENT if subject == "3.4" or (code == 552 and not subject) else Scope.ACCOUNT


def _of_recipient(code: int, subject: str, words: str) -> Scope | None:
    """RCPT is about the recipient, but servers also keep back until then what they hold against us.

    Only what clearly is about us is the account's; None where it is ours or the recipient's.
    """
    if code in {503, 530, 535, 538} or subject in _ABOUT_US:
        return Scope.ACCOUNT
    words = _ADDRESS.sub("", words)
    if subject in _ABOUT_THEM or "recipient" in words:
        return Scope.RECIPIENT
    if any(word in words for word in _WORDS_ABOUT_US):
        return Scope.ACCOUNT
    if "relay" in words:
        return None
    if subject.startswith(("3.", "7.")):
        return Scope.CONTENT
    return Scope.RECIPIENT


_SCOPES: dict[Step, Callable[[int, str, str], Scope | None]] = {
    Step.CONNECT: _of_account,
    Step.AUTH: _of_account,
    Step.MAIL: _of_sender,
    Step.RCPT: _of_recipient,
    Step.DATA: _of_content,
    Step.DOT: _of_content,
}
