"""Where shops hand over orders and messages over HTTP: many requests at once, in one round trip to Redis.

    orders, messages    from a request's body to what is to be queued, and to the answer
    repeats             requests that carry a key: who came first, and what the answer was
    handover            a request, and what is to come of it

Knows no HTTP: no status, no header, no token.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from notifyctl.errors import BrokerUnavailable, NotifyError
from notifyctl.reception.handover import Handover, Plan
from notifyctl.reception.messages import MessageReader, SingleMessage
from notifyctl.reception.orders import OrderReader
from notifyctl.reception.repeats import Claim, Repeated, Repeats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.notifier import Notifier

    #: What comes of one request; an exception that is no `NotifyError` is a bug.
    Answer = dict[str, Any] | Repeated | Exception

__all__ = ["Handover", "MessageReader", "OrderReader", "Reception", "Repeated", "Repeats", "SingleMessage"]

log = logging.getLogger(__name__)


class Reception:
    """Takes what shops hand over. Safe to use from several threads.

    Args:
        notifier: Queues it.
        repeats: Remembers requests that carry a key.
    """

    def __init__(self, notifier: Notifier, repeats: Repeats) -> None:
        self._notifier = notifier
        self._repeats = repeats

    def take(self, requests: Sequence[Handover]) -> list[Answer]:
        """Queue what follows from some requests, all in one round trip; in three where one of them carries a key.

        Returns:
            For each its answer, or why it was refused: then nothing of it was queued, unless the error says otherwise.
        """
        answers: dict[int, Answer] = {}
        plans = self._planned(requests, answers)
        claims = self._claimed({place: requests[place] for place in plans if requests[place].key}, answers)
        going = {place: plan for place, plan in plans.items() if place not in answers}
        try:
            queued = iter(self._notifier.queue_drafts([draft for plan in going.values() for draft in plan.drafts]))
        except Exception as error:  # noqa: BLE001 - it is each request's answer
            answers |= dict.fromkeys(going, error)
        else:
            for place, plan in going.items():
                answers[place] = self._told(plan, [next(queued) for _ in plan.drafts])
        self._settle(claims, answers)
        return [answers[place] for place in range(len(requests))]

    def _planned(self, requests: Sequence[Handover], answers: dict[int, Answer]) -> dict[int, Plan]:
        plans: dict[int, Plan] = {}
        for place, request in enumerate(requests):
            try:
                plan = request.plan()
                if request.dry_run:
                    answers[place] = plan.answer(None, 0)
                else:
                    plans[place] = plan
            except Exception as error:  # noqa: BLE001 - the others go on
                answers[place] = error
        return plans

    def _claimed(self, keyed: Mapping[int, Handover], answers: dict[int, Answer]) -> dict[int, Claim]:
        """Claim the keys of requests; what is clear from the first request of a key is its answer."""
        if not keyed:
            return {}
        try:
            found = self._repeats.claim([(request.key, request.body) for request in keyed.values()])
        except BrokerUnavailable:
            return {}  # messages and orders have keys of their own, which the spool knows as well
        claims: dict[int, Claim] = {}
        for (place, request), one in zip(keyed.items(), found, strict=True):
            if isinstance(one, Claim):
                claims[place] = one
            elif isinstance(one, Repeated) or not request.lenient:
                answers[place] = one
        return claims

    def _told(self, plan: Plan, queued: Sequence[Any]) -> Answer:
        try:
            superseded = self._notifier.supersede(plan.superseded) if plan.superseded else 0
            return plan.answer(queued, superseded)
        except Exception as error:  # noqa: BLE001 - the others have their answers
            return error

    def _settle(self, claims: Mapping[int, Claim], answers: Mapping[int, Answer]) -> None:
        """Keep the answers of keyed requests; one that failed may be made again."""
        if not claims:
            return
        kept = [
            (claim, answer if isinstance(answer := answers[place], dict) else None) for place, claim in claims.items()
        ]
        try:
            self._repeats.settle(kept)
        except NotifyError as error:
            log.warning("%s: requests with an idempotency key may be refused for a minute when repeated", error.message)
