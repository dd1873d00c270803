"""WhatsApp: what a number is, how it is shown, and how a notification becomes a template message.

A number is refused if it is *impossible* (its length fits no plan), not if it is merely *unassigned*: tables
of assigned ranges age, and the provider knows better. Knows no provider and no queue.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from notifyctl.errors import InvalidRecipient
from notifyctl.notification import WhatsAppPayload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.notification import Notification
    from notifyctl.templates.catalog import Catalog

__all__ = ["parse_number", "render_whatsapp"]

_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})

#: Digits and what people put between them: no letters, no extension, no list.
_TYPED: Final = re.compile(r"\+?[0-9 ().\-/\u00a0\u2010-\u2015]+", re.ASCII)
#: A slash between two numbers, the second maybe cut short; one behind an area code has fewer digits before it.
_TWO: Final = re.compile(r"\+?(?:[0-9][^0-9/]*){7,}/(?:[^0-9/]*[0-9]){3,}.*")
#: What Mexico's mobile numbers had before them until 2019, and what many address books still hold.
_OLD_MEXICAN: Final = re.compile(r"(?<=^\+52)1(?=\d{10}$)")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def parse_number(text: str, region: str | None = None) -> str:
    """Return one phone number in E.164 form, such as ``+447700900123``.

    Args:
        text: The number as somebody typed it, with its ``+`` and country code, or a national one.
        region: ISO 3166 code of the country whose national numbers are meant, such as ``GB``; without it, a
            number must start with ``+``.

    Raises:
        InvalidRecipient: If this is not exactly one number that could exist. The message does not repeat it.
    """
    number = _plain(text)
    if not number:
        raise InvalidRecipient("the phone number is empty")
    if not _TYPED.fullmatch(number) or _TWO.fullmatch(number):
        raise InvalidRecipient(
            "expected one phone number in digits, such as +447700900123",
            hint="Leave out letters, extensions and prefixes such as whatsapp:.",
        )
    country = region.upper() if region else None
    if not number.startswith("+") and country not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidRecipient(
            "the phone number has no country code",
            hint="Write it as +<country code><number>, such as +447700900123, or name its country.",
        )
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        raise InvalidRecipient("this is not a phone number") from None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if _OLD_MEXICAN.search(e164):
        e164 = _OLD_MEXICAN.sub("", e164)
        parsed = phonenumbers.parse(e164)
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or not _E164.fullmatch(e164):
        raise InvalidRecipient("no phone number of that country has this many digits")
    return e164


def _plain(text: str) -> str:
    """Return a number in ASCII digits: without the marks that copying leaves in it, in the digits of any script."""
    digits = text.strip(" ")
    if not digits.isascii():
        visible = (c for c in unicodedata.normalize("NFKC", digits) if unicodedata.category(c) != "Cf")
        digits = "".join(str(unicodedata.decimal(c, c)) for c in visible)
    return digits.removeprefix("tel:").strip(" ")


def render_whatsapp(
    notification: Notification,
    *,
    job_id: str,
    catalog: Catalog,
    content_sids: Mapping[str, str] = _EMPTY,
    shop: Mapping[str, Any] = _EMPTY,
) -> WhatsAppPayload:
    """Return a notification as a finished template message; the same arguments give the same message.

    Args:
        notification: What to send. Its data are the template's variables; ``shop`` and ``locale`` join them.
        job_id: The job's id.
        catalog: Where the template is.
        content_sids: Twilio's ``HX…`` ids by template name, or by name and language (``order_shipped_de``); they win
            over those in the template's file.
        shop: What templates say about the shop; those that come with notifyctl need nothing of it.

    Raises:
        InvalidRecipient: If the number cannot be sent to.
        RenderError: If the template is unknown, or a variable is missing or breaks WhatsApp's rules.
    """
    to = parse_number(notification.to.address)
    template = catalog.whatsapp(notification.template)
    variables = {**notification.data, "shop": shop, "locale": notification.locale}
    rendered = template.render(variables, locale=notification.locale, content_sids=content_sids)
    return WhatsAppPayload(
        notification_id=job_id,
        to=to,
        content_sid=rendered.content_sid,
        variables=rendered.variables,
        text=rendered.text,
        category=notification.template,
    )
