"""Templates as records: what there is, what each needs, and how a message of it would look."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from notifyctl.errors import InvalidInput, JobNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from notifyctl.app import App
    from notifyctl.notification import Channel
    from notifyctl.templates.catalog import Catalog, Part

__all__ = [
    "channel_of",
    "faults",
    "files_of",
    "known_template",
    "preview_record",
    "template_names",
    "template_record",
    "whole_template_record",
]


def template_names(catalog: Catalog) -> list[str]:
    """The names of all templates, in order."""
    return sorted({*catalog.email_names(), *catalog.whatsapp_names()})


def known_template(catalog: Catalog, name: str) -> str:
    """Return a template's name.

    Raises:
        JobNotFound: There is none of this name.
    """
    known = template_names(catalog)
    if name not in known:
        raise JobNotFound(f"no template is named {name!r}", hint=f"Known names: {', '.join(known)}.")
    return name


def channel_of(catalog: Catalog, name: str, wanted: str | None) -> Channel:
    """The channel that is meant: the wanted one, or the first that the template has.

    Raises:
        JobNotFound: It has no text for that channel.
    """
    channels = _channels(catalog, name)
    if wanted is None:
        return channels[0]
    found = next((channel for channel in channels if channel.value == wanted), None)
    if found is None:
        raise JobNotFound(f"no {wanted} template is named {name!r}")
    return found


def template_record(catalog: Catalog, name: str) -> dict[str, Any]:
    """A template as a record."""
    from notifyctl.notification import Channel

    channels = _channels(catalog, name)
    languages: dict[str, None] = {}
    expires: timedelta | None = None
    for channel in channels:
        if channel is Channel.EMAIL:
            mail = catalog.email(name)
            languages |= dict.fromkeys([mail.language] if mail.language else catalog.languages.tags())
            expires = mail.expires_after
        else:
            chat = catalog.whatsapp(name)
            languages |= dict.fromkeys(chat.texts)
            expires = expires or chat.expires_after
    return {
        "name": name,
        "channels": [channel.value for channel in channels],
        "languages": [*languages],
        "expires_after_ms": round(expires.total_seconds() * 1000) if expires else 0,
    }


def whole_template_record(catalog: Catalog, name: str) -> dict[str, Any]:
    """A template as a record, with what it needs and which files it is made of."""
    from notifyctl.templates.samples import REQUIRED, samples

    tried = samples(catalog, name)
    required = [*REQUIRED.get(name, ())]
    return {
        **template_record(catalog, name),
        "required": required,
        "optional": sorted({*tried["full"]} - {*required}),
        "samples": [*tried],
        "files": [
            {"path": part.path, "from": "own folder" if part.own else "notifyctl"} for part in files_of(catalog, name)
        ],
    }


def preview_record(
    app: App, name: str, channel: Channel, *, sample: str, locale: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """A message of made-up data as a record; WhatsApp has neither subject nor HTML.

    Args:
        app: Where templates and the shop's name are.
        name: The template.
        channel: One of its channels.
        sample: Which data; some templates have several.
        locale: The customer's language and country.
        data: What goes before the sample's.

    Raises:
        InvalidInput: There is no such sample, or no message could hold this data.
        RenderError: The template cannot be filled in with this.
    """
    from notifyctl.notification import Notification, Recipient
    from notifyctl.templates.samples import samples

    found = samples(app.catalog, name)
    if sample not in found:
        raise InvalidInput(f"no sample of this template is named {sample!r}", hint=f"There are: {', '.join(found)}.")
    variables = {**found[sample], **data, "shop": app.shop, "locale": locale}
    record = {"template": name, "channel": channel.value, "sample": sample, "locale": locale}
    try:
        Notification(channel, Recipient(""), name, data, locale=locale).encode()
        return record | _rendered(app, channel, name, variables, locale)
    except RecursionError:
        raise InvalidInput("the data is nested too deeply") from None


def faults(app: App, name: str | None = None) -> list[dict[str, Any]]:
    """What is wrong with a template, or with any, in any language, as records."""
    from notifyctl.notification import Channel
    from notifyctl.templates.proofs import proofs, strays

    catalog = app.catalog
    sids = None if app.sandboxed(Channel.WHATSAPP) else app.settings.whatsapp.content_sids
    found = [
        fault
        for one in ([known_template(catalog, name)] if name else template_names(catalog))
        for channel in _channels(catalog, one)
        for fault in proofs(catalog, channel, one, shop=app.shop, content_sids=sids)
    ]
    if name is None and not found:
        found += strays(catalog)
    return [asdict(fault) | {"channel": fault.channel.value if fault.channel else ""} for fault in found]


def files_of(catalog: Catalog, name: str) -> list[Part]:
    """The files that a template is made of."""
    return [part for channel in _channels(catalog, name) for part in catalog.parts(channel, name)]


def _channels(catalog: Catalog, name: str) -> list[Channel]:
    from notifyctl.notification import Channel

    names = {Channel.EMAIL: catalog.email_names(), Channel.WHATSAPP: catalog.whatsapp_names()}
    return [channel for channel in Channel if name in names[channel]]


def _rendered(app: App, channel: Channel, name: str, variables: dict[str, Any], locale: str) -> dict[str, Any]:
    """Return the parts of a message by name; WhatsApp has neither subject nor HTML."""
    from notifyctl.notification import Channel

    if channel is Channel.EMAIL:
        mail = app.catalog.email(name).render(variables, locale=locale)
        size = len(mail.html.encode() or mail.text.encode())
        return {
            "language": mail.language,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "bytes": size,
        }
    chat = app.catalog.whatsapp(name).render(variables, locale=locale, content_sids=app.settings.whatsapp.content_sids)
    return {
        "language": chat.language,
        "subject": "",
        "text": chat.text,
        "html": "",
        "bytes": len(chat.text.encode()),
        "variables": dict(chat.variables),
        "content_sid": chat.content_sid,
    }
