"""What a shop's code calls: validate early, then put the notification in its queue. Never sends anything.

One round trip to Redis for each call (two for the very first of a process). Enqueues by the actor's *name*, so that a
web server needs no worker code. Knows no provider.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dramatiq import Message

from notifyctl.channels.validation import normalized, prove
from notifyctl.clock import now_ms, to_ms
from notifyctl.connection import translated
from notifyctl.delivery.approval import require_approved
from notifyctl.engine.ids import new_id
from notifyctl.engine.jobs import Enqueued, Enqueuing, NewJob
from notifyctl.engine.keys import order_index, recipient_index
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.states import State
from notifyctl.errors import IdempotencyConflict, InvalidInput, Overtaken
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier.options import Options, Queued, lane, milliseconds, typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from notifyctl.clock import Clock
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import Job
    from notifyctl.engine.producer import Producer
    from notifyctl.templates.catalog import Catalog

__all__ = ["ACTORS", "Notifier", "Options", "Queued"]

#: The actor that sends each channel's messages; the worker declares them under these names.
ACTORS = {Channel.EMAIL: "send_email", Channel.WHATSAPP: "send_whatsapp"}


#: What comes of one of many.
_Answer = Queued | IdempotencyConflict | InvalidInput | Overtaken


@dataclass(frozen=True, slots=True)
class _Draft:
    """A notification on its way to a job: its address in normal form, and what its idempotency key stands for."""

    notification: Notification
    options: Options
    payload: bytes
    key: str
    digest: str
    unless: tuple[str, ...]


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
            **options: As in `Options`: idempotency_key, unless, priority, delay, at, expires,
                unknown_outcome.

        Returns:
            The job's id.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used.
            IdempotencyConflict: The key was used before, with other content.
            Overtaken: A key of `unless` is known.
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
            **options: As in `Options`: idempotency_key, unless, priority, delay, at, expires,
                unknown_outcome.

        Returns:
            The job's id.

        Raises:
            InvalidInput: The number, the template or a variable cannot be used.
            IdempotencyConflict: The key was used before, with other content.
            Overtaken: A key of `unless` is known.
            BrokerUnavailable: Redis cannot be reached.
        """
        notification = Notification(Channel.WHATSAPP, Recipient(phone, name), template, params, order_id, locale)
        return self.queue(notification, Options(**options))

    def queue(self, notification: Notification, options: Options | None = None) -> Queued:
        """Queue any notification; raises as `queue_email` does."""
        if options is not None and options.unless:
            (answer,) = self.queue_many([(notification, options)])
            if isinstance(answer, Exception):
                raise answer
            return answer
        job = self._job(self._draft(notification, options or Options()))
        with translated():
            return _queued(self._producer.enqueue(notification.channel, job))

    def queue_many(self, wanted: Sequence[tuple[Notification, Options]]) -> list[_Answer]:
        """Queue some hundreds at a time, in two round trips for each channel: what is known already is not rendered.

        Returns:
            For each its answer, or why it was refused; the others are queued all the same.

        Raises:
            BrokerUnavailable: Redis cannot be reached. Calling again is safe for all that have an idempotency key.
        """
        answers: dict[int, _Answer] = {}
        drafts: dict[Channel, dict[int, _Draft]] = {channel: {} for channel in Channel}
        for place, (notification, options) in enumerate(wanted):
            try:
                drafts[notification.channel][place] = self._draft(notification, options)
            except InvalidInput as error:
                answers[place] = error
        for channel, drafted in drafts.items():
            answers |= self._queue_drafts(channel, drafted)
        return [answers[place] for place in range(len(wanted))]

    def _queue_drafts(self, channel: Channel, drafted: Mapping[int, _Draft]) -> dict[int, _Answer]:
        """Queue the drafts of one channel that are not known yet; the answer for each place."""
        answers: dict[int, _Answer] = {}
        jobs: dict[int, NewJob] = {}
        keys = {key for draft in drafted.values() for key in (draft.key, *draft.unless) if key}
        with translated():
            held = self._producer.holders(channel, keys)
        taken = set(held)
        for place, draft in drafted.items():
            try:
                if draft.key in held:
                    job_id, digest = held[draft.key]
                    same = digest == draft.digest
                    answers[place] = _queued(Enqueued(Enqueuing.KNOWN if same else Enqueuing.CONFLICT, job_id))
                elif not taken.isdisjoint(draft.unless):
                    answers[place] = Overtaken("a later event of this is known already: the message was not queued")
                else:
                    jobs[place] = self._job(draft)
                    taken.add(draft.key)
            except (IdempotencyConflict, InvalidInput) as error:
                answers[place] = error
        with translated():
            replies = self._producer.enqueue_many(channel, list(jobs.values())) if jobs else []
            for place, reply in zip(jobs, replies, strict=True):
                if isinstance(reply, Exception):
                    raise reply
                try:
                    answers[place] = _queued(reply)
                except IdempotencyConflict as error:
                    answers[place] = error
        return answers

    def _draft(self, notification: Notification, options: Options) -> _Draft:
        """Return what a job is to be made of. Talks to nobody, but for the secret, once.

        Raises:
            InvalidInput: The address or an option cannot be used.
        """
        options.check()
        checked = normalized(typed(notification), region=self._default_region)
        payload = checked.encode()
        key = options.idempotency_key
        return _Draft(
            checked,
            options,
            payload,
            key=self._pseudonyms.of(key.encode()) if key else "",
            digest=self._pseudonyms.of(payload) if key else "",
            unless=tuple(self._pseudonyms.of(later.encode()) for later in options.unless),
        )

    def _job(self, draft: _Draft) -> NewJob:
        """Return the job that a draft becomes, its message rendered for a proof.

        Raises:
            InvalidInput: The template, a variable or an option cannot be used.
        """
        checked, options = draft.notification, draft.options
        self._prove(checked)
        job_id = new_id()
        now = self._clock()
        message: Message[None] = Message(
            queue_name=checked.channel.value,
            actor_name=ACTORS[checked.channel],
            args=(job_id,),
            kwargs={},
            options={"unknown_outcome": options.unknown_outcome} if options.unknown_outcome else {},
            message_id=job_id,
            message_timestamp=now,
        )
        due_at_ms = to_ms(options.at) if options.at is not None else 0
        start_ms = max(due_at_ms, now + milliseconds(options.delay))
        expires = options.expires if options.expires is not None else self._template_expiry(checked)
        return NewJob(
            job_id=job_id,
            message=message.encode(),
            payload=draft.payload,
            lane=lane(options.priority),
            due_at_ms=due_at_ms,
            delay_ms=milliseconds(options.delay),
            expires_at_ms=start_ms + milliseconds(expires) if expires else 0,
            idempotency=draft.key,
            digest=draft.digest,
            indexes=self._indexes(checked),
            fields={"template": checked.template, "order": checked.order_id},
        )

    def check(self, notification: Notification) -> Notification:
        """Return a notification as it would be queued: its address in normal form, everything of the right type.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used.
        """
        checked = normalized(typed(notification), region=self._default_region)
        self._prove(checked)
        return checked

    def _prove(self, checked: Notification) -> None:
        prove(checked, self._catalog, shop=self._shop)
        if checked.channel is Channel.WHATSAPP and self._content_sids is not None:
            require_approved(checked.template, self._catalog, self._content_sids)

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


def _queued(reply: Enqueued) -> Queued:
    if reply.status is Enqueuing.CONFLICT:
        raise IdempotencyConflict(
            f"this idempotency key stands for job {reply.job_id}, whose content is another",
            hint="Use a new key for a new message; the same key is for repeating the same one.",
        )
    return Queued(reply.job_id, known=reply.status is Enqueuing.KNOWN)
