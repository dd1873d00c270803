"""The kinds of value a setting can have: what is accepted, and what is said about anything else.

A message says what was expected and never repeats what was given: it may be a secret or an address.
Knows no setting by name and no place that settings come from.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr, parseaddr
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from notifyctl.units import Rate, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "AccountSid",
    "ApiKeySid",
    "BaseUrl",
    "Colour",
    "ContentSid",
    "CountryCode",
    "Delays",
    "Duration",
    "Folder",
    "Line",
    "Lines",
    "LogLevel",
    "LookUps",
    "MailAddress",
    "Mailbox",
    "MailboxField",
    "MessagingServiceSid",
    "Names",
    "Namespace",
    "Port",
    "PositiveDuration",
    "PseudonymSecret",
    "RateField",
    "ReadableFile",
    "ReadableFolder",
    "RedisUrl",
    "SmtpTls",
    "WaitTimeout",
    "WebAddress",
    "WhatsAppNumber",
    "default_state_dir",
]

_REDIS_SCHEMES = (
    "redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster",
)  # fmt: skip
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MIN_SECRET_LENGTH = 16


class SmtpTls(StrEnum):
    """How a mail server's connection is protected, and the port that goes with it."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"

    @property
    def port(self) -> int:
        """The port that such servers listen on."""
        return {SmtpTls.NONE: 25, SmtpTls.STARTTLS: 587, SmtpTls.IMPLICIT: 465}[self]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail address and the name to show, as in `Ada <orders@example.com>`; both empty when unset."""

    address: str = ""
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """Return what a plain address, or a name and an address in angle brackets, means.

        Raises:
            ValueError: If it is neither.
        """
        name, address = parseaddr(text)
        if not text.isprintable() or not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
            raise ValueError("expected an address such as orders@example.com, or 'Name <orders@example.com>'")
        return cls(address, name)

    def __str__(self) -> str:
        return formataddr((self.name, self.address)) if self.address else ""


def default_state_dir() -> Path:
    """Return where this platform keeps a user's program state."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "notifyctl"
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    # the XDG specification says to ignore a relative path
    return (base if base.is_absolute() else Path.home() / ".local" / "state") / "notifyctl"


def _matching(pattern: str, expected: str) -> AfterValidator:
    """Return a validator of texts that match a pattern in full."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"expected {expected}")
        return text

    return AfterValidator(check)


def _sid(prefix: str) -> AfterValidator:
    """Return a validator of one kind of Twilio's identifiers."""
    return _matching(f"{prefix}[0-9a-fA-F]{{32}}", f"{prefix} followed by 32 hexadecimal digits")


def _text(parse: Callable[[str], Any]) -> BeforeValidator:
    """Return a validator that parses texts and leaves everything else (values in code) to the type."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError("expected a duration with its unit, such as 30s")


def _at_least_zero(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("expected a duration of 0s or more")
    return value


def _more_than_zero(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("expected a duration of more than 0s")
    return value


def _whole_milliseconds(value: timedelta) -> timedelta:
    # Redis takes 0 for "without end", and a producer's socket waits for 2 s
    if not timedelta(milliseconds=1) <= value <= timedelta(seconds=1):
        raise ValueError("expected a duration from 1ms to 1s")
    return value


def _delays(value: Any) -> tuple[timedelta, ...]:
    if isinstance(value, str):
        value = [] if value.strip().lower() in ("", "none") else value.split(",")
    if not isinstance(value, list | tuple):
        raise ValueError("expected durations such as 2s,4s,8s, or none")  # noqa: TRY004 - pydantic wants it
    return tuple(_at_least_zero(_duration(item)) for item in value)


def _ascending(moments: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    if list(moments) != sorted(set(moments)):
        raise ValueError("expected moments that come one after the other, such as 60s,120s")
    return moments


def _base_url(text: str) -> str:
    try:
        url = urlsplit(text)
        plain = not (url.path.strip("/") or url.query or url.fragment or url.username or url.password)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and plain and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("expected a base URL without a path, such as https://api.example.com")
    return text.rstrip("/")


def _web_address(text: str) -> str:
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if text and (not usable or not re.fullmatch(r"[^\s<>\"]+", text)):
        raise ValueError("expected a web address such as https://shop.example.com")
    return text


def _mail_address(text: str) -> str:
    if text and Mailbox.parse(text) != Mailbox(text):
        raise ValueError("expected an address alone, such as help@example.com")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text):
        raise ValueError("expected a colour such as #1f4d3f")
    return "#" + text.removeprefix("#").lower()


def _lines(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not all(line.isprintable() for line in lines):
        raise ValueError("expected lines of text without control characters")
    return "\n".join(lines)


def _line(text: str) -> str:
    if not text.strip() or not text.strip().isprintable():
        raise ValueError("expected one line of text")
    return text.strip()


def _redis_url(secret: SecretStr) -> SecretStr:
    scheme, found, rest = secret.get_secret_value().partition("://")
    if not found or not rest or scheme not in _REDIS_SCHEMES:
        raise ValueError(
            "expected a URL such as redis://host:6379/0, rediss://…, unix:///path, redis+sentinel://… or redis+cluster://…"
        )
    return secret


def _pseudonym_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < _MIN_SECRET_LENGTH:
        raise ValueError(f"expected at least {_MIN_SECRET_LENGTH} characters")
    return secret


def _log_level(text: str) -> str:
    if text.upper() not in _LOG_LEVELS:
        raise ValueError(f"expected one of {', '.join(_LOG_LEVELS).lower()}")
    return text.upper()


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _existing_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError("expected a folder that exists")
    return path


def _readable_file(path: Path) -> Path:
    if not path.is_file() or not os.access(path, os.R_OK):
        raise ValueError("expected a file that can be read")
    return path


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    names = tuple(str(name).strip() for name in value if str(name).strip()) if isinstance(value, list | tuple) else ()
    if value and not all(re.fullmatch(r"[\w.:\[\]/*-]+", name) for name in names):
        raise ValueError("expected names or addresses, separated by commas")
    return names


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_at_least_zero)]
PositiveDuration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_more_than_zero)]
WaitTimeout = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_whole_milliseconds)]
Delays = Annotated[tuple[timedelta, ...], BeforeValidator(_delays)]
LookUps = Annotated[tuple[timedelta, ...], BeforeValidator(_delays), AfterValidator(_ascending)]
RateField = Annotated[Rate, _text(Rate.parse)]
Port = Annotated[int, Field(ge=1, le=65_535)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Colour = Annotated[str, AfterValidator(_colour)]
Line = Annotated[str, AfterValidator(_line)]
Lines = Annotated[str, AfterValidator(_lines)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
PseudonymSecret = Annotated[SecretStr, AfterValidator(_pseudonym_secret)]
LogLevel = Annotated[str, AfterValidator(_log_level)]
MailboxField = Annotated[Mailbox, _text(Mailbox.parse)]
Folder = Annotated[Path, AfterValidator(_absolute)]
ReadableFolder = Annotated[Path, AfterValidator(_absolute), AfterValidator(_existing_folder)]
ReadableFile = Annotated[Path, AfterValidator(_absolute), AfterValidator(_readable_file)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Namespace = Annotated[str, _matching(r"[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, dots, dashes or underscores")]
CountryCode = Annotated[
    str, _text(str.upper), _matching("[A-Z]{2}", "a country's two letters, such as DE (ISO 3166-1)")
]
WhatsAppNumber = Annotated[
    str,
    _text(lambda text: text.strip().removeprefix("whatsapp:")),
    _matching(r"\+[1-9]\d{6,14}", "a number such as +15005550006, with or without whatsapp: before it"),
]
AccountSid = Annotated[str, _sid("AC")]
ApiKeySid = Annotated[str, _sid("SK")]
MessagingServiceSid = Annotated[str, _sid("MG")]
ContentSid = Annotated[str, _sid("HX")]
