"""The one caller of the enqueue script: new jobs on their way into their queues, in one round trip for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.engine.jobs import Enqueued, Enqueuing
from notifyctl.lua import load_script, run_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from notifyctl.engine.jobs import NewJob
    from notifyctl.engine.replicas import Replicas
    from notifyctl.engine.scripts import Scripts
    from notifyctl.lua import Call

__all__ = ["enqueue_all"]

_ENQUEUE = load_script(__package__, "enqueue")


def enqueue_all(
    client: redis.Redis, jobs: Sequence[tuple[Scripts, NewJob]], replicas: Replicas
) -> list[Enqueued | Exception]:
    """Enqueue jobs, each by the scripts of its queue; for each its answer, or what went wrong with it.

    In a cluster it takes a round trip for each queue, as their slots may be on different servers.

    Raises:
        Unreplicated: They are there, but not on as many replicas as asked for.
    """
    endings = [replicas.ending(meta) for meta in dict.fromkeys(scripts.keys.meta for scripts, _ in jobs)]
    answers = run_many(
        client, [_call(scripts, job) for scripts, job in jobs], [word for one in endings for word in one]
    )
    replies, confirmed = answers[: len(jobs)], answers[len(jobs) :]
    if not any(isinstance(reply, Exception) for reply in replies):
        size = len(endings[0]) if endings else 0
        parts = [confirmed[start : start + size] for start in range(0, len(confirmed), size or 1)]
        if not all(replicas.have_it(part) for part in parts):
            raise replicas.short([_text(job_id) for _, job_id in replies])
    return [
        reply if isinstance(reply, Exception) else Enqueued(Enqueuing(_text(reply[0])), _text(reply[1]))
        for reply in replies
    ]


def _call(scripts: Scripts, job: NewJob) -> Call:
    k = scripts.keys
    own = k.job(job.job_id)
    keys = [k.waiting, k.delayed, k.meta, k.wake, own]
    keys += (k.idempotency(job.idempotency) if job.idempotency else own, k.gone(job.job_id))
    keys += (*k.counters, *map(k.idempotency, job.unless))
    args: list[Any] = [
        scripts.clock() if scripts.clock else 0, job.job_id, job.message, job.payload, int(job.lane), job.due_at_ms,
        job.delay_ms, job.expires_at_ms, job.digest if job.idempotency else "", k.prefix, " ".join(job.indexes),
    ]  # fmt: skip
    for field, value in job.fields.items():
        args += (field, value)
    if job.idempotency:
        args += ("idem", job.idempotency)
    if job.indexes:
        args += ("indexes", " ".join(job.indexes))
    return _ENQUEUE, keys, args


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
