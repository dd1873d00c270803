"""What must be right before messages go out: a list of checks, each with what to do about it.

Shown by the command line and the web alike. Reads only: it sends nothing, writes no key and makes no folder.
Knows no command line; a finding holds no secret, address or number.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from notifyctl.connection import translated
from notifyctl.errors import ConfigError, NotifyError
from notifyctl.settings import ShopSettings, SmtpTls
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import redis

    from notifyctl.settings import Settings

__all__ = ["Finding", "Status", "run_checks"]

#: The oldest release that every script and command runs on.
_OLDEST: Final = (7, 0)
_SLOW_MS: Final = 50.0
_SENDGRID_KEY: Final = re.compile(r"SG\.[\w-]{16,}\.[\w-]{16,}")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Status(StrEnum):
    """How a check ended: fine, worth a look, or nothing will work like this."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was checked, in a word or two.
        status: How it ended.
        detail: What was found.
        remedy: What to do; empty where all is well.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""


def run_checks(settings: Settings | ConfigError, client_factory: Callable[[], redis.Redis]) -> list[Finding]:
    """Return what each check found, in the order in which things are needed.

    Args:
        settings: The settings, or the error that loading them ended in: then nothing else can be checked.
        client_factory: Makes a client of the server in use; it may start the embedded one. The client is closed.
    """
    if isinstance(settings, ConfigError):
        return [Finding("settings", Status.FAIL, settings.message, settings.hint)]
    return [
        _settings(settings),
        _state_dir(settings.state_dir),
        *_server(settings, client_factory),
        _email(settings),
        _sender(settings),
        _whatsapp(settings),
        _content_sids(settings),
        _shop(settings),
    ]


def _settings(settings: Settings) -> Finding:
    places = Counter(place for place in settings.origin.values() if place != "default")
    given = ", ".join(f"{count} from {place}" for place, count in places.items()) or "all are defaults"
    return Finding("settings", Status.OK, f"namespace {settings.namespace}; {given}")


def _state_dir(folder: Path) -> Finding:
    name = "state folder"
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return Finding(
                name, Status.FAIL, f"{folder} cannot be made", "Set NOTIFYCTL_STATE_DIR to a folder you can write to."
            )
        return Finding(name, Status.OK, f"{folder} will be made when it is needed")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            name, Status.FAIL, f"{folder} is no folder you can write to", "Mend it, or set NOTIFYCTL_STATE_DIR."
        )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode != 0o700:
        detail = f"{folder} has mode {mode:04o}: it holds personal data, which others may be able to read"
        return Finding(name, Status.WARN, detail, f"chmod 700 {folder}")
    return Finding(name, Status.OK, str(folder))


def _server(settings: Settings, client_factory: Callable[[], redis.Redis]) -> list[Finding]:
    try:
        with translated(), client_factory() as client:
            client.ping()  # connects, which is not to be measured
            asked = time.perf_counter()
            client.ping()
            took_ms = (time.perf_counter() - asked) * 1_000
            facts = client.info()
    except NotifyError as error:
        return [Finding("redis", Status.FAIL, error.message, error.hint)]
    which = "the configured server" if settings.redis.target() else "the embedded server"
    return [_reachable(which, took_ms, facts), _version(facts), _eviction(facts), _persistence(facts)]


def _reachable(which: str, took_ms: float, facts: Mapping[str, Any]) -> Finding:
    detail = f"{which} answers in {took_ms:.1f} ms"
    if facts.get("role") != "master":
        return Finding(
            "redis", Status.FAIL, f"{which} is a read-only replica", "Name the primary in REDIS_URL or REDIS_HOST."
        )
    if took_ms > _SLOW_MS:
        return Finding("redis", Status.WARN, detail, "Run the workers nearer to it: each job takes a few round trips.")
    return Finding("redis", Status.OK, detail)


def _version(facts: Mapping[str, Any]) -> Finding:
    product = "Valkey" if "valkey_version" in facts else "Redis"
    text = str(facts.get("valkey_version") or facts.get("redis_version", ""))
    found = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
    if found < _OLDEST:
        return Finding("version", Status.FAIL, f"{product} {text}", "Use Redis 7.0 or later, or any Valkey.")
    return Finding("version", Status.OK, f"{product} {text}")


def _eviction(facts: Mapping[str, Any]) -> Finding:
    policy = facts.get("maxmemory_policy")
    if policy != "noeviction":
        return Finding(
            "eviction",
            Status.FAIL,
            f"maxmemory-policy is {policy}: a full server would drop jobs without a word",
            "CONFIG SET maxmemory-policy noeviction, and in the server's configuration file.",
        )
    return Finding("eviction", Status.OK, "maxmemory-policy is noeviction")


def _persistence(facts: Mapping[str, Any]) -> Finding:
    if not facts.get("aof_enabled"):
        return Finding(
            "persistence",
            Status.WARN,
            "the append-only file is off: a restart loses what was accepted since the last snapshot",
            "CONFIG SET appendonly yes, and in the server's configuration file.",
        )
    if facts.get("aof_last_write_status", "ok") != "ok":
        return Finding(
            "persistence",
            Status.FAIL,
            "the server cannot write its append-only file",
            "Look into the server's log: its disk may be full.",
        )
    return Finding("persistence", Status.OK, "the append-only file is on")


def _mails(settings: Settings) -> bool:
    """Whether mail really leaves."""
    configured = settings.sendgrid.api_key is not None or settings.smtp.host is not None
    return configured and settings.provider != "outbox"


def _texts(settings: Settings) -> bool:
    """Whether WhatsApp messages really leave."""
    return settings.twilio.account_sid is not None and settings.provider != "outbox"


def _sandbox(name: str, what: str, settings: Settings, remedy: str) -> Finding:
    """Return the finding about a channel that sends nothing."""
    if settings.provider == "outbox":
        remedy = "Remove NOTIFYCTL_PROVIDER=outbox to send."
    return Finding(name, Status.WARN, f"{what} to the outbox at {settings.outbox_dir}", remedy)


def _email(settings: Settings) -> Finding:
    if not _mails(settings):
        return _sandbox("email", "mail goes", settings, "Set SENDGRID_API_KEY or SMTP_HOST to send.")
    smtp, key = settings.smtp, settings.sendgrid.api_key
    ways = [name for name, given in (("SendGrid", key), ("SMTP", smtp.host)) if given is not None]
    if key is not None and not _SENDGRID_KEY.fullmatch(key.get_secret_value()):
        return Finding(
            "email",
            Status.WARN,
            "SENDGRID_API_KEY is not shaped as SendGrid's keys are: SG., 22 characters, a dot, 43 characters",
            "Copy the whole key; SendGrid shows it once, when it is made.",
        )
    if smtp.host not in (None, *_LOOPBACK) and smtp.password is not None and smtp.tls is SmtpTls.NONE:
        return Finding(
            "email",
            Status.WARN,
            "SMTP_TLS=none sends the mail server's password in the clear",
            "Set SMTP_TLS to starttls or implicit.",
        )
    return Finding("email", Status.OK, f"mail goes through {', then '.join(ways)}")


def _sender(settings: Settings) -> Finding:
    if settings.email.sender:
        return Finding("sender", Status.OK, "EMAIL_FROM is set")
    if _mails(settings):
        return Finding(
            "sender",
            Status.FAIL,
            "EMAIL_FROM is not set, and mail needs a sender",
            "Set EMAIL_FROM to an address that your provider lets you send from.",
        )
    return Finding("sender", Status.OK, "EMAIL_FROM is not set; the outbox needs none")


def _whatsapp(settings: Settings) -> Finding:
    twilio = settings.twilio
    if not _texts(settings):
        return _sandbox("whatsapp", "messages go", settings, "Set TWILIO_ACCOUNT_SID and its credentials to send.")
    if twilio.whatsapp_from is None and twilio.messaging_service_sid is None:
        return Finding(
            "whatsapp",
            Status.FAIL,
            "Twilio is configured, and there is no sender",
            "Set TWILIO_WHATSAPP_FROM or TWILIO_MESSAGING_SERVICE_SID.",
        )
    if twilio.auth_token is None:
        return Finding(
            "whatsapp",
            Status.WARN,
            "messages go through Twilio; its receipts cannot be checked without the account's token",
            "Set TWILIO_AUTH_TOKEN, beside the API key.",
        )
    return Finding("whatsapp", Status.OK, "messages go through Twilio")


def _content_sids(settings: Settings) -> Finding:
    name = "content ids"
    if not _texts(settings):
        return Finding(name, Status.OK, "not needed for the outbox")
    try:
        catalog = Catalog(settings.templates_dir)
        known = catalog.whatsapp_names()
        missing = [
            template
            for template in known
            if not (settings.whatsapp.content_sids.get(template) or catalog.whatsapp(template).content_sid)
        ]
    except NotifyError as error:
        return Finding(name, Status.FAIL, error.message, error.hint)
    if missing:
        return Finding(
            name,
            Status.FAIL if len(missing) == len(known) else Status.WARN,
            f"Twilio's id is missing for: {', '.join(missing)}",
            "Put the HX… id of the approved template into [whatsapp.content_sids], "
            "or into NOTIFYCTL_CONTENT_SID_ and the template's name in capitals.",
        )
    return Finding(name, Status.OK, f"all {len(known)} templates have one")


def _shop(settings: Settings) -> Finding:
    if (_mails(settings) or _texts(settings)) and settings.shop.name == ShopSettings().name:
        return Finding(
            "shop",
            Status.WARN,
            f"customers read the placeholder “{settings.shop.name}”",
            "Set NOTIFYCTL_SHOP_NAME.",
        )
    return Finding("shop", Status.OK, settings.shop.name)
