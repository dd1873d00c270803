"""The check at the door: what cannot be sent is refused while somebody is there to mend it.

The notification is rendered once and the result thrown away; that finds every missing variable and every rule
broken now, and not an hour later in a worker.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from notifyctl.channels.email import parse_address, render_email
from notifyctl.channels.whatsapp import parse_number, render_whatsapp
from notifyctl.errors import InvalidRecipient
from notifyctl.notification import Channel, Recipient
from notifyctl.templates.renderer import CONTROL
from notifyctl.templates.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from notifyctl.notification import Notification
    from notifyctl.templates.catalog import Catalog

__all__ = ["Prover", "normalized", "prove", "validate_notification"]

#: So many shapes are remembered; an order event has some dozens.
_MAX_SHAPES: Final = 10_000

#: What the templates that come with notifyctl need of a shop.
_ANY_SHOP: Final[Mapping[str, Any]] = MappingProxyType({"name": "Shop"})


def validate_notification(
    notification: Notification, catalog: Catalog, *, shop: Mapping[str, Any] = _ANY_SHOP, region: str | None = None
) -> Notification:
    """Return the notification as it should be queued: in normal form, and proven to render.

    Raises:
        InvalidInput: As `normalized` and `prove` do.
    """
    checked = normalized(notification, region=region)
    prove(checked, catalog, shop=shop)
    return checked


def normalized(notification: Notification, *, region: str | None = None) -> Notification:
    """Return the notification with its address in normal form.

    Args:
        notification: What somebody asked for.
        region: Country of a phone number that is written without one, such as ``DE``.

    Raises:
        InvalidRecipient: If the address or name cannot be sent to.
    """
    name = notification.to.name.strip(" ")
    if CONTROL.search(name):
        raise InvalidRecipient("the recipient's name holds a line break or a control character")
    if notification.channel is Channel.EMAIL:
        return replace(notification, to=Recipient(parse_address(notification.to.address), name))
    return replace(notification, to=Recipient(parse_number(notification.to.address, region), name))


def prove(notification: Notification, catalog: Catalog, *, shop: Mapping[str, Any] = _ANY_SHOP) -> None:
    """Render a notification, and throw the result away.

    Args:
        notification: With its address in normal form.
        catalog: Where its template is.
        shop: As in `render_email`; needed where the shop's own templates use more than ``shop.name``.

    Raises:
        RenderError: If the template is unknown, or a variable is missing or unusable.
        InvalidInput: If the subject would hold a line break.
    """
    if notification.channel is Channel.WHATSAPP:
        render_whatsapp(notification, job_id="check", catalog=catalog, shop=shop)
        return
    render_email(
        notification,
        job_id="check",
        created_at_ms=0,
        sender="shop@example.com",
        sender_name="",
        reply_to="",
        shop=shop,
        catalog=catalog,
        finish=False,
    )


class Prover:
    """Proves one notification after the other. Safe to use from several threads.

    Data of one shape are filled in alike by the templates that come with notifyctl (`shape`): there, one of them is
    rendered for all. Where the shop has templates of its own, every notification is rendered.

    Args:
        catalog: Where templates are.
        shop: As in `prove`.
    """

    def __init__(self, catalog: Catalog, *, shop: Mapping[str, Any] = _ANY_SHOP) -> None:
        self._catalog = catalog
        self._shop = shop
        self._proven: set[Hashable] = set()

    def prove(self, notification: Notification) -> None:
        """Make sure that a notification can be sent; raises as `prove` does."""
        alike = None if self._catalog.has_own else shape(notification.data)
        case = (notification.channel, notification.template, notification.locale, alike)
        if alike is not None and case in self._proven:
            return
        prove(notification, self._catalog, shop=self._shop)
        if alike is not None and len(self._proven) < _MAX_SHAPES:
            self._proven.add(case)
