"""Queues as records."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from notifyctl.errors import SpoolError
from notifyctl.views.circuits import open_circuits
from notifyctl.views.places import told_route
from notifyctl.views.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from notifyctl.app import App
    from notifyctl.engine.minutes import Minute

__all__ = ["minute_record", "queue_records", "spooled", "whole_queue_record"]


def queue_records(app: App, names: Sequence[str], *, tell: Callable[[str], None] | None = None) -> list[dict[str, Any]]:
    """Queues as records: their numbers, their state in a word, their processes, and providers that are not asked.

    Args:
        app: Where they are.
        names: Which ones.
        tell: Told, in a sentence, if this machine's spool cannot be counted.

    Raises:
        UnknownQueue: There is no such queue.
        BrokerUnavailable: Redis cannot be reached.
    """
    counts = spooled(app, tell)
    working = [one.report.queues for one in app.fleet.workers() if one.state != "draining"]
    return [
        _record(app, name, None if counts is None else counts.get(name, 0), sum(name in queues for queues in working))
        for name in names
    ]


def whole_queue_record(app: App, queue: str) -> dict[str, Any]:
    """A queue as a record, with how the settings say that it is worked on.

    Raises:
        UnknownQueue: There is no such queue.
        BrokerUnavailable: Redis cannot be reached.
    """
    (found,) = queue_records(app, [queue])
    return {**found, **_settings_of(app, queue)}


def _settings_of(app: App, queue: str) -> dict[str, Any]:
    """How the settings say that a queue is worked on; nothing for one that only the server knows."""
    from notifyctl.notification import Channel
    from notifyctl.units import format_duration

    settings = app.settings.queues.get(queue)
    if settings is None:
        return {}
    return {
        "configured_rate": str(settings.rate),
        "concurrency": settings.concurrency,
        "retry_delays": [format_duration(delay) for delay in settings.retry_delays],
        "look_ups": [format_duration(moment) for moment in settings.look_ups],
        "unknown_outcome": settings.unknown_outcome,
        "route": told_route(app, Channel(queue)),
    }


def minute_record(minute: Minute) -> dict[str, Any]:
    """What happened to a queue's jobs in one minute, as a record."""
    counts = asdict(minute)
    return {"at": iso(counts.pop("at_ms")), **counts}


def spooled(app: App, tell: Callable[[str], None] | None = None) -> Mapping[str, int] | None:
    """How many messages of each queue lie in this machine's spool; None where nobody can say, of which it tells."""
    try:
        return app.spool.counts().queues
    except SpoolError as error:
        if tell is not None:
            tell(error.message)
        return None


def _record(app: App, name: str, spooled: int | None, workers: int) -> dict[str, Any]:
    found = asdict(app.inspector.stats(name))
    states = {"paused": found["paused"], "blocked": found["blocked_ms"], "trial": found["trial"]}
    state = next((word for word, is_so in states.items() if is_so), "running")
    return {**found, "state": state, "workers": workers, "circuits": open_circuits(app, name), "spooled": spooled}
