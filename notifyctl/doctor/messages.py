"""The messages: whether each event's template is there and can be read, and what customers would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.doctor.channels import mails, texts
from notifyctl.doctor.finding import Finding, Status
from notifyctl.errors import NotifyError
from notifyctl.settings import ShopSettings
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from notifyctl.settings import Settings

__all__ = ["check_content_sids", "check_shop", "check_templates"]


def check_templates(settings: Settings) -> Finding:
    """Return whether every template can be read, and each that an event needs is there."""
    name = "templates"
    try:
        catalog = Catalog(settings.templates_dir)
        known = {"email": catalog.email_names(), "whatsapp": catalog.whatsapp_names()}
        for template in known["email"]:
            catalog.email(template)
        for template in known["whatsapp"]:
            catalog.whatsapp(template)
    except NotifyError as error:
        return Finding(name, Status.FAIL, error.message, error.hint or "Mend the file, or take it away.")
    for event in type(settings.messages).model_fields:
        for channel, names in known.items():
            template = settings.messages.rule(event, channel).template
            if template and template not in names:
                detail = f"the event '{event}' needs the {channel} template {template!r}, and there is none"
                variable = f"NOTIFYCTL_MESSAGE_{event.upper()}_{channel.upper()}"
                remedy = f"Write it, or set {variable} to one that there is: {', '.join(names)}."
                return Finding(name, Status.FAIL, detail, remedy)
    counts = " and ".join(f"{len(names)} for {channel}" for channel, names in known.items())
    return Finding(name, Status.OK, f"{counts}; each event has the ones that it needs")


def check_content_sids(settings: Settings) -> Finding:
    """Return whether Twilio's id of each template is known."""
    name = "content ids"
    if not texts(settings):
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
