"""The workers: whether anybody takes what waits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from notifyctl.clock import now_ms
from notifyctl.connection import translated
from notifyctl.doctor.finding import Finding, Status
from notifyctl.engine.fleet import Fleet
from notifyctl.engine.keys import QueueKeys
from notifyctl.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import redis

    from notifyctl.engine.fleet import Worker
    from notifyctl.settings import Settings

__all__ = ["check_workers"]

_NAME: Final = "workers"


def check_workers(settings: Settings, client_factory: Callable[[], redis.Redis]) -> Finding:
    """Return whether each queue that has work has a worker."""
    try:
        with translated(), client_factory() as client:
            waiting = {queue: _due(client, QueueKeys(settings.namespace, queue)) for queue in settings.queues}
            workers = Fleet(client, settings.namespace).workers()
    except NotifyError as error:
        return Finding(_NAME, Status.FAIL, error.message, error.hint)
    return _judge(waiting, workers)


def _due(client: redis.Redis, keys: QueueKeys) -> int:
    """How many jobs may go now."""
    return int(client.zcard(keys.waiting)) + int(client.zcount(keys.delayed, "-inf", now_ms()))


def _judge(waiting: Mapping[str, int], workers: Sequence[Worker]) -> Finding:
    taken = {queue for worker in workers if worker.state != "draining" for queue in worker.report.queues}
    left = {queue: count for queue, count in waiting.items() if count and queue not in taken}
    if left:
        told = " and ".join(f"{count} on {queue}" for queue, count in left.items())
        remedy = "Start one: notifyctl worker, or the service that runs it."
        return Finding(_NAME, Status.WARN, f"messages wait, {told}, and no worker takes them", remedy)
    if not workers:
        return Finding(_NAME, Status.OK, "none runs, and nothing waits")
    versions = Counter(worker.report.version for worker in workers)
    hosts = len({worker.report.host for worker in workers})
    told = ", ".join(f"{count} of version {version}" for version, count in versions.items())
    return Finding(_NAME, Status.OK, f"{told} on {hosts} host{'s' if hosts > 1 else ''}")
