"""From drafts to jobs in Redis: hashes what is personal, asks what is known already, enqueues the rest.

Used by callers' own threads and by relays alike; every step may be repeated after a lost reply.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from notifyctl.connection import translated
from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.engine.keys import order_index, recipient_index
from notifyctl.errors import BrokerUnavailable, IdempotencyConflict, InvalidInput, Overtaken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from notifyctl.engine.jobs import NewJob
    from notifyctl.engine.producer import Producer
    from notifyctl.engine.pseudonyms import Pseudonyms
    from notifyctl.engine.states import State
    from notifyctl.notification import Channel
    from notifyctl.notifier.drafts import Draft

    #: What comes of one draft; an exception of the server's own says that it is a bug, or a wrong type in Redis.
    Reply = Enqueued | Overtaken | InvalidInput | Exception

__all__ = ["SUPERSEDED", "Intake", "conflict", "sift"]

#: The reason of what a later event has made wrong.
SUPERSEDED = "superseded"


class Intake:
    """Puts drafts into the queues. Safe to use from several threads.

    Args:
        producer: The enqueueing side of the engine.
        pseudonyms: Make the hashes that stand for keys and addresses.

    Raises of all methods:
        BrokerUnavailable: Redis cannot be reached: the draft may have been queued all the same.
    """

    def __init__(self, producer: Producer, pseudonyms: Pseudonyms) -> None:
        self._producer = producer
        self._pseudonyms = pseudonyms

    def queue(self, draft: Draft) -> Reply:
        """Queue one draft in one round trip.

        Raises:
            InvalidInput: Its template, a variable or an option cannot be used.
        """
        job = self._hashed(draft)
        with translated():
            return _read(self._producer.enqueue(draft.notification.channel, job))

    def queue_many(self, drafts: Mapping[int, Draft]) -> dict[int, Reply]:
        """Queue some hundreds, of both channels, in one round trip; in two where some cannot be used.

        Returns:
            For each place what came of it. Of those that cannot be used, what is known of their keys comes first.
        """
        jobs: dict[int, NewJob] = {}
        faulty: dict[int, Draft] = {}
        for place, draft in drafts.items():
            try:
                jobs[place] = self._hashed(draft)
            except InvalidInput:
                faulty[place] = draft
        with translated():
            wanted = [(drafts[place].notification.channel.value, job) for place, job in jobs.items()]
            answers = self._producer.enqueue_all(wanted) if wanted else []
            replies = {place: _checked(answer) for place, answer in zip(jobs, answers, strict=True)}
        for channel in {draft.notification.channel for draft in faulty.values()}:
            replies |= self._known(channel, faulty)
        return replies

    def _known(self, channel: Channel, faulty: Mapping[int, Draft]) -> dict[int, Reply]:
        """Return what is to be said of drafts of a channel that cannot be used: they may have been queued before."""
        drafts = {place: draft for place, draft in faulty.items() if draft.notification.channel is channel}
        hashes = self._hashes(key for draft in drafts.values() for key in (draft.key, *draft.unless))
        with translated():
            found = self._producer.holders(channel, hashes.values()) if hashes else {}
        return sift(drafts, {key: found[one] for key, one in hashes.items() if one in found}, self._pseudonyms.of)[0]

    def supersede(self, channel: Channel, keys: Sequence[str]) -> int:
        """Cancel what waits under these idempotency keys; how many there were."""
        with translated():
            return self._producer.cancel_keyed(channel, list(self._hashes(keys).values()), reason=SUPERSEDED)

    def shelve(self, draft: Draft, state: State, reason: str, why: str = "") -> bool:
        """Keep a draft that must not be sent where people see it, under the id that its caller was given.

        Returns:
            Whether that was done; false where this very id is known: it was queued or kept before.
        """
        job = self._hashed(draft)
        with translated():
            return self._producer.shelve(draft.notification.channel, job, state, reason, why)

    def alias(self, draft: Draft, first_id: str) -> None:
        """Let the id that the caller was given stand for the job that there was before."""
        with translated():
            self._producer.alias(draft.notification.channel, draft.job.job_id, first_id)

    def _hashes(self, keys: Iterable[str]) -> dict[str, str]:
        return {key: self._pseudonyms.of(key.encode()) for key in keys if key}

    def _hashed(self, draft: Draft) -> NewJob:
        of, about = self._pseudonyms.of, draft.notification
        recipient = recipient_index(of(about.to.address.encode()))
        return replace(
            draft.job,
            idempotency=of(draft.key.encode()) if draft.key else "",
            digest=of(draft.payload) if draft.key else "",
            unless=tuple(of(key.encode()) for key in draft.unless if key),
            indexes=(order_index(about.order_id), recipient) if about.order_id else (recipient,),
        )


def sift(
    drafts: Mapping[int, Draft], held: Mapping[str, tuple[str, str]], digest: Callable[[bytes], str]
) -> tuple[dict[int, Reply], list[int]]:
    """Tell the new drafts from those whose answer is clear already.

    Args:
        drafts: By place, in order.
        held: Who holds these keys: the job's id, and the digest of its content.
        digest: Makes such a digest.

    Returns:
        The answers that are clear, and the places of the new ones, whose jobs are made.
    """
    replies: dict[int, Reply] = {}
    new: list[int] = []
    taken = set(held)
    for place, draft in drafts.items():
        if draft.key in held:
            job_id, content = held[draft.key]
            same = content == digest(draft.payload)
            replies[place] = Enqueued(Enqueuing.KNOWN if same else Enqueuing.CONFLICT, job_id)
        elif not taken.isdisjoint(draft.unless):
            replies[place] = _overtaken()
        else:
            try:
                _ = draft.job
            except InvalidInput as error:
                replies[place] = error
            else:
                new.append(place)
                if draft.key:
                    taken.add(draft.key)
    return replies, new


def _overtaken() -> Overtaken:
    return Overtaken("a later event of this is known already: the message was not queued")


def _read(answer: Enqueued) -> Reply:
    return _overtaken() if answer.status is Enqueuing.OVERTAKEN else answer


def conflict(job_id: str) -> IdempotencyConflict:
    """The error of a key that stands for this job, whose content is another."""
    return IdempotencyConflict(
        f"this idempotency key stands for job {job_id}, whose content is another",
        job_id=job_id,
        hint="Use a new key for a new message; the same key is for repeating the same one.",
    )


def _checked(answer: Enqueued | Exception) -> Reply:
    """Return one job's own answer.

    Raises:
        BrokerUnavailable: The server is of no use now, for this job or any other.
    """
    if isinstance(answer, Enqueued):
        return _read(answer)
    try:
        with translated():
            raise answer  # noqa: TRY301 - `translated` is to judge it
    except BrokerUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this one, the others have their answers
        return error
