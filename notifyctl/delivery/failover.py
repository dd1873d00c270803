"""Which provider a message goes to: the first that takes it, each asked once in one attempt.

The next one is asked only when the one before surely did not take the message *and* another route can help. A
refusal that is about this recipient or this content would be the same everywhere; and an outcome in doubt is
not to be mended by a second send. Knows no queue and no vendor.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from notifyctl.delivery.job import ProviderTry
from notifyctl.errors import ConfigError, DeliveryError, Permanent, Scope, Throttled, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.delivery.job import Job
    from notifyctl.notification import Sent
    from notifyctl.providers.base import Provider

__all__ = ["Route"]

P = TypeVar("P")

_log = logging.getLogger(__name__)


class Route(Generic[P]):
    """The providers of one channel, in the order in which they are asked.

    A provider that asked for less, and said for how long, is left alone for so long by this process, while there is
    another one. Where there is none, it is the queue that waits.

    Raises:
        ConfigError: If there is none.
    """

    def __init__(self, providers: Sequence[Provider[P]]) -> None:
        if not providers:
            raise ConfigError("a channel needs at least one provider")
        self.providers = tuple(providers)
        self._rests: dict[str, _Rest] = {}

    def send(self, job: Job, payload: P) -> Sent:
        """Hand the message to the first provider that takes it.

        Returns:
            That provider's acceptance; the job has it already.

        Raises:
            StaleLease: If the job is no longer ours. DeliveryError: If nobody surely took it: what the last
            provider asked said, or, where all were asked in
                vain, the failure that leaves most hope.
        """
        resting = {provider.name: rest for provider in self.providers if (rest := self._resting(provider.name))}
        if len(resting) == len(self.providers):
            resting = {}  # the queue has waited, or somebody told it not to
        failures: list[DeliveryError] = [*resting.values()]
        asked: DeliveryError | None = None
        for provider in self.providers:
            if provider.name in resting:
                continue
            job.begin(provider.name)
            if asked is not None:
                _log.warning(
                    "job %s, attempt %d: %s; %s is asked next", job.job_id, job.attempt, _told(asked), provider.name
                )
            try:
                return _ask(provider, job, payload)
            except DeliveryError as failure:
                if isinstance(failure, Throttled) and failure.retry_after_s is not None:
                    self._rests[provider.name] = _Rest(failure, time.monotonic() + failure.retry_after_s)
                if not _another_may_help(failure):
                    raise
                asked = failure
                failures.append(failure)
        raise _most_hopeful(failures)

    def close(self) -> None:
        """Close the providers' connections."""
        for provider in self.providers:
            provider.close()

    def _resting(self, name: str) -> Throttled | None:
        """Return what a provider said that is still to be left alone, with the rest of its wait."""
        rest = self._rests.get(name)
        left_s = rest.until - time.monotonic() if rest else 0.0
        if rest is None or left_s <= 0:
            return None
        said = rest.said
        return Throttled(said.message, provider=name, provider_code=said.provider_code, retry_after_s=left_s)


@dataclass(frozen=True, slots=True)
class _Rest:
    """Until when a provider is left alone, by the monotonic clock, and what it said."""

    said: Throttled
    until: float


def _ask(provider: Provider[P], job: Job, payload: P) -> Sent:
    """Send, and leave what came of it with the job. Of a failure, whoever decides what follows writes the log."""
    start = time.monotonic()
    try:
        sent = provider.send(payload)
    except DeliveryError as failure:
        tried = ProviderTry(provider.name, failure.outcome, failure.provider_code, failure.message, _ms_since(start))
        job.tried(tried)
        raise
    except Exception as crash:
        # its text may hold anything; the traceback is the caller's to log
        job.tried(ProviderTry(provider.name, "crashed", "", type(crash).__name__, _ms_since(start)))
        raise
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


def _another_may_help(failure: DeliveryError) -> bool:
    if isinstance(failure, Permanent):
        return failure.scope is Scope.ACCOUNT
    return isinstance(failure, Transient)


def _most_hopeful(failures: Sequence[DeliveryError]) -> DeliveryError:
    """Return the failure that decides, of providers that all surely took nothing.

    An account fault says nothing about the other providers. Where these are all throttled, the one that is
    ready soonest sets the pause, which uses no attempt; where one of them failed otherwise, a retry may
    succeed there.
    """
    passing = [failure for failure in failures if isinstance(failure, Transient)]
    if not passing:
        return failures[0]
    failed = [failure for failure in passing if not isinstance(failure, Throttled)]
    return failed[0] if failed else min(passing, key=_wait_s)


def _wait_s(failure: Transient) -> float:
    return math.inf if failure.retry_after_s is None else failure.retry_after_s


def _ms_since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
