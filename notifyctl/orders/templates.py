"""Whether every message that an event is to send has its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.errors import ConfigError, RenderError
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.settings.messages import MessagesSettings
    from notifyctl.templates.catalog import Catalog

__all__ = ["require_templates"]


def require_templates(messages: MessagesSettings, catalog: Catalog) -> None:
    """Make sure of it.

    Raises:
        ConfigError: One has none.
    """
    for event in type(messages).model_fields:
        for channel in Channel:
            rule = messages.rule(event, channel)
            find = catalog.email if channel is Channel.EMAIL else catalog.whatsapp
            try:
                if rule.template:
                    find(rule.template)
            except RenderError as error:
                raise ConfigError(f"messages.{event}.{channel}: {error.message}", hint=error.hint) from error
