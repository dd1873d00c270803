"""From what a caller asked for to the job that it becomes, as far as that needs no server.

Nothing is hashed here: keys and addresses stand in a draft as they are, and a draft is never logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from dramatiq import get_encoder

from notifyctl.channels.validation import Prover, normalized
from notifyctl.clock import to_ms
from notifyctl.delivery.approval import require_approved
from notifyctl.engine.ids import new_id
from notifyctl.engine.jobs import NewJob
from notifyctl.errors import InvalidInput
from notifyctl.notification import Channel, Notification
from notifyctl.notifier.options import lane, milliseconds, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from notifyctl.clock import Clock
    from notifyctl.notifier.options import Options
    from notifyctl.templates.catalog import Catalog

__all__ = ["ACTORS", "Draft", "Drafter"]

#: The actor that sends each channel's messages; the worker declares them under these names.
ACTORS = {Channel.EMAIL: "send_email", Channel.WHATSAPP: "send_whatsapp"}
#: Nothing is queued for later than this from now: what is, is a mistake, and no calendar may have its day.
_FURTHEST_MS: Final = 100 * 366 * 86_400_000


@dataclass
class Draft:
    """A notification on its way to a job.

    Attributes:
        notification: With its address in normal form.
        payload: The same as bytes.
        key: Its idempotency key, and the keys that make it wrong (`unless`), as the caller gave them.
        make: Makes the job; asked once.
    """

    notification: Notification
    payload: bytes
    key: str
    unless: tuple[str, ...]
    make: Callable[[], NewJob]

    @cached_property
    def job(self) -> NewJob:
        """The job, without anything hashed; made when it is first asked for, and the same from then on.

        Raises:
            InvalidInput: The template, a variable or an option cannot be used.
        """
        return self.make()


class Drafter:
    """Checks what a caller asks for, and makes jobs of it.

    Args:
        catalog: The templates that notifications are checked against.
        shop: What templates may say about the shop.
        default_region: Country of phone numbers written without one, such as ``DE``.
        content_sids: Twilio's ids of approved WhatsApp templates; None where nobody here knows how messages are sent.
        clock: Tells the time where a moment has to be computed here.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        shop: Mapping[str, Any],
        default_region: str | None,
        content_sids: Mapping[str, str] | None,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._prover = Prover(catalog, shop=shop)
        self._default_region = default_region
        self._content_sids = content_sids
        self._clock = clock

    def draft(self, notification: Notification, options: Options, *, ours: bool = False) -> Draft:
        """Return what a job is to be made of.

        Args:
            notification: What is asked for.
            options: How.
            ours: Both were made by the rules for orders: the address is in normal form, and everything of its type.

        Raises:
            InvalidInput: The address or an option cannot be used.
        """
        if not ours:
            options.check()
        checked = notification if ours else normalized(typed(notification), region=self._default_region)
        payload = checked.encode()
        return Draft(
            checked,
            payload,
            options.idempotency_key or "",
            tuple(options.unless),
            lambda: self._job(checked, payload, options),
        )

    def check(self, notification: Notification) -> Notification:
        """Return a notification as it would be queued: its address in normal form, everything of the right type.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used.
        """
        checked = normalized(typed(notification), region=self._default_region)
        checked.encode()
        self._prove(checked)
        return checked

    def _job(self, checked: Notification, payload: bytes, options: Options) -> NewJob:
        """Return the job that a notification becomes, its message rendered for a proof."""
        self._prove(checked)
        job_id = new_id()
        now = self._clock()
        # as `Message.encode` would, which looks up its own fields each time
        message = get_encoder().encode(
            {
                "queue_name": checked.channel.value,
                "actor_name": ACTORS[checked.channel],
                "args": (job_id,),
                "kwargs": {},
                "options": {"unknown_outcome": options.unknown_outcome} if options.unknown_outcome else {},
                "message_id": job_id,
                "message_timestamp": now,
            }
        )
        due_at_ms = max(0, to_ms(options.at)) if options.at is not None else 0
        start_ms = max(due_at_ms, now + milliseconds(options.delay))
        expires = options.expires if options.expires is not None else self._template_expiry(checked)
        if max(start_ms, start_ms + milliseconds(expires)) > now + _FURTHEST_MS:
            raise InvalidInput("this lies more than a hundred years ahead", hint="Is a unit or the year mistyped?")
        return NewJob(
            job_id=job_id,
            message=message,
            payload=payload,
            lane=lane(options.priority),
            due_at_ms=due_at_ms,
            delay_ms=milliseconds(options.delay),
            expires_at_ms=start_ms + milliseconds(expires) if expires else 0,
            fields={"template": checked.template, "order": checked.order_id},
        )

    def _prove(self, checked: Notification) -> None:
        try:
            self._prover.prove(checked)
        except RecursionError:
            raise InvalidInput(f"the data of template {checked.template!r} is nested too deeply") from None
        if checked.channel is Channel.WHATSAPP and self._content_sids is not None:
            require_approved(checked.template, self._catalog, self._content_sids)

    def _template_expiry(self, notification: Notification) -> timedelta | None:
        if notification.channel is Channel.EMAIL:
            return self._catalog.email(notification.template).expires_after
        return self._catalog.whatsapp(notification.template).expires_after
