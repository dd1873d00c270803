"""The messages: whether each event's template is there and can be read, and what customers would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.delivery.approval import unapproved
from notifyctl.doctor.channels import mails, texts
from notifyctl.doctor.finding import Finding, Status
from notifyctl.errors import NotifyError
from notifyctl.notification import Channel
from notifyctl.settings import ShopSettings
from notifyctl.templates.catalog import Catalog
from notifyctl.templates.language import SOURCE_LANGUAGE
from notifyctl.templates.proofs import proofs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.settings import Settings

__all__ = ["check_content_sids", "check_shop", "check_templates"]


def check_templates(settings: Settings) -> Finding:
    """Return whether each event has its template, and each template comes out well with made-up data."""
    name = "templates"
    try:
        catalog = Catalog(settings.templates_dir)
        known = {Channel.EMAIL: catalog.email_names(), Channel.WHATSAPP: catalog.whatsapp_names()}
        shop = settings.shop.model_dump()
        faults = [
            fault
            for channel, names in known.items()
            for template in names
            for fault in proofs(catalog, channel, template, shop=shop)
        ]
    except NotifyError as error:
        return Finding(name, Status.FAIL, error.message, error.hint or "Mend the file, or take it away.")
    missing = _missing(settings, known)
    if missing is not None:
        return missing
    if faults:
        # what is wrong in a translation alone is wrong for some customers
        serious = [fault for fault in faults if fault.language in ("", SOURCE_LANGUAGE)]
        first, more = (serious or faults)[0], f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
        detail = f"{first.template} ({first.channel}): {first.detail}{more}"
        remedy = f"{first.remedy} ".lstrip() + "See 'notifyctl template check'."
        return Finding(name, Status.FAIL if serious else Status.WARN, detail, remedy)
    counts = " and ".join(f"{len(names)} for {channel}" for channel, names in known.items())
    return Finding(name, Status.OK, f"{counts}; each event has the ones that it needs")


def _missing(settings: Settings, known: Mapping[Channel, Sequence[str]]) -> Finding | None:
    """Return the first event whose template is not there."""
    for event in type(settings.messages).model_fields:
        for channel, names in known.items():
            template = settings.messages.rule(event, channel).template
            if template and template not in names:
                detail = f"the event '{event}' needs the {channel} template {template!r}, and there is none"
                variable = f"NOTIFYCTL_MESSAGE_{event.upper()}_{channel.upper()}"
                remedy = f"Write it, or set {variable} to one that there is: {', '.join(names)}."
                return Finding("templates", Status.FAIL, detail, remedy)
    return None


def check_content_sids(settings: Settings) -> Finding:
    """Return whether Twilio's id of each template is known."""
    name = "content ids"
    if not texts(settings):
        return Finding(name, Status.OK, "not needed for the outbox")
    try:
        catalog = Catalog(settings.templates_dir)
        known = catalog.whatsapp_names()
        missing = unapproved(catalog, settings.whatsapp.content_sids)
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


def check_shop(settings: Settings) -> Finding:
    """Return whether customers read the shop's own name."""
    if (mails(settings) or texts(settings)) and settings.shop.name == ShopSettings().name:
        return Finding(
            "shop",
            Status.WARN,
            f"customers read the placeholder “{settings.shop.name}”",
            "Set NOTIFYCTL_SHOP_NAME.",
        )
    return Finding("shop", Status.OK, settings.shop.name)
