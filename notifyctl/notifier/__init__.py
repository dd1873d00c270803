"""What a shop's code calls: validate early, then put the notification in its queue. Never sends anything.

One round trip to Redis for each call, and one more a second where the secret of the hashes is kept there. Enqueues by
the actor's *name*, so that a web server needs no worker code. While Redis is away, what is queued is kept in a spool on
this machine. Knows no provider.

    options, drafts     what is asked for, checked, and the job it becomes
    outlet              straight into Redis, or into the spool
    intake              into Redis: hashes, what is known, enqueue
    ways                all of that, as the settings have it
    entries, relay      what lies in the spool, and its way into Redis; ferry does it in the background
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from notifyctl.clock import now_ms
from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier.drafts import ACTORS, Drafter
from notifyctl.notifier.options import Options, Queued
from notifyctl.notifier.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.clock import Clock
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import Job
    from notifyctl.notifier.drafts import Draft
    from notifyctl.notifier.ferry import Ferry
    from notifyctl.notifier.intake import Intake
    from notifyctl.notifier.outlet import Answer
    from notifyctl.templates.catalog import Catalog

__all__ = ["ACTORS", "Notifier", "Options", "Queued"]


class Notifier:
    """Puts notifications into their queues, and answers the questions a shop's code has about them.

    Args:
        intake: The way into Redis.
        inspector: The operator's side of the engine.
        catalog: The templates that notifications are checked against.
        shop: What templates may say about the shop.
        ferry: Moves what was kept in the spool while Redis was away; None: nothing is kept, and a call raises then.
        default_region: Country of phone numbers written without one, such as ``DE``.
        content_sids: Twilio's ids of approved WhatsApp templates, by name; a template without one is refused. None
            where nobody here knows how messages will be sent: then all are taken.
        clock: Tells the time where a moment has to be computed here.
    """

    def __init__(
        self,
        intake: Intake,
        inspector: Inspector,
        catalog: Catalog,
        *,
        shop: Mapping[str, Any],
        ferry: Ferry | None = None,
        default_region: str | None = None,
        content_sids: Mapping[str, str] | None = None,
        clock: Clock = now_ms,
    ) -> None:
        self._drafter = Drafter(
            catalog, shop=shop, default_region=default_region, content_sids=content_sids, clock=clock
        )
        self._outlet = Outlet(intake, ferry, clock=clock)
        self._inspector = inspector

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
            BrokerUnavailable: Redis cannot be reached, and the message could not be kept for later either.
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
            BrokerUnavailable: Redis cannot be reached, and the message could not be kept for later either.
        """
        notification = Notification(Channel.WHATSAPP, Recipient(phone, name), template, params, order_id, locale)
        return self.queue(notification, Options(**options))

    def queue(self, notification: Notification, options: Options | None = None) -> Queued:
        """Queue any notification; raises as `queue_email` does."""
        return self._outlet.queue(self._drafter.draft(notification, options or Options()))

    def queue_many(self, wanted: Sequence[tuple[Notification, Options]]) -> list[Answer]:
        """Queue some hundreds at a time, in one round trip; in two where some cannot be used.

        Returns:
            For each its answer, or why it was refused; the others are queued all the same.

        Raises:
            BrokerUnavailable: Redis cannot be reached, and the messages could not be kept for later either. Calling
                again is safe for all that have an idempotency key.
        """
        answers: dict[int, Answer] = {}
        drafts: dict[int, Draft] = {}
        for place, (notification, options) in enumerate(wanted):
            try:
                drafts[place] = self._drafter.draft(notification, options)
            except InvalidInput as error:
                answers[place] = error
        if drafts:
            answers |= self._outlet.queue_many(drafts)
        return [answers[place] for place in range(len(wanted))]

    def draft(self, notification: Notification, options: Options, *, ours: bool = False) -> Draft:
        """Return a message that is certain to be usable, to be queued with others by `queue_drafts`.

        Args:
            notification: What to send.
            options: How.
            ours: Both were made by the rules for orders, and need no further look at their parts.

        Raises:
            InvalidInput: The address, the template, a variable or an option cannot be used.
        """
        draft = self._drafter.draft(notification, options, ours=ours)
        _ = draft.job
        return draft

    def queue_drafts(self, drafts: Sequence[Draft]) -> list[Answer]:
        """Queue some hundreds of drafts, in one round trip; raises as `queue_many` does."""
        answers = self._outlet.queue_many(dict(enumerate(drafts))) if drafts else {}
        return [answers[place] for place in range(len(drafts))]

    def check(self, notification: Notification) -> Notification:
        """Return a notification as it would be queued: its address in normal form, everything of the right type.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used.
        """
        return self._drafter.check(notification)

    def edit(
        self, job_id: str, notification: Notification, *, before: bytes | None = None, by: str = "", why: str = ""
    ) -> Job:
        """Change what a dead job is about, checked as a new notification would be; it stays dead until it is retried.

        Args:
            job_id: The job.
            notification: What it is about from now on; its channel and its order stay as they were.
            before: The job's payload when somebody looked at it, so that nobody else's change is lost; now by default.
            by: Who asked.
            why: The reason they gave.

        Returns:
            The job, what it was about before among its `originals`.

        Raises:
            InvalidInput: The address, the template or a variable cannot be used; the channel or the order is another.
            JobNotFound: There is no such job.
            WrongState: It is not dead, or somebody else edited it meanwhile.
        """
        job = self._inspector.job(job_id)
        checked = self._drafter.check(notification)
        if checked.channel != job.queue or checked.order_id != job.order_id:
            raise InvalidInput(
                f"job {job_id} is of channel {job.queue}, about order {job.order_id or 'none'}: neither can be changed",
                hint="Queue a new message instead, and give this one up.",
            )
        return self._inspector.edit(
            job_id, checked.encode(), before=job.payload if before is None else before, template=checked.template,
            address=checked.to.address, by=by, why=why,
        )  # fmt: skip

    def supersede(self, keys: Sequence[tuple[Channel, str]]) -> int:
        """Cancel what waits under these (channel, idempotency key) pairs: a later event has made it wrong.

        What has gone, or was never queued, is left alone. While Redis is away, what lies in the spool is counted, and
        what waits in Redis is cancelled once it is back, before anything that is queued after this call.

        Returns:
            How many messages were cancelled.

        Raises:
            BrokerUnavailable: Redis cannot be reached, and this could not be kept for later. Calling again is safe.
        """
        wanted: dict[Channel, list[str]] = {}
        for channel, key in keys:
            wanted.setdefault(channel, []).append(key)
        return sum(self._outlet.supersede(channel, grouped) for channel, grouped in wanted.items())

    def close(self) -> None:
        """Stop moving in the background what was kept while Redis was away; another process moves what is left."""
        self._outlet.close()

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
