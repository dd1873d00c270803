"""The providers of each channel, as the settings name them, in the order in which they are asked.

A vendor's package is loaded only where its provider is built. Knows no queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.errors import ConfigError
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from notifyctl.notification import EmailPayload, WhatsAppPayload
    from notifyctl.providers.base import Provider
    from notifyctl.providers.outbox import Outbox
    from notifyctl.settings import Settings

__all__ = [
    "email_providers",
    "is_sandboxed",
    "outbox",
    "outbox_folder",
    "provider_names",
    "whatsapp_providers",
]


def is_sandboxed(settings: Settings, channel: Channel) -> bool:
    """Whether a channel's messages go to the outbox, for want of credentials or by choice."""
    if settings.provider == "outbox":
        return True
    if channel is Channel.EMAIL:
        return settings.sendgrid.api_key is None and settings.smtp.host is None
    return settings.twilio.account_sid is None


def provider_names(settings: Settings, channel: Channel) -> list[str]:
    """The names of a channel's providers; builds none and loads no vendor's package."""
    if is_sandboxed(settings, channel):
        return ["outbox"]
    if channel is Channel.WHATSAPP:
        return ["twilio"]
    given = {"sendgrid": settings.sendgrid.api_key, "smtp": settings.smtp.host}
    return [name for name, value in given.items() if value is not None]


def outbox(settings: Settings, channel: Channel) -> Outbox:
    """The sandbox of a channel."""
    from notifyctl.providers.outbox import Outbox
    from notifyctl.providers.rehearsal import Rehearsal

    folder = outbox_folder(settings, channel)
    return Outbox(folder, channel, Rehearsal(folder))


def outbox_folder(settings: Settings, channel: Channel) -> Path:
    """Where the sandbox of a channel puts its files."""
    return settings.outbox_dir / channel


def email_providers(settings: Settings) -> list[Provider[EmailPayload]]:
    """SendGrid with SMTP behind it, either of them alone, or the outbox.

    Raises:
        ConfigError: A real provider is configured, and nobody the mail could be from.
    """
    if is_sandboxed(settings, Channel.EMAIL):
        return [outbox(settings, Channel.EMAIL)]
    if not settings.email.sender:
        raise ConfigError(
            "mail needs a sender", hint="Set EMAIL_FROM to an address that your provider lets you send from."
        )
    from notifyctl.providers.sendgrid import SendGrid
    from notifyctl.providers.smtp import Smtp

    timeout_s = settings.send_timeout.total_seconds()
    sendgrid, smtp = settings.sendgrid, settings.smtp
    providers: list[Provider[EmailPayload]] = []
    if sendgrid.api_key is not None:
        providers.append(SendGrid(_plain(sendgrid.api_key), host=sendgrid.host, timeout_s=timeout_s))
    if smtp.host is not None:
        providers.append(
            Smtp(
                smtp.host,
                smtp.port,
                username=smtp.username or "",
                password=_plain(smtp.password),
                tls=smtp.tls.value,
                timeout_s=timeout_s,
                answer_timeout_s=smtp.answer_timeout.total_seconds(),
            )
        )
    return providers


def whatsapp_providers(settings: Settings) -> list[Provider[WhatsAppPayload]]:
    """Twilio, or the outbox.

    Raises:
        ConfigError: Twilio is configured, and no sender.
    """
    if is_sandboxed(settings, Channel.WHATSAPP):
        return [outbox(settings, Channel.WHATSAPP)]
    from notifyctl.providers.twilio import Twilio

    twilio = settings.twilio
    key = twilio.api_key_sid, twilio.api_key_secret
    username, password = key if twilio.api_key_sid else (twilio.account_sid, twilio.auth_token)
    options: dict[str, Any] = {"base_url": twilio.base_url} if twilio.base_url else {}
    return [
        Twilio(
            twilio.account_sid or "",
            username or "",
            _plain(password),
            whatsapp_from=twilio.whatsapp_from or "",
            messaging_service_sid=twilio.messaging_service_sid or "",
            timeout_s=settings.send_timeout.total_seconds(),
            **options,
        )
    ]


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
