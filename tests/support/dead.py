"""Dead letters as a worker leaves them, for tests of those who deal with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.scripts import Scripts

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.replay import Replay

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


def carry_out(app: App, *replay_ids: str) -> list[Replay]:
    """Take all steps of these bulk replays at once, of all that run by default, as a worker does; how they ended."""
    steps = Steps(app.inspector.client, app.settings.namespace)
    running = replay_ids or tuple(one.replay_id for one in app.replays.list() if one.state == "running")
    for replay_id in running:
        while (led := steps.lead(replay_id, "w-test", 5_000)) is not None:
            steps.take(led)
    return [app.replays.get(replay_id) for replay_id in running]
