"""Everything that can be configured, as one frozen typed tree.

    settings = Settings.load(redis={"url": "redis://queue.internal"}, processes=2)

A setting given in several places is taken from the first of: an argument of `load`, the environment, `.env`
in the current folder, `notifyctl.toml` there (or the file that NOTIFYCTL_CONFIG names), the default.
`.env.example` documents every one. This package knows no Redis client, no provider and no command line.
"""

from __future__ import annotations

from notifyctl.settings.fields import Mailbox, SmtpTls
from notifyctl.settings.sections import (
    EmailSettings,
    QueueSettings,
    RedisSettings,
    RetentionSettings,
    SendGridSettings,
    ShopSettings,
    SmtpSettings,
    TwilioSettings,
    WhatsAppSettings,
)
from notifyctl.settings.sources import Setting
from notifyctl.settings.tree import Settings
from notifyctl.units import Rate, format_duration, parse_duration

__all__ = [
    "EmailSettings",
    "Mailbox",
    "QueueSettings",
    "Rate",
    "RedisSettings",
    "RetentionSettings",
    "SendGridSettings",
    "Setting",
    "Settings",
    "ShopSettings",
    "SmtpSettings",
    "SmtpTls",
    "TwilioSettings",
    "WhatsAppSettings",
    "format_duration",
    "parse_duration",
]
