"""Where things are and where messages go, in words without a password."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.notification import Channel

__all__ = ["server_name", "told_route"]


def server_name(url: str) -> str:
    """Name a server without its password or options."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def told_route(app: App, channel: Channel) -> str:
    """Say where the messages of a channel go."""
    from notifyctl.notification import Channel

    settings = app.settings
    if app.sandboxed(channel):
        why = "NOTIFYCTL_PROVIDER=outbox" if settings.provider == "outbox" else "no credentials"
        return f"outbox at {app.outbox_folder(channel)} ({why})"
    if channel is Channel.WHATSAPP:
        return "Twilio"
    ways = ["SendGrid"] if settings.sendgrid.api_key else []
    if settings.smtp.host:
        ways.append(f"SMTP at {settings.smtp.host}:{settings.smtp.port}")
    return ", then ".join(ways)
