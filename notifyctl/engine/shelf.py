"""The one caller of the shelve script: what may not wait in line is kept where people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.engine.states import State
from notifyctl.lua import load_script

if TYPE_CHECKING:
    from notifyctl.engine.jobs import NewJob
    from notifyctl.engine.scripts import Scripts

__all__ = ["shelve"]

_SHELVE = load_script(__package__, "shelve")


def shelve(scripts: Scripts, job: NewJob, state: State, reason: str, why: str, cancelled_ms: int) -> str:
    """Keep a new job among the dead or the cancelled ones; ``done``, or ``exists`` where its id is known.

    Args:
        scripts: Of its queue.
        job: The job.
        state: ``dead`` or ``cancelled``.
        reason: Why, one word.
        why: The same in words.
        cancelled_ms: How long it is kept where it is cancelled.
    """
    k = scripts.keys
    own = k.job(job.job_id)
    idem = k.idempotency(job.idempotency) if job.idempotency else own
    args: list[Any] = [
        scripts.clock() if scripts.clock else 0, job.job_id, job.message, job.payload, int(job.lane), state.value,
        reason, why, cancelled_ms, job.digest if job.idempotency else "", k.prefix, " ".join(job.indexes),
    ]  # fmt: skip
    for field, value in job.fields.items():
        args += (field, value)
    if job.indexes:
        args += ("indexes", " ".join(job.indexes))
    ended = k.dead if state is State.DEAD else k.cancelled
    answer = _SHELVE(scripts.client, [ended, k.failed, k.meta, own, idem, k.gone(job.job_id), *k.counters], args)
    return answer.decode() if isinstance(answer, bytes) else str(answer)
