"""How long it takes to count, choose and send again dead letters of mixed causes, against reading every job.

    python -m bench.dead_letters [--jobs 100000]

Plants them in a private server, each as a worker buries it, and prints the times and what each is of the time that it
takes to read all jobs one by one in pipelines, as a script written in a hurry would.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notifyctl.app import App, build
from notifyctl.connection import connect, pipelined
from notifyctl.embedded import private_server
from notifyctl.engine.ids import new_id
from notifyctl.engine.jobs import Job
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from notifyctl.engine.tally import By
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1_000
_HOUR_MS = 3_600_000
_DEAD = JobFilter(states=(State.DEAD,))
#: What they died of: how many in ten, provider, code, error, reason.
_CAUSES = (
    (4, "sendgrid", "401", "the API key is refused", "account"),
    (3, "smtp", "550", "550 5.1.1 no such mailbox here", "permanent"),
    (2, "sendgrid", "503", "upstream is away", "retries_exhausted"),
    (1, "smtp", "timeout", "no answer within 10 s", "unknown_outcome"),
)
_TEMPLATES = ("order_confirmation", "order_shipped", "order_delivered")


def plant(app: App, count: int, *, last_ms: int, over_ms: int = 24 * _HOUR_MS) -> None:
    """Put so many dead letters into the email queue, their deaths spread evenly over this time before that moment."""
    keys = QueueKeys(app.settings.namespace, "email")
    client = connect(app.target, role="operator")
    client.sadd(f"{app.settings.namespace}:queues", "email")
    causes = [cause for cause in _CAUSES for _ in range(cause[0])]
    for start in range(0, count, _CHUNK):
        commands: list[tuple[Any, ...]] = []
        died: dict[str, int] = {}
        for number in range(start, min(count, start + _CHUNK)):
            job_id, at_ms = new_id(), last_ms - over_ms + over_ms * number // count
            fields = _fields(number, at_ms, causes[number % len(causes)])
            commands.append(("HSET", keys.job(job_id), *(part for field in fields.items() for part in field)))
            died[job_id] = at_ms
        pipelined(client, commands, raising=True)
        client.zadd(keys.dead, died)
        client.zadd(keys.failed, died)


def _fields(number: int, at_ms: int, cause: tuple[int, str, str, str, str]) -> dict[str, Any]:
    _, provider, code, error, reason = cause
    template, order_id = _TEMPLATES[number % 3], str(10_000 + number)
    data = {
        "order": {"number": order_id, "total": "29.35", "items": [{"name": "A mug", "count": 2, "price": "12.50"}] * 3}
    }
    about = Notification(Channel.EMAIL, Recipient(f"c{number}@example.com", "Ada"), template, data, order_id)
    said = {"provider": provider, "outcome": "transient", "provider_code": code, "error": error, "duration_ms": 118}
    runs = {
        f"attempt:{run}": json.dumps(
            {
                "attempt": run, "started_at_ms": at_ms - 15_000 * (4 - run), "duration_ms": 120, "outcome": "transient",
                "code": code, "error": error, "tries": [said],
            }
        )
        for run in range(1, 5)
    }  # fmt: skip
    return {
        "state": "dead", "lane": 1, "seq": number, "message": "{}", "payload": about.encode(), "expires_at": 0,
        "created_at": at_ms - 60_000, "finished_at": at_ms, "attempt": 4, "runs": 4, "lease": "", "reason": reason,
        "template": template, "order": order_id, "provider": provider, **runs,
    }  # fmt: skip


def timed(what: str, act: Callable[[], Any], against: float = 0.0) -> float:
    """Do it, print how long that took and what came of it; the seconds."""
    start = time.perf_counter()
    found = act()
    took = time.perf_counter() - start
    ratio = f"  {took / against:6.1%} of reading all" if against else ""
    print(f"{what:34} {took:7.2f} s{ratio}   {found}", flush=True)
    return took


def read_all(app: App) -> int:
    """Read every dead letter into this process."""
    client, keys = app.inspector.client, QueueKeys(app.settings.namespace, "email")
    ids: Any = client.zrange(keys.dead, 0, -1)
    count = 0
    for start in range(0, len(ids), 500):
        part = [job_id.decode() for job_id in ids[start : start + 500]]
        hashes = pipelined(client, [("HGETALL", keys.job(job_id)) for job_id in part], raising=True)
        count += len([Job.parse("email", job_id, fields) for job_id, fields in zip(part, hashes, strict=True)])
    return count


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100_000)
    options = parser.parse_args()
    with private_server() as server:
        app = build(Settings.load(redis={"url": server.url}))
        now_ms = time.time_ns() // 1_000_000
        timed(f"plant {options.jobs}", lambda: plant(app, options.jobs, last_ms=now_ms))
        inspector = app.inspector
        slow = timed("read all", lambda: read_all(app))
        for by in By:
            timed(f"count by {by}", lambda by=by: len(inspector.tally(by, _DEAD)), slow)  # type: ignore[misc]  # by=by binds it now
        timed("first page of a rare code", lambda: len(inspector.find(replace(_DEAD, code="timeout")).jobs), slow)
        where = JobFilter(code="401", since_ms=now_ms - 12 * _HOUR_MS)
        timed("dry run of a filter", lambda: app.replays.plan(where).will_go, slow)
        timed("dry run of all", lambda: app.replays.plan(JobFilter()).will_go, slow)
        replay = app.replays.start(JobFilter(code="401"))
        timed("send one cause on, no rate", lambda: _carried_out(app, replay.replay_id), slow)
        timed("purge the rest", lambda: inspector.purge(JobFilter()).purged, slow)


def _carried_out(app: App, replay_id: str) -> str:
    """Take all of a replay's steps as one worker does; its counts add up to the last one."""
    steps = Steps(connect(app.target, role="worker"), app.settings.namespace)
    while (led := steps.lead(replay_id, "bench", 5_000)) is not None:
        steps.take(led)
    done = app.replays.get(replay_id)
    assert done.replayed + sum(done.skipped.values()) + done.failed == done.total
    return f"{done.replayed} of {done.total}"


if __name__ == "__main__":
    main()
