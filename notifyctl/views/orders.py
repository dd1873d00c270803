"""Orders as records: all messages about one, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.errors import JobNotFound
from notifyctl.views.jobs import attempt_rows, job_record
from notifyctl.views.story import step_record, story, what_next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import Job

__all__ = ["jobs_of_order", "story_records"]

_MOST = 500


def jobs_of_order(inspector: Inspector, order_id: str) -> list[Job]:
    """All messages about an order, the oldest first.

    Raises:
        JobNotFound: There is none.
        BrokerUnavailable: Redis cannot be reached.
    """
    from notifyctl.engine.search import JobFilter

    jobs = inspector.find(JobFilter(order_id=order_id), limit=_MOST).jobs[::-1]
    if not jobs:
        raise JobNotFound(
            f"no message about order {order_id!r}",
            hint="Either none followed from it, or their retention is over. Give the shop system's own id.",
        )
    return jobs


def story_records(inspector: Inspector, jobs: Sequence[Job], *, reveal: bool = False) -> list[dict[str, Any]]:
    """Messages as records, each with its attempts, what happened to it in words, and what happens next."""
    stats = {queue: inspector.stats(queue) for queue in {job.queue for job in jobs}}
    return [
        {
            **job_record(job, reveal=reveal),
            "attempts": attempt_rows(job),
            "steps": [step_record(step) for step in story([job])],
            "next": what_next(job, stats[job.queue]),
        }
        for job in jobs
    ]
