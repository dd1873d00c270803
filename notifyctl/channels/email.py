"""Mail: what an address is, how it is shown, and how a notification becomes a mail.

Addresses are checked by their form alone (RFC 5321, 5322, 5891). Nothing here asks the DNS: a resolver that
is down would make good addresses look bad for good. Knows no provider and no queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from email_validator import EmailNotValidError, validate_email

from notifyctl.errors import InvalidRecipient
from notifyctl.notification import EmailPayload
from notifyctl.templates.renderer import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.notification import Notification
    from notifyctl.templates.catalog import Catalog

__all__ = ["parse_address", "render_email"]


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
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        # Its text quotes pieces of the address, so neither it nor the chain goes on.
        raise InvalidRecipient("expected a mail address that can be sent to, such as ada@example.com") from None
    if checked.ascii_email is None:  # only where the part before the @ is not ASCII, which was refused above
        raise InvalidRecipient("the mail address has no ASCII form")
    return checked.ascii_email


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
