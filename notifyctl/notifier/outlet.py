"""The way of drafts: straight into Redis, or through the spool while Redis is away.

Whatever was not confirmed goes to the spool under the same job id, so that a reply that was lost makes no second
message. As long as anything of this machine lies in the spool, what follows joins it: nothing overtakes what came
first, and no caller waits for a server that is known to be away.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from notifyctl.clock import now_ms
from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.errors import (
    BrokerRefused,
    BrokerUnavailable,
    InvalidInput,
    NotifyError,
    Overtaken,
    SpoolError,
    Unreplicated,
)
from notifyctl.notification import Channel
from notifyctl.notifier.entries import content, message_row, supersession_row
from notifyctl.notifier.intake import SUPERSEDED, conflict, sift
from notifyctl.notifier.options import Queued

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from notifyctl.clock import Clock
    from notifyctl.errors import IdempotencyConflict
    from notifyctl.notifier.drafts import Draft
    from notifyctl.notifier.ferry import Ferry
    from notifyctl.notifier.intake import Intake, Reply
    from notifyctl.spool import Spool

    #: What comes of one of many.
    Answer = Queued | IdempotencyConflict | InvalidInput | Overtaken
    T = TypeVar("T")

__all__ = ["Outlet"]

log = logging.getLogger(__name__)

#: How often to tell that the spool cannot be used.
_TELL_S = 60.0
#: How long a caller may be kept by what others left; the rest is moved in the background.
_RIDE_S = 0.1


class Outlet:
    """Finds the way for each call. Safe to use from several threads.

    Args:
        intake: The way into Redis; its client must not keep a caller waiting.
        ferry: Moves what lies in the spool later; None: there is no spool, and a call raises.
        clock: Tells the time that delays count from where Redis does not.
    """

    def __init__(self, intake: Intake, ferry: Ferry | None = None, *, clock: Clock = now_ms) -> None:
        self._intake = intake
        self._ferry = ferry
        self._clock = clock
        self._told_s = -_TELL_S

    def queue(self, draft: Draft) -> Queued:
        """Queue one draft.

        Raises:
            InvalidInput: Its template, a variable or an option cannot be used.
            IdempotencyConflict: Its key was used before, with other content.
            Overtaken: A key of `unless` is known.
            BrokerUnavailable: Redis cannot be reached, and the draft could not be kept either.
        """
        _ = draft.job
        answer = self._way(lambda: _answer(self._intake.queue(draft)), lambda spool: self._keep(spool, {0: draft})[0])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def queue_many(self, drafts: Mapping[int, Draft]) -> dict[int, Answer]:
        """Queue some hundreds; for each place what came of it.

        Raises:
            BrokerUnavailable: Redis cannot be reached, and the drafts could not be kept either.
        """

        def straight() -> dict[int, Answer]:
            replies = self._intake.queue_many(drafts)
            return {place: _answer(reply) for place, reply in replies.items()}

        return self._way(straight, lambda spool: self._keep(spool, drafts))

    def supersede(self, channel: Channel, keys: Sequence[str]) -> int:
        """Cancel what waits under these idempotency keys; how many there were, as far as they are within reach.

        Raises:
            BrokerUnavailable: Redis cannot be reached, and the keys could not be kept either.
        """

        def straight() -> int:
            return self._intake.supersede(channel, keys) + self._mark_held(channel, keys)

        def keep(spool: Spool) -> int:
            marked = spool.mark(channel, keys, SUPERSEDED)
            spool.put([supersession_row(channel, keys)])
            return marked

        return self._way(straight, keep)

    def close(self) -> None:
        """Stop moving in the background."""
        if self._ferry is not None:
            self._ferry.stop()

    def _mark_held(self, channel: Channel, keys: Sequence[str]) -> int:
        """Note on what is left in the spool that it is not wanted any more: somebody may release it."""
        if self._ferry is None:
            return 0
        try:
            return self._ferry.relay.spool.mark(channel, keys, SUPERSEDED)
        except SpoolError as error:
            self._tell(error)
            return 0

    def _way(self, straight: Callable[[], T], keep: Callable[[Spool], T]) -> T:
        """Do one or the other."""
        if self._ferry is None:
            return straight()
        away: BrokerUnavailable | None = None
        try:
            if self._is_open(self._ferry):
                return straight()
        except (BrokerRefused, Unreplicated):
            raise  # a person has to mend it; or it is queued, and who asked for replicas is to know
        except BrokerUnavailable as error:
            away = error
        spool = self._ferry.relay.spool
        try:
            kept = keep(spool)
        except SpoolError as error:
            if away is None:  # Redis was not asked, for the sake of order alone
                try:
                    return straight()
                except BrokerUnavailable as later:
                    away = later
            raise BrokerUnavailable(
                f"{away.message}, and this could not be kept for later: {error.message}", hint=error.hint or away.hint
            ) from error
        if away is not None and not self._ferry.running:
            log.warning("%s: what is queued is kept in %s for now", away.message, spool.file)
        self._ferry.wake(away=away is not None)
        return kept

    def _is_open(self, ferry: Ferry) -> bool:
        """Whether nothing is before us; what another process left behind goes first, if it is not too much.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        if ferry.running:
            return False
        spool = ferry.relay.spool
        try:
            if not spool.waiting():
                return True
            return ferry.relay.step(self._intake, within_s=_RIDE_S) is not None and not spool.waiting()
        except SpoolError as error:
            self._tell(error)
            return True
        except Unreplicated:
            return False
        except NotifyError:
            raise
        except Exception:  # what others left is no reason to fail this call
            log.exception("what lies in the spool could not be moved")
            return False

    def _tell(self, error: SpoolError) -> None:
        """Log it, once a minute: every call finds it."""
        now_s = time.monotonic()
        if now_s - self._told_s >= _TELL_S:
            self._told_s = now_s
            log.warning("%s. %s", error.message, error.hint)

    def _keep(self, spool: Spool, drafts: Mapping[int, Draft]) -> dict[int, Answer]:
        """Put drafts into the spool, but for those whose answer is clear from what lies there."""
        replies: dict[int, Reply] = {}
        new: list[int] = []
        for channel in Channel:
            own = {place: draft for place, draft in drafts.items() if draft.notification.channel is channel}
            if own:
                held = spool.holders(channel, {key for draft in own.values() for key in (draft.key, *draft.unless)})
                clear, unknown = sift(own, held, content)
                replies |= clear
                new += unknown
        now = self._clock()
        spool.put([message_row(drafts[place], now) for place in sorted(new)])
        kept: dict[int, Answer] = {place: Queued(drafts[place].job.job_id, spooled=True) for place in new}
        return kept | {place: _answer(reply, spooled=True) for place, reply in replies.items()}


def _answer(reply: Reply, *, spooled: bool = False) -> Answer:
    """Return what the caller hears.

    Raises:
        Exception: Redis answered this one with an error of its own.
    """
    if isinstance(reply, Enqueued):
        if reply.status is Enqueuing.CONFLICT:
            return conflict(reply.job_id)
        return Queued(reply.job_id, known=reply.status is Enqueuing.KNOWN, spooled=spooled)
    if isinstance(reply, InvalidInput | Overtaken):
        return reply
    raise reply
