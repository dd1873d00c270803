"""A taken job as Dramatiq's middleware and actors see it: a message proxy that also carries the lease and the outcome.

Middleware sets `disposition`; the consumer's ack and nack carry it out. The history of this run is filled in on the
way (`tries`), and ends in the job's record.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from dramatiq.broker import MessageProxy

from notifyctl.clock import now_ms
from notifyctl.connection import translated
from notifyctl.engine import totals
from notifyctl.engine.states import Bury, Complete, Doubt
from notifyctl.errors import StaleLease

if TYPE_CHECKING:
    from dramatiq import Message

    from notifyctl.engine.jobs import TakenJob
    from notifyctl.engine.scripts import Scripts
    from notifyctl.engine.states import Disposition

__all__ = ["NotifyMessage", "attempt_record"]


class NotifyMessage(MessageProxy):
    """A message under a lease.

    Attributes:
        job: The taken job.
        disposition: What is to become of it; `None` until a middleware decides.
        exception: What the run raised, until Dramatiq clears it.
        lost: Set by the heartbeat when the lease is no longer ours.
        began: A send was begun in this run; `begun_at`: at which provider.
        provider, provider_id: The evidence of acceptance; empty until there is some.
        tries: One dict per provider asked during this run.
        taken_at_ms: When this process got it, epoch ms by its own clock.
        outcome, code, error: One word, the provider's code, and a redacted text, for the history.
    """

    def __init__(self, message: Message[Any], job: TakenJob, scripts: Scripts, rate: str = "0/1") -> None:
        super().__init__(message)
        self.job = job
        self.disposition: Disposition | None = None
        self.exception: BaseException | None = None
        self.lost = False
        self.began = False
        self.begun_at = ""
        self.provider = ""
        self.provider_id = ""
        self.tries: list[dict[str, Any]] = []
        self.outcome = ""
        self.code = ""
        self.error = ""
        self._scripts = scripts
        self._rate = rate
        self.taken_at_ms = now_ms()

    def stuff_exception(self, exception: BaseException) -> None:
        """Remember what the run raised."""
        super().stuff_exception(exception)
        self.exception = exception

    def clear_exception(self) -> None:
        """Forget it, so that its frames can go."""
        super().clear_exception()
        self.exception = None

    def begin(self, provider: str) -> None:
        """Record that the send starts now, and keep the distance to the one before.

        Raises:
            StaleLease: The lease is lost: do not send.
            BrokerUnavailable: Nobody can say whether it is ours: do not send.
        """
        wait_us = -1
        if not self.lost:
            with translated():
                wait_us = self._scripts.begin(self.job.job_id, self.job.token, provider, self._rate)
        if wait_us > 0:
            time.sleep(wait_us / 1_000_000)
        if wait_us >= 0:
            self.began, self.begun_at = True, provider  # before the look at `lost`: see NotifyBroker.abandon
        if wait_us < 0 or self.lost:  # lost meanwhile, too: the wait may be a long one
            raise StaleLease(f"job {self.job.job_id} is no longer leased to this worker, and was not sent")

    @property
    def sent_or_sending(self) -> bool:
        """Whether its send is under way, or may be done, and that is only to be told.

        What surely failed is neither, nor what is to be sent again: told of that, the server may hand it out at once.
        """
        if self.disposition is None:
            return self.began
        return isinstance(self.disposition, Complete | Doubt) or self.disposition == Bury("unknown_outcome")

    def unfinished(self, why: str) -> str:
        """This run as JSON where its send was cut short: it may have arrived."""
        return attempt_record(
            attempt=self.job.attempt,
            started_at_ms=self.taken_at_ms,
            duration_ms=now_ms() - self.taken_at_ms,
            outcome="in_doubt",
            provider=self.begun_at,
            error=why,
        )

    def told(self) -> str:
        """What this run adds to the totals: what came of each provider that was asked."""
        return totals.told(self.tries)

    def record(self) -> str:
        """This run as JSON, for the job's history; empty where there is nothing to tell."""
        if not (self.outcome or self.tries):
            return ""
        return attempt_record(
            attempt=self.job.attempt,
            started_at_ms=self.taken_at_ms,
            duration_ms=now_ms() - self.taken_at_ms,
            outcome=self.outcome,
            provider="" if self.tries else self.begun_at,
            code=self.code,
            error=self.error,
            tries=self.tries,
            look_up=self.job.look or "",
        )


def attempt_record(**fields: Any) -> str:
    """One entry of a job's history as JSON, without what is empty."""
    return json.dumps({key: value for key, value in fields.items() if value not in ("", [])})
