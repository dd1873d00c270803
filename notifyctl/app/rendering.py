"""From a notification to what a provider is handed, with the shop's own names and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.delivery.deliver import Render
    from notifyctl.notification import EmailPayload, Notification, WhatsAppPayload
    from notifyctl.settings import Settings
    from notifyctl.templates.catalog import Catalog

__all__ = ["Rendering"]

#: Who a sandbox mail is from where EMAIL_FROM is not set.
_SANDBOX_SENDER = "shop@example.com"


class Rendering:
    """Fills in templates as the settings have it.

    Args:
        settings: Senders, approved texts, the region of numbers.
        catalog: All templates.
        shop: What templates may say about the shop.
    """

    def __init__(self, settings: Settings, catalog: Catalog, shop: dict[str, Any]) -> None:
        self.settings = settings
        self.catalog = catalog
        self.shop = shop

    def of(self, channel: Channel) -> Render[Any]:
        """What fills in a channel's templates: told a notification, its job's id and when that was queued."""
        return self._render_email if channel is Channel.EMAIL else self._render_whatsapp

    def payload(self, notification: Notification) -> EmailPayload | WhatsAppPayload:
        """Return what a provider is handed for a notification that is in no queue.

        Raises:
            InvalidInput: It cannot be rendered.
        """
        from notifyctl.clock import now_ms
        from notifyctl.engine.ids import new_id

        payload: EmailPayload | WhatsAppPayload = self.of(notification.channel)(
            self.checked(notification), new_id(), now_ms()
        )
        return payload

    def checked(self, notification: Notification) -> Notification:
        """Return a notification as `Notifier` would queue it, without a word to Redis.

        Raises:
            InvalidInput: It would refuse it.
        """
        from notifyctl.channels.validation import validate_notification
        from notifyctl.delivery.approval import require_approved

        region = self.settings.default_region
        checked = validate_notification(notification, self.catalog, shop=self.shop, region=region)
        if checked.channel is Channel.WHATSAPP and not self._sandboxed:
            require_approved(checked.template, self.catalog, self.settings.whatsapp.content_sids)
        return checked

    def unapproved(self) -> list[str]:
        """The WhatsApp templates that Twilio cannot send, as their ids are not known; the outbox needs none."""
        from notifyctl.delivery import approval

        if self._sandboxed:
            return []
        return approval.unapproved(self.catalog, self.settings.whatsapp.content_sids)

    @property
    def _sandboxed(self) -> bool:
        """Whether nobody asks Twilio for its approval."""
        from notifyctl.providers.configured import is_sandboxed

        return is_sandboxed(self.settings, Channel.WHATSAPP)

    def _render_email(self, notification: Notification, job_id: str, created_at_ms: int, /) -> EmailPayload:
        from notifyctl.channels.email import render_email

        email = self.settings.email
        return render_email(
            notification,
            job_id=job_id,
            created_at_ms=created_at_ms,
            sender=email.sender or _SANDBOX_SENDER,
            sender_name=email.sender_name or self.settings.shop.name,
            reply_to=email.reply_to,
            shop=self.shop,
            catalog=self.catalog,
        )

    def _render_whatsapp(self, notification: Notification, job_id: str, created_at_ms: int, /) -> WhatsAppPayload:
        from notifyctl.channels.whatsapp import render_whatsapp

        del created_at_ms
        return render_whatsapp(
            notification,
            job_id=job_id,
            catalog=self.catalog,
            content_sids=self.settings.whatsapp.content_sids,
            shop=self.shop,
        )
