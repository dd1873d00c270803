"""Which provider a message goes to: the first that takes it, each asked once in one attempt.

The next one is asked only when the one before surely did not take the message *and* another route can help. A
refusal that is about this recipient or this content would be the same everywhere; and an outcome in doubt, such as a
crash of the provider's own code, is not to be mended by a second send. A provider whose circuit is open is passed
over. Knows no queue and no vendor.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from notifyctl.delivery.circuits import UNTRIED, WORKS, Admitted, Kind, Verdict
from notifyctl.delivery.crash import log_crash
from notifyctl.delivery.job import ProviderTry
from notifyctl.errors import ConfigError, DeliveryError, InDoubt, NoProvider, Permanent, Scope, Throttled, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.delivery.circuits import Admission
    from notifyctl.delivery.job import Job
    from notifyctl.notification import Sent
    from notifyctl.providers.base import Provider

__all__ = ["Breaker", "Route"]

P = TypeVar("P")

_log = logging.getLogger(__name__)

#: After how many seconds a provider is worth asking again of which nobody knows that; and after how many at most, as
#: somebody may have changed his mind meanwhile.
_SOON_S, _LONGEST_S = 1.0, 60.0
#: How long to wait, at most, until sends in progress let one more begin, and how often to ask.
_PATIENCE_S, _PAUSE_S = 1.0, 0.05


class Breaker(Protocol):
    """The port to whatever remembers which providers are worth asking; `notifyctl.delivery.circuits` is one."""

    def admit(self, provider: str) -> Admission:
        """Ask whether a provider may be asked now.

        Raises:
            BrokerUnavailable: Nobody can say.
        """
        ...

    def report(self, admission: Admission, verdict: Verdict) -> float | None:
        """Tell what came of it; the seconds until asking is worth it again, where known. Must not fail."""
        ...


class Route(Generic[P]):
    """The providers of one channel, in the order in which they are asked.

    Args:
        providers: At least one.
        circuits: Says of each provider whether it is worth asking.

    Raises:
        ConfigError: If there is no provider.
    """

    def __init__(self, providers: Sequence[Provider[P]], circuits: Breaker) -> None:
        if not providers:
            raise ConfigError("a channel needs at least one provider")
        self.providers = tuple(providers)
        self._circuits = circuits

    def send(self, job: Job, payload: P) -> Sent:
        """Hand the message to the first provider that takes it.

        Returns:
            That provider's acceptance; the job has it already.

        Raises:
            StaleLease: If the job is no longer ours.
            BrokerUnavailable: Nobody can say that, or whether a provider is worth asking.
            NoProvider: If no provider is to be asked now.
            DeliveryError: If nobody surely took it: what the last provider asked said, or, where all were asked in
                vain, the failure that leaves most hope.
        """
        failures: list[Transient | Permanent] = []
        for provider in self.providers:
            try:
                return self._try(provider, job, payload, failures)
            except (Transient, Permanent) as failure:
                if not _another_may_help(failure):
                    raise
                failures.append(failure)
        raise _most_hopeful(failures)

    def close(self) -> None:
        """Close the providers' connections."""
        for provider in self.providers:
            provider.close()

    def _try(self, provider: Provider[P], job: Job, payload: P, before: Sequence[DeliveryError]) -> Sent:
        """Ask one provider, if it is worth it, and tell its circuit what that showed."""
        admission = self._admitted(provider.name)
        try:
            if admission.word is Admitted.PROBE:
                self._check(provider, admission)
            job.begin(provider.name)
            _log_the_way(job, before, provider.name)
            sent = _ask(provider, job, payload)
        except NoProvider:
            raise
        except DeliveryError as failure:
            wait_s = self._circuits.report(admission, Verdict.of(failure))
            _limit_rest(failure, wait_s)
            raise
        except BaseException:
            self._circuits.report(admission, UNTRIED)
            raise
        self._circuits.report(admission, WORKS)
        return sent

    def _admitted(self, name: str) -> Admission:
        """Ask whether a provider may be asked, for a moment again and again where that depends on sends in progress.

        Raises:
            NoProvider: It may not.
            BrokerUnavailable: Nobody can say.
        """
        end = time.monotonic() + _PATIENCE_S
        admission = self._circuits.admit(name)
        while admission.word is Admitted.SOON and time.monotonic() < end:
            time.sleep(_PAUSE_S)
            admission = self._circuits.admit(name)
        if admission.word in (Admitted.NO, Admitted.SOON):
            raise _not_asked(admission.reason, name, admission.wait_ms / 1000)
        return admission

    def _check(self, provider: Provider[P], admission: Admission) -> None:
        """Ask a provider that was in trouble whether it works, before a message is risked.

        Raises:
            NoProvider: It does not, still.
        """
        try:
            provider.check()
        except DeliveryError as failure:
            wait_s = self._circuits.report(admission, Verdict.of(failure))
            raise _not_asked(failure.message, provider.name, wait_s or _SOON_S) from failure
        except Exception as crash:  # noqa: BLE001 - a vendor's code may raise anything
            told = f"its check crashed: {log_crash(crash, f'the check of {provider.name}')}"
            wait_s = self._circuits.report(admission, Verdict(Kind.FAILING, told))
            raise _not_asked(told, provider.name, wait_s or _SOON_S) from None


def _not_asked(reason: str, name: str, wait_s: float) -> NoProvider:
    return NoProvider(f"{name} is not asked: {reason}", provider=name, retry_after_s=min(wait_s, _LONGEST_S))


def _limit_rest(failure: DeliveryError, wait_s: float | None) -> None:
    """Have the queue rest until the circuit lets somebody ask, and look again after a minute."""
    if isinstance(failure, Throttled) or (isinstance(failure, Permanent) and failure.scope is Scope.ACCOUNT):
        asked_s = wait_s or failure.retry_after_s
        failure.retry_after_s = None if asked_s is None else min(asked_s, _LONGEST_S)


def _log_the_way(job: Job, before: Sequence[DeliveryError], name: str) -> None:
    """Say why the provider before this one did not take it. One that was not asked is no news: its circuit was."""
    if before and not isinstance(before[-1], NoProvider):
        _log.warning("job %s, attempt %d: %s; %s is asked next", job.job_id, job.attempt, _told(before[-1]), name)


def _ask(provider: Provider[P], job: Job, payload: P) -> Sent:
    """Send, and leave what came of it with the job. Of a failure, whoever decides what follows writes the log."""
    start = time.monotonic()
    try:
        sent = provider.send(payload)
    except DeliveryError as failure:
        tried = ProviderTry(provider.name, failure.outcome, failure.provider_code, failure.message, _ms_since(start))
        job.tried(tried)
        raise
    except Exception as crash:  # noqa: BLE001 - a vendor's code may raise anything
        told = log_crash(crash, f"{provider.name}, asked to send job {job.job_id},")
        job.tried(ProviderTry(provider.name, "crashed", "", told, _ms_since(start)))
        raise InDoubt(f"{provider.name} crashed: {told}", provider=provider.name, provider_code="crashed") from None
    duration_ms = _ms_since(start)
    job.accepted(sent)
    job.tried(ProviderTry(provider.name, "sent", "", "", duration_ms))
    _log.info(
        "%s accepted job %s in attempt %d as %s after %d ms%s",
        sent.provider,
        job.job_id,
        job.attempt,
        sent.provider_id or "(no id)",
        duration_ms,
        ", possibly a duplicate" if job.possible_duplicate else "",
    )
    return sent


def _told(failure: DeliveryError) -> str:
    return f"{failure.provider}: {failure.outcome} {failure.provider_code}: {failure.message}"


def _another_may_help(failure: Transient | Permanent) -> bool:
    return isinstance(failure, Transient) or failure.scope is Scope.ACCOUNT


def _most_hopeful(failures: Sequence[Transient | Permanent]) -> DeliveryError:
    """Return the failure that decides, of providers that all surely took nothing.

    Where one of them failed otherwise, a retry may succeed there. An account fault comes next: it may be about this
    message alone, and is counted against it. Where all are throttled or were not asked, the one that is ready soonest
    sets the pause, which uses no attempt.
    """
    passing = [failure for failure in failures if isinstance(failure, Transient)]
    failed = [failure for failure in passing if not isinstance(failure, Throttled | NoProvider)]
    if failed:
        return failed[0]
    refused = [failure for failure in failures if isinstance(failure, Permanent)]
    if refused:
        soonest_s = min(map(_wait_s, failures))
        refused[0].retry_after_s = None if soonest_s == math.inf else soonest_s
        return refused[0]
    first = min(passing, key=_wait_s)
    if isinstance(first, NoProvider):
        why = "; ".join(failure.message for failure in passing if isinstance(failure, NoProvider))
        return NoProvider(why, provider=first.provider, retry_after_s=first.retry_after_s)
    return first


def _wait_s(failure: Transient | Permanent) -> float:
    return math.inf if failure.retry_after_s is None else failure.retry_after_s


def _ms_since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
