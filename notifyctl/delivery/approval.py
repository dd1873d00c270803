"""Which WhatsApp templates can go: those of which Twilio's id is known, as WhatsApp takes only approved texts.

Asked before a message is queued and when a worker starts, as its send would be refused. Knows no queue and no provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.templates.catalog import Catalog

__all__ = ["require_approved", "unapproved"]


def unapproved(catalog: Catalog, content_sids: Mapping[str, str]) -> list[str]:
    """Return the names of the templates that have no id, sorted, a template whose file is wrong among them.

    Args:
        catalog: Where the templates are; their files may name the id.
        content_sids: Ids by template name, from the settings.
    """
    return [name for name in catalog.whatsapp_names() if not _is_approved(name, catalog, content_sids)]


def require_approved(template: str, catalog: Catalog, content_sids: Mapping[str, str]) -> None:
    """Refuse a template that has no id.

    Raises:
        RenderError: It has none, or does not exist.
    """
    if not _has_id(template, catalog, content_sids):
        raise RenderError(
            f"no approved WhatsApp template is configured for {template!r}",
            hint=f"Set NOTIFYCTL_CONTENT_SID_{template.upper()} to the HX… id that Twilio shows for it.",
        )


def _is_approved(name: str, catalog: Catalog, content_sids: Mapping[str, str]) -> bool:
    try:
        return _has_id(name, catalog, content_sids)
    except RenderError:
        return False


def _has_id(name: str, catalog: Catalog, content_sids: Mapping[str, str]) -> bool:
    """Whether it has one in some language: customers who speak another get that."""
    template = catalog.whatsapp(name)
    return any(template.sid(language, content_sids) for language in template.texts)
