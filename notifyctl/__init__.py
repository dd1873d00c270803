"""notifyctl: email and WhatsApp notifications for shops, through a queue that loses and repeats nothing.

    from notifyctl import queue_email

    queue_email("order_confirmation", data, to="ada@example.com", order_id="10482", idempotency_key="shop:10482:placed")

The functions here use the settings of the environment; `Notifier` is the same as an object of your own. Both only
queue: `notifyctl worker` sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "BrokerUnavailable",
    "Channel",
    "IdempotencyConflict",
    "InvalidInput",
    "InvalidRecipient",
    "Notification",
    "Notifier",
    "NotifyError",
    "Options",
    "Queued",
    "Recipient",
    "RenderError",
    "Settings",
    "default_notifier",
    "queue_email",
    "queue_whatsapp",
]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.errors import (
        BrokerUnavailable,
        IdempotencyConflict,
        InvalidInput,
        InvalidRecipient,
        NotifyError,
        RenderError,
    )
    from notifyctl.notification import Channel, Notification, Recipient
    from notifyctl.notifier import Notifier, Options, Queued
    from notifyctl.settings import Settings

_HOMES = {
    "BrokerUnavailable": "notifyctl.errors",
    "Channel": "notifyctl.notification",
    "IdempotencyConflict": "notifyctl.errors",
    "InvalidInput": "notifyctl.errors",
    "InvalidRecipient": "notifyctl.errors",
    "Notification": "notifyctl.notification",
    "Notifier": "notifyctl.notifier",
    "NotifyError": "notifyctl.errors",
    "Options": "notifyctl.notifier",
    "Queued": "notifyctl.notifier",
    "Recipient": "notifyctl.notification",
    "RenderError": "notifyctl.errors",
    "Settings": "notifyctl.settings",
}
_notifier: Notifier | None = None


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing this package loads nothing heavy."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def default_notifier() -> Notifier:
    """Return this process's notifier, from the settings of the environment; made at the first call.

    Raises:
        ConfigError: A setting cannot be used.
    """
    global _notifier  # noqa: PLW0603 - one per process is the point
    if _notifier is None:
        from notifyctl.app import build

        _notifier = build().notifier
    return _notifier


def queue_email(template: str, data: Mapping[str, Any], *, to: str, **options: Any) -> Queued:
    """Queue a mail with this process's notifier; see `Notifier.queue_email`."""
    return default_notifier().queue_email(template, data, to=to, **options)


def queue_whatsapp(phone: str, template: str, params: Mapping[str, Any], **options: Any) -> Queued:
    """Queue a WhatsApp template message with this process's notifier; see `Notifier.queue_whatsapp`."""
    return default_notifier().queue_whatsapp(phone, template, params, **options)
