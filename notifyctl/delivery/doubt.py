"""Finding out what became of a send whose answer was lost: asked of the provider that it was begun at. Sends nothing.

Knows no queue and no vendor. How often and when it is asked, and what follows where it finds nothing, is the queue's
business.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

from notifyctl.delivery.crash import log_crash
from notifyctl.delivery.job import ProviderTry
from notifyctl.errors import DeliveryError, InDoubt
from notifyctl.providers.base import Finder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notifyctl.delivery.job import Asked, Job
    from notifyctl.providers.base import Provider

__all__ = ["look_up"]

P = TypeVar("P")

_log = logging.getLogger(__name__)


def look_up(job: Job, payload: P, asked: Asked, providers: Iterable[Provider[P]]) -> None:
    """Leave a provider's acceptance with the job, where that provider knows of one.

    Args:
        job: The job.
        payload: What was sent, rendered again.
        asked: Which provider was asked, and when.
        providers: Those of the channel.

    Raises:
        InDoubt: Nothing was found, or the provider cannot be asked.
        DeliveryError: The provider knows that it did not arrive, and why.
    """
    provider: Any = next((one for one in providers if one.name == asked.provider), None)
    if not isinstance(provider, Finder):
        raise InDoubt(f"{asked.provider or 'the provider'} cannot be asked for it", provider=asked.provider)
    start = time.monotonic()
    try:
        sent = provider.find(payload, asked.at_ms)
    except DeliveryError as failure:
        word = "look_up_failed" if isinstance(failure, InDoubt) else failure.outcome
        job.tried(ProviderTry(provider.name, word, failure.provider_code, failure.message, _ms_since(start)))
        raise
    except Exception as crash:  # noqa: BLE001 - a vendor's code may raise anything
        told = log_crash(crash, f"{provider.name}, asked what became of job {job.job_id},")
        job.tried(ProviderTry(provider.name, "look_up_failed", "crashed", told, _ms_since(start)))
        raise InDoubt(f"{provider.name} crashed: {told}", provider=provider.name, provider_code="crashed") from None
    if sent is None:
        nothing = f"{provider.name} knows of no such message"
        job.tried(ProviderTry(provider.name, "not_found", "", nothing, _ms_since(start)))
        raise InDoubt(nothing, provider=provider.name)
    job.accepted(sent)
    job.tried(ProviderTry(provider.name, "found", "", "", _ms_since(start)))
    _log.info("%s had accepted job %s as %s: its doubt is settled", sent.provider, job.job_id, sent.provider_id)


def _ms_since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
