"""What a shop's code calls: validate early, then put the notification in its queue. Never sends anything.

One round trip to Redis for each call (two for the very first of a process). Enqueues by the actor's *name*, so that a
web server needs no worker code. Knows no provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dramatiq import Message

from notifyctl.channels.validation import validate_notification
from notifyctl.clock import now_ms, to_ms
from notifyctl.connection import translated
from notifyctl.delivery.approval import require_approved
from notifyctl.engine.ids import new_id
from notifyctl.engine.jobs import Enqueuing, NewJob
from notifyctl.engine.keys import order_index, recipient_index
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.states import Lane, State
from notifyctl.errors import IdempotencyConflict, InvalidInput
from notifyctl.notification import Channel, Notification, Recipient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.clock import Clock
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import Enqueued, Job
    from notifyctl.engine.producer import Producer
    from notifyctl.templates.catalog import Catalog

__all__ = ["ACTORS", "Notifier", "Options", "Queued"]

#: The actor that sends each channel's messages; the worker declares them under these names.
ACTORS = {Channel.EMAIL: "send_email", Channel.WHATSAPP: "send_whatsapp"}


@dataclass(frozen=True, slots=True)
class Queued:
    """The answer to a call.

    Attributes:
        id: The job's id, to look it up with.
        known: The idempotency key was seen before with this content: the id is the first job's, and nothing was added.
    """

    id: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How one notification is to be queued.

    Attributes:
        idempotency_key: Same key and content: queued once. Kept as long as the job, then 30 days.
        priority: ``high``, ``normal`` or ``low``.
        delay: Not before so long from now; `at`: not before this moment. Not both.
        expires: Not after so long from now; without it, the template's own default.
    """

    idempotency_key: str = ""
    priority: str = "normal"
    delay: timedelta | None = None
    at: datetime | None = None
    expires: timedelta | None = None

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            InvalidInput: A value is of the wrong type, or two contradict each other.
        """
        if not isinstance(self.idempotency_key, str | None):
            raise _wrong("the idempotency key", "a text", self.idempotency_key)
        for name, value in (("the delay", self.delay), ("the expiry", self.expires)):
            if not isinstance(value, timedelta | None):
                raise _wrong(name, "a timedelta", value)
        if not isinstance(self.at, datetime | None):
            raise _wrong("the moment", "a datetime", self.at)
        if self.at is not None and self.at.tzinfo is None:
            raise InvalidInput("the moment lacks its time zone", hint="Pass datetime(…, tzinfo=UTC), for example.")
        if self.delay is not None and self.at is not None:
            raise InvalidInput("give either a delay or a moment, not both")


class Notifier:
    """Puts notifications into their queues, and answers the questions a shop's code has about them.

    Args:
        producer: The enqueueing side of the engine.
        inspector: The operator's side of it.
        catalog: The templates that notifications are checked against.
        shop: What templates may say about the shop.
        secret: Keys the hashes that stand for idempotency keys; empty = one is made once and kept in Redis.
        default_region: Country of phone numbers written without one, such as ``DE``.
        content_sids: Twilio's ids of approved WhatsApp templates, by name; a template without one is refused. None
            where nobody here knows how messages will be sent: then all are taken.
        clock: Tells the time where a moment has to be computed here.
    """

    def __init__(
        self,
        producer: Producer,
        inspector: Inspector,
        catalog: Catalog,
        *,
        shop: Mapping[str, Any],
        secret: str = "",
        default_region: str | None = None,
        content_sids: Mapping[str, str] | None = None,
        clock: Clock = now_ms,
    ) -> None:
        self._producer = producer
        self._inspector = inspector
        self._catalog = catalog
        self._shop = shop
        self._pseudonyms = Pseudonyms(producer.client, producer.namespace, secret)
        self._default_region = default_region
        self._content_sids = content_sids
        self._clock = clock

    def queue_email(
        self,
        template: str,
        data: Mapping[str, Any],
        *,
        to: str,
        name: str = "",
        order_id: str = "",
        locale: str = "en",
        **options: Any,
    ) -> Queued:
        """Queue a mail.

        Args:
            template: Its name, such as ``order_confirmation``.
            data: The template's variables; JSON values.
            to: One mail address.
            name: What the customer is called.
            order_id: The order it is about.
            locale: BCP 47 tag.
            **options: As in `Options`: idempotency_key, priority, delay, at, expires.

        Returns:
            The job's id.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used.
            IdempotencyConflict: The key was used before, with other content.
            BrokerUnavailable: Redis cannot be reached.
        """
        notification = Notification(Channel.EMAIL, Recipient(to, name), template, data, order_id, locale)
        return self.queue(notification, Options(**options))

    def queue_whatsapp(
        self,
        phone: str,
        template: str,
        params: Mapping[str, Any],
        *,
        name: str = "",
        order_id: str = "",
        locale: str = "en",
        **options: Any,
    ) -> Queued:
        """Queue a WhatsApp template message.

        Args:
            phone: The number, in international form (``+44…``), or national where a default region is configured.
            template: The template's name.
            params: Its variables by name.
            name: What the customer is called.
            order_id: The order it is about.
            locale: BCP 47 tag.
            **options: As in `Options`: idempotency_key, priority, delay, at, expires.

        Returns:
            The job's id.

        Raises:
            InvalidInput: The number, the template or a variable cannot be used.
            IdempotencyConflict: The key was used before, with other content.
            BrokerUnavailable: Redis cannot be reached.
        """
        notification = Notification(Channel.WHATSAPP, Recipient(phone, name), template, params, order_id, locale)
        return self.queue(notification, Options(**options))

    def queue(self, notification: Notification, options: Options | None = None) -> Queued:
        """Queue any notification; raises as `queue_email` does."""
        job = self.prepare(notification, options or Options())
        with translated():
            return _queued(self._producer.enqueue(notification.channel, job))

    def queue_many(
        self, wanted: Sequence[tuple[Notification, Options]]
    ) -> list[Queued | IdempotencyConflict | InvalidInput]:
        """Queue some hundreds at a time, in one round trip for each channel.

        Returns:
            For each its answer, or why it was refused; the others are queued all the same.

        Raises:
            BrokerUnavailable: Redis cannot be reached. Calling again is safe for all that have an idempotency key.
        """
        answers: dict[int, Queued | IdempotencyConflict | InvalidInput] = {}
        jobs: dict[Channel, list[tuple[int, NewJob]]] = {channel: [] for channel in Channel}
        for place, (notification, options) in enumerate(wanted):
            try:
                jobs[notification.channel].append((place, self.prepare(notification, options)))
            except InvalidInput as error:
                answers[place] = error
        for channel, prepared in jobs.items():
            if not prepared:
                continue
            with translated():
                replies = self._producer.enqueue_many(channel, [job for _, job in prepared])
                for (place, _), reply in zip(prepared, replies, strict=True):
                    if isinstance(reply, Exception):
                        raise reply
                    try:
                        answers[place] = _queued(reply)
                    except IdempotencyConflict as error:
                        answers[place] = error
        return [answers[place] for place in range(len(wanted))]

    def prepare(self, notification: Notification, options: Options) -> NewJob:
        """Return the job that a notification becomes. Talks to nobody, but for the secret, once.

        Raises:
            InvalidInput: The address, the template, a variable or an option cannot be used.
        """
        options.check()
        checked = self.check(notification)
        payload = checked.encode()
        job_id = new_id()
        now = self._clock()
        message: Message[None] = Message(
            queue_name=checked.channel.value,
            actor_name=ACTORS[checked.channel],
            args=(job_id,),
            kwargs={},
            options={},
            message_id=job_id,
            message_timestamp=now,
        )
        due_at_ms = to_ms(options.at) if options.at is not None else 0
        start_ms = max(due_at_ms, now + _ms(options.delay))
        expires = options.expires if options.expires is not None else self._template_expiry(checked)
        key = options.idempotency_key
        return NewJob(
            job_id=job_id,
            message=message.encode(),
            payload=payload,
            lane=_lane(options.priority),
            due_at_ms=due_at_ms,
            delay_ms=_ms(options.delay),
            expires_at_ms=start_ms + _ms(expires) if expires else 0,
            idempotency=self._pseudonyms.of(key.encode()) if key else "",
            digest=self._pseudonyms.of(payload) if key else "",
            indexes=self._indexes(checked),
            fields={"template": checked.template, "order": checked.order_id},
        )

    def check(self, notification: Notification) -> Notification:
        """Return a notification as it would be queued: its address in normal form, everything of the right type.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used.
        """
        checked = validate_notification(
            _typed(notification), self._catalog, shop=self._shop, region=self._default_region
        )
        if checked.channel is Channel.WHATSAPP and self._content_sids is not None:
            require_approved(checked.template, self._catalog, self._content_sids)
        return checked

    def _indexes(self, checked: Notification) -> tuple[str, ...]:
        recipient = recipient_index(self._pseudonyms.of(checked.to.address.encode()))
        return (order_index(checked.order_id), recipient) if checked.order_id else (recipient,)

    def _template_expiry(self, notification: Notification) -> timedelta | None:
        if notification.channel is Channel.EMAIL:
            return self._catalog.email(notification.template).expires_after
        return self._catalog.whatsapp(notification.template).expires_after

    def supersede(self, keys: Sequence[tuple[Channel, str]]) -> int:
        """Cancel what waits under these (channel, idempotency key) pairs: a later event has made it wrong.

        What has gone, or was never queued, is left alone.

        Returns:
            How many messages were cancelled.

        Raises:
            BrokerUnavailable: Redis cannot be reached. Calling again is safe.
        """
        hashes: dict[Channel, list[str]] = {}
        for channel, key in keys:
            hashes.setdefault(channel, []).append(self._pseudonyms.of(key.encode()))
        return sum(
            self._inspector.cancel_keyed(channel, wanted, reason="superseded") for channel, wanted in hashes.items()
        )

    def queue_stats(self, queue: str) -> dict[str, Any]:
        """The counts of one queue, as a dict: queue, waiting, active, delayed, completed, failed, dlq, paused and more.

        Raises:
            UnknownQueue: There is no such queue.
            BrokerUnavailable: Redis cannot be reached.
        """
        return asdict(self._inspector.stats(queue))

    def dlq_jobs(self, queue: str, *, limit: int = 50) -> list[Job]:
        """The dead letters of one queue, newest first; raises as `queue_stats` does."""
        return self._inspector.jobs(queue, State.DEAD, limit=limit)

    def retry_dlq_job(self, job_id: str) -> Job:
        """Send a dead job on its way again.

        Raises:
            JobNotFound: There is no such job.
            WrongState: It is not dead: somebody else retried it already, or it never was.
            BrokerUnavailable: Redis cannot be reached.
        """
        return self._inspector.replay(job_id)


def _wrong(what: str, wanted: str, value: object) -> InvalidInput:
    return InvalidInput(f"{what} must be {wanted}, not {type(value).__name__}")


def _typed(given: Notification) -> Notification:
    """Return a notification whose parts are what they are declared to be; None is what is not given."""

    def text(what: str, value: object) -> str:
        if not isinstance(value, str | None):
            raise _wrong(what, "a text", value)
        return value or ""

    order_id: object = given.order_id  # shop systems have numbers
    data: object = given.data
    if not isinstance(data, Mapping | None):
        raise _wrong("the data", "a mapping of variables by name", data)
    return Notification(
        given.channel,
        Recipient(text("the recipient's address", given.to.address), text("the recipient's name", given.to.name)),
        text("the template's name", given.template),
        dict(data or {}),
        str(order_id) if type(order_id) is int else text("the order's id", order_id),
        text("the locale", given.locale) or "en",
    )


def _queued(reply: Enqueued) -> Queued:
    if reply.status is Enqueuing.CONFLICT:
        raise IdempotencyConflict(
            f"this idempotency key stands for job {reply.job_id}, whose content is another",
            hint="Use a new key for a new message; the same key is for repeating the same one.",
        )
    return Queued(reply.job_id, known=reply.status is Enqueuing.KNOWN)


def _lane(priority: str) -> Lane:
    try:
        return Lane.parse(priority)
    except ValueError as error:
        raise InvalidInput(f"the priority cannot be used: {error}") from error


def _ms(duration: timedelta | None) -> int:
    if duration is None:
        return 0
    if duration.total_seconds() < 0:
        raise InvalidInput("a delay or expiry cannot be negative")
    return round(duration.total_seconds() * 1000)
