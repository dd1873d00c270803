"""The channels: whether messages really leave, through whom, and from whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from notifyctl.doctor.finding import Finding, Status
from notifyctl.settings import SmtpTls

if TYPE_CHECKING:
    from notifyctl.settings import Settings

__all__ = ["check_email", "check_sender", "check_whatsapp", "mails", "texts"]

_SENDGRID_KEY: Final = re.compile(r"SG\.[\w-]{16,}\.[\w-]{16,}")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def mails(settings: Settings) -> bool:
    """Whether mail really leaves."""
    configured = settings.sendgrid.api_key is not None or settings.smtp.host is not None
    return configured and settings.provider != "outbox"


def texts(settings: Settings) -> bool:
    """Whether WhatsApp messages really leave."""
    return settings.twilio.account_sid is not None and settings.provider != "outbox"


def _sandbox(name: str, what: str, settings: Settings, remedy: str) -> Finding:
    """Return the finding about a channel that sends nothing."""
    if settings.provider == "outbox":
        remedy = "Remove NOTIFYCTL_PROVIDER=outbox to send."
    return Finding(name, Status.WARN, f"{what} to the outbox at {settings.outbox_dir}", remedy)


def check_email(settings: Settings) -> Finding:
    """Return whether mail leaves, and how."""
    if not mails(settings):
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


def check_sender(settings: Settings) -> Finding:
    """Return whether mail has a sender."""
    if settings.email.sender:
        return Finding("sender", Status.OK, "EMAIL_FROM is set")
    if mails(settings):
        return Finding(
            "sender",
            Status.FAIL,
            "EMAIL_FROM is not set, and mail needs a sender",
            "Set EMAIL_FROM to an address that your provider lets you send from.",
        )
    return Finding("sender", Status.OK, "EMAIL_FROM is not set; the outbox needs none")


def check_whatsapp(settings: Settings) -> Finding:
    """Return whether WhatsApp messages leave, and from whom."""
    twilio = settings.twilio
    if not texts(settings):
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
