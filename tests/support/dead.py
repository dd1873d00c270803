"""Dead letters as a worker leaves them, for tests of those who deal with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts

if TYPE_CHECKING:
    from notifyctl.app import App

REFUSED = {"attempt": 1, "outcome": "permanent", "code": "550", "error": "no such recipient"}


def bury(app: App, count: int, *, queue: str = "email", reason: str = "permanent", **record: object) -> list[str]:
    """Have a worker take so many jobs of a queue, and give them up for this reason; their ids."""
    scripts = Scripts(app.client("operator"), QueueKeys(app.settings.namespace, queue))
    worker = f"w-{scripts.client.incr('test:buried')}"
    batch = scripts.take(
        worker, 1, count, lease_ms=10_000, rate="0/1", gap_ms=5_000, block_ms=1_000, cancelled_ms=60_000
    )
    for job in batch.jobs:
        scripts.bury(job.job_id, job.token, reason, json.dumps({**REFUSED, **record}))
    assert len(batch.jobs) == count
    return [job.job_id for job in batch.jobs]
