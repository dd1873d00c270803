"""Mail: what an address is, how it is shown, and how a notification becomes a mail.

Addresses are checked by their form alone (RFC 5321, 5322, 5891). Nothing here asks the DNS: a resolver that
is down would make good addresses look bad for good. Knows no provider and no queue.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from email_validator import EmailNotValidError, validate_email

from notifyctl.errors import InvalidRecipient
from notifyctl.notification import EmailPayload
from notifyctl.templates.renderer import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.notification import Notification
    from notifyctl.templates.catalog import Catalog

__all__ = ["parse_address", "render_email"]

#: What most addresses have before their ``@`` (RFC 5322, dot-atom), and the lengths that RFC 5321 allows.
_DOT_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MAX_LOCAL: Final = 64
_MAX_ADDRESS: Final = 254


def parse_address(text: str) -> str:
    """Return one mail address in the form that every mail server takes.

    The domain comes in lower case, and in ASCII if it is an international one (``xn--…``); the part before
    the ``@`` is left as it is, capitals, dots and ``+tag`` included.

    Args:
        text: The address; blanks around it are dropped.

    Raises:
        InvalidRecipient: If this is not exactly one usable address. The message does not repeat it.
    """
    address = text.strip(" ")
    if not address:
        raise InvalidRecipient("the mail address is empty")
    if CONTROL.search(address):
        raise InvalidRecipient("the mail address holds a line break or a control character")
    if address.count("@") > 1 or any(mark in address for mark in ",;<>"):
        raise InvalidRecipient(
            "expected one mail address alone, such as ada@example.com",
            hint="Pass the name as the recipient's name, and one notification per recipient.",
        )
    if not address.partition("@")[0].isascii():
        raise InvalidRecipient("the part before the @ must be ASCII: most mail servers take nothing else")
    local, _, domain = address.partition("@")
    if len(local) <= _MAX_LOCAL and _DOT_ATOM.fullmatch(local) and (plain := _checked_domain(domain)):
        usual = f"{local}@{plain}"
        if len(usual) <= _MAX_ADDRESS:
            return usual
    checked = _checked(address)
    if not checked:
        raise InvalidRecipient("expected a mail address that can be sent to, such as ada@example.com")
    return checked


def _checked(address: str) -> str:
    """Return an address in ASCII; empty if it is none. An error's text would quote pieces of it."""
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        return ""
    return checked.ascii_email or ""


@lru_cache(4_096)
def _checked_domain(domain: str) -> str:
    """Return a domain in ASCII, empty if it is none; most customers have theirs in common with others."""
    return _checked(f"a@{domain}").removeprefix("a@")


def render_email(
    notification: Notification,
    *,
    job_id: str,
    created_at_ms: int,
    sender: str,
    sender_name: str,
    reply_to: str,
    shop: Mapping[str, Any],
    catalog: Catalog,
    finish: bool = True,
) -> EmailPayload:
    """Return a notification as a finished mail; the same arguments give the same mail.

    Args:
        notification: What to send. Its data are the template's variables; ``shop`` and ``locale`` join them.
        job_id: Makes the Message-ID, so that a second attempt is recognised as the same mail.
        created_at_ms: Epoch milliseconds; becomes the mail's date.
        sender: The address in ``From``.
        sender_name: The name in ``From``; may be empty.
        reply_to: May be empty.
        shop: What templates say about the shop. Those that come with notifyctl need ``name`` and use
            ``url``, ``support_email``, ``address``, ``footer``, ``logo_url`` and ``color`` (``#1f4d3f``) where given.
        catalog: Where the template is.
        finish: Whether the mail is to be sent, and not only tried.

    Raises:
        InvalidRecipient: If the address cannot be sent to.
        RenderError: If the template is unknown, or a variable is missing or unusable.
        InvalidInput: If the subject would hold a line break.
    """
    to = parse_address(notification.to.address)
    variables = {**notification.data, "shop": shop, "locale": notification.locale}
    rendered = catalog.email(notification.template).render(variables, locale=notification.locale, finish=finish)
    return EmailPayload(
        notification_id=job_id,
        to=to,
        to_name=notification.to.name,
        sender=sender,
        sender_name=sender_name,
        reply_to=reply_to,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{job_id}@{sender.rpartition('@')[2]}>",
        created_at_ms=created_at_ms,
        category=notification.template,
    )
