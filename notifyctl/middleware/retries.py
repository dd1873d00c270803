"""Decides what becomes of a job after a run: the one place that knows how errors turn into Dispositions.

Replaces Dramatiq's Retries. The schedule is explicit: one wait for each retry, so that three waits (2 s, 4 s, 8 s, the
default) mean four runs. It can be set for each queue, actor (option ``retry_delays_ms``) and message (same option).
Never talks to Redis: the consumer carries the decision out.
"""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dramatiq.errors import ActorNotFound, Retry
from dramatiq.middleware import Middleware, Shutdown, SkipMessage

from notifyctl.engine.broker import NotifyBroker
from notifyctl.engine.message import NotifyMessage
from notifyctl.engine.states import Bury, Cancel, Complete, Disposition, Doubt, Release, Resend, RetryAt
from notifyctl.errors import (
    BrokerUnavailable,
    DeliveryError,
    InDoubt,
    InvalidInput,
    NoProvider,
    NotifyError,
    Permanent,
    Scope,
    StaleLease,
    Suppressed,
    Throttled,
    Transient,
)
from notifyctl.middleware.doubts import Doubts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dramatiq import Broker
    from dramatiq.broker import MessageProxy

__all__ = ["DEFAULT_RETRY_DELAYS", "Retries"]

log = logging.getLogger(__name__)

#: Three retries after the first run, as four runs in all.
DEFAULT_RETRY_DELAYS = (timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8))
#: For how long a queue rests when nobody said for how long: delivery's circuits do, while Redis can be reached.
_REST_S = 5.0
#: How long a job waits for a worker that knows its actor, while a deployment rolls on.
_UNKNOWN_ACTOR_S = 15.0
#: What a look-up can raise that says more than that nothing is known.
_TELLING = (Transient, Permanent, Shutdown, StaleLease, BrokerUnavailable)


class Retries(Middleware):
    """Turns a run's result or exception into a Disposition, and into the words of its history.

    Args:
        delays: The waits between runs, by queue.
        default: The waits where a queue has none of its own.
        doubts: Decides where the outcome is unknown.
    """

    def __init__(
        self,
        delays: Mapping[str, Sequence[timedelta]] | None = None,
        default: Sequence[timedelta] = DEFAULT_RETRY_DELAYS,
        doubts: Doubts | None = None,
    ) -> None:
        self._delays = {queue: _in_ms(waits) for queue, waits in (delays or {}).items()}
        self._default = _in_ms(default)
        self._doubts = doubts or Doubts()

    @property
    def actor_options(self) -> set[str]:
        """The options an actor may set.

        ``throws`` names exceptions that are not worth a retry, as in Dramatiq; ``looks_up`` says that the actor heeds
        `DeliveryJob.asked`, and may be run to look up what became of a send.
        """
        return {"retry_delays_ms", "throws", "looks_up"}

    def after_declare_queue(self, broker: Broker, queue_name: str) -> None:
        """Tell the broker what it needs to know for jobs whose worker is lost."""
        if isinstance(broker, NotifyBroker):
            broker.look_after_ms[queue_name] = self._doubts.first_look_ms(queue_name)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Keep an actor that can only send from being run where something is to be looked up.

        Raises:
            SkipMessage: The actor is such a one.
        """
        if not isinstance(message, NotifyMessage) or not message.job.look:
            return
        actor = broker.actors.get(message.actor_name)
        if actor is not None and not actor.options.get("looks_up"):
            message.outcome, message.error = InDoubt.outcome, f"actor {message.actor_name} looks nothing up"
            message.disposition = self._doubts.decide(message)
            raise SkipMessage(message.error)

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Decide after a run."""
        del result
        if isinstance(message, NotifyMessage) and message.disposition is None:
            self._decide(broker, message, exception)
            if isinstance(message.disposition, Bury):
                message.fail()  # so that Dramatiq nacks it: other middleware is told of a dead letter by that

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """A middleware skipped the job without saying why: it counts as done, or as dead where it was failed."""
        if isinstance(message, NotifyMessage) and message.disposition is None:
            self._decide(broker, message, None)
            if message.failed:
                message.outcome, message.disposition = "skipped", Bury("skipped")

    def before_nack(self, broker: Broker, message: MessageProxy) -> None:
        """An actor that this worker does not know: maybe another one does, or a newer release of it."""
        if not isinstance(message, NotifyMessage) or message.disposition is not None:
            return
        if isinstance(message.exception, ActorNotFound):
            waits = self._waits(broker, message)
            message.outcome, message.error = "error", f"no actor named {message.actor_name!r} in this worker"
            if message.job.look:
                message.disposition = self._doubts.decide(message)
            elif message.job.attempt <= max(len(waits), 1):
                message.disposition = RetryAt(round(_UNKNOWN_ACTOR_S * 1000))
            else:
                message.disposition = Bury("unknown_actor")

    def _decide(self, broker: Broker, message: NotifyMessage, exception: BaseException | None) -> None:
        if exception is None and message.failed:
            message.outcome, message.disposition = "rejected", Bury("rejected")
            return
        if exception is None and message.job.look and not message.provider:
            message.outcome, message.disposition = InDoubt.outcome, self._doubts.decide(message)
            return
        if exception is None or message.provider:  # accepted is accepted, whatever went wrong after it
            message.disposition = Complete(message.provider, message.provider_id)
            message.outcome = "sent" if message.provider else ""
            return
        message.outcome, message.code, message.error = describe(exception)
        unsettled = message.job.look > 0 and not isinstance(exception, _TELLING)
        message.disposition = (
            self._doubts.decide(message) if unsettled else self._disposition(broker, message, exception)
        )
        log.warning(
            "job %s, attempt %d: %s; %s",
            message.job.job_id,
            message.job.attempt,
            _told(message, exception),
            _words(message.disposition),
        )

    def _disposition(  # noqa: C901, PLR0911, PLR0912 - one table, a row each
        self, broker: Broker, message: NotifyMessage, exception: BaseException
    ) -> Disposition:
        waits = self._waits(broker, message)
        match exception:
            case Throttled():
                return Release(_rest_ms(exception), f"throttled by {exception.provider}")
            case Permanent(scope=Scope.ACCOUNT):
                why = f"{exception.provider} refuses the account: {exception.provider_code}"
                return Release(_rest_ms(exception), why, account=True)
            case NoProvider():
                return Release(_rest_ms(exception), exception.message)
            case Permanent():
                return Bury("permanent")
            case InDoubt():
                return self._doubts.decide(message)
            case Suppressed():
                return Cancel("suppressed")
            case InvalidInput():
                return Bury("invalid")
            case StaleLease() | BrokerUnavailable():
                return Release()
            case DeliveryError() | Retry():
                pass  # surely not taken, or asked for by the actor: the schedule decides
            case _ if message.began:
                return self._doubts.decide(message)
            case Shutdown():
                return Release()
            case _ if self._is_expected(broker, message, exception):
                return Bury("permanent")
        if message.job.attempt > len(waits):
            return Bury("retries_exhausted")
        return RetryAt(_wait(waits[message.job.attempt - 1], exception))

    def _waits(self, broker: Broker, message: NotifyMessage) -> list[int]:
        own = message.options.get("retry_delays_ms")
        if own is None and message.actor_name in broker.actors:
            own = broker.actors[message.actor_name].options.get("retry_delays_ms")
        if own is None:
            own = self._delays.get(message.queue_name, self._default)
        return list(own)

    @staticmethod
    def _is_expected(broker: Broker, message: NotifyMessage, exception: BaseException) -> bool:
        """Whether the actor's ``throws`` names this exception: Dramatiq's word for "do not retry"."""
        actor = broker.actors.get(message.actor_name)
        throws = message.options.get("throws") or (actor.options.get("throws") if actor else None)
        return throws is not None and isinstance(exception, throws)


def _in_ms(waits: Sequence[timedelta]) -> list[int]:
    return [round(wait.total_seconds() * 1000) for wait in waits]


def _rest_ms(exception: Transient | Permanent) -> int:
    return round((exception.retry_after_s or _REST_S) * 1000)


def _wait(backoff_ms: int, exception: BaseException) -> int:
    asked = 0.0
    if isinstance(exception, Transient):
        asked = (exception.retry_after_s or 0.0) * 1000
    elif isinstance(exception, Retry) and exception.delay is not None:
        return exception.delay
    return max(backoff_ms, round(asked))


def describe(exception: BaseException) -> tuple[str, str, str]:
    """An exception as (outcome, code, error) for a job's history: no personal data.

    The texts of our own errors are redacted where they are made; of others only the type and the place are told.
    """
    if isinstance(exception, DeliveryError):
        return exception.outcome, exception.provider_code, exception.message
    if isinstance(exception, NotifyError):
        return exception.code, "", exception.message
    frames = traceback.extract_tb(exception.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return "error", type(exception).__name__, f"{type(exception).__name__}{place}"


def _told(message: NotifyMessage, exception: BaseException) -> str:
    """What failed, in one line: of several providers the last one asked, as delivery told of those before it."""
    if message.tries and isinstance(exception, DeliveryError):
        last = message.tries[-1]
        parts = (last["provider"], f"{last['outcome']} {last.get('provider_code', '')}", last.get("error", ""))
    else:
        parts = (getattr(exception, "provider", ""), f"{message.outcome} {message.code}", message.error)
    return ": ".join(part.strip() for part in parts if part.strip())


def _words(disposition: Disposition) -> str:  # noqa: PLR0911 - one table, a row each
    match disposition:
        case RetryAt(delay_ms):
            return f"again in {delay_ms / 1000:g} s"
        case Bury(reason):
            return f"dead ({reason})"
        case Release(block_ms, reason, account):
            rests = f", the queue rests for {block_ms / 1000:g} s ({reason})" if block_ms else ""
            return f"back in line{rests}{'; dead where it alone is refused' if account else ''}"
        case Doubt(delay_ms):
            return f"outcome unknown: looked up in {delay_ms / 1000:g} s"
        case Resend():
            return "outcome unknown: sent once more, which may be a duplicate"
        case Cancel(reason):
            return f"cancelled ({reason})"
        case Complete():
            return "completed"
