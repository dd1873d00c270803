"""Looks at both ends once a run is over: what the queue says, what the providers hold, and whether that agrees."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from notifyctl.app import build
from notifyctl.clock import now_ms
from notifyctl.engine.jobs import Job
from notifyctl.engine.keys import QueueKeys
from notifyctl.settings import Settings
from tests.chaos.providers.ledger import read
from tests.chaos.verdict import Breach, breaches, cases
from tests.support.receivers import busiest
from tests.support.seed import check_invariants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis

    from tests.chaos.mayhem import Mayhem
    from tests.chaos.providers.ledger import Copy
    from tests.chaos.receiving import Receiving
    from tests.chaos.scenario import Scenario
    from tests.chaos.verdict import Case

__all__ = ["QUEUES", "Outcome", "audit"]

QUEUES = {name: QueueKeys("notifyctl", name) for name in ("email", "whatsapp")}
_PROVIDERS = ("sendgrid", "smtp", "twilio")


@dataclass(slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        breaches: The promises that were broken; none: all held.
        figures: What there was to count, in order.
    """

    breaches: list[Breach] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def audit(scenario: Scenario, url: str, client: redis.Redis, receiving: Receiving, mayhem: Mayhem) -> Outcome:
    """Count, and hold the promises against it."""
    copies, faults = read(receiving.ledger)
    jobs = _jobs(client)
    found = cases(scenario.orders, jobs, copies, mayhem.kills)
    outcome = Outcome(breaches(found, scenario.policy))
    for queue, keys in QUEUES.items():
        try:
            check_invariants(client, keys, now_ms())
        except AssertionError as error:
            outcome.breaches.append(Breach("one_state_each", queue, "", "", str(error)))
    outcome.breaches += _limits(scenario, client, copies)
    outcome.breaches += _counts(scenario, url, client, jobs)
    outcome.figures = _figures(scenario, found, copies, faults, mayhem)
    return outcome


def _jobs(client: redis.Redis) -> list[Job]:
    """Every job there is."""
    jobs = []
    for queue, keys in QUEUES.items():
        names = list(client.scan_iter(keys.job("*"), count=1000))
        with client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(name)
            for name, fields in zip(names, pipe.execute(), strict=True):
                jobs.append(Job.parse(queue, name.decode().removeprefix(keys.job("")), fields))
    return jobs


def _counts(scenario: Scenario, url: str, client: redis.Redis, jobs: Sequence[Job]) -> list[Breach]:
    """Stats add up: every message has ended, and is counted once; as failed, too, where it had been given up before."""
    wrong = []
    inspector = build(Settings.load(redis={"url": url})).inspector
    for queue, keys in QUEUES.items():
        stats = inspector.stats(queue)
        ended = stats.completed + stats.dlq + stats.cancelled
        live = stats.waiting + stats.active + stats.delayed
        found = {job.job_id: job.state.value for job in jobs if job.queue == queue}
        counted = Counter(found.values())
        # late evidence completes what was dead by then
        failed = cast("list[bytes]", client.zrange(keys.failed, 0, -1))
        late = sum(found[name.decode()] == "completed" for name in failed)
        dead = stats.failed - late
        if (ended, live, dead) != (scenario.orders, 0, stats.dlq) or counted["completed"] != stats.completed:
            wrong.append(Breach("stats_add_up", queue, "", "", f"{stats}, late {late}, jobs {dict(counted)}"))
    return wrong


def _busiest(copies: Sequence[Copy], provider: str) -> int:
    return busiest(sorted(copy.start for copy in copies if copy.provider == provider), 1.0)


def _busiest_start(client: redis.Redis, keys: QueueKeys) -> int:
    """The most sends that the server let begin in one second; of a job that was sent again, the last."""
    with client.pipeline(transaction=False) as pipe:
        for name in client.scan_iter(keys.job("*"), count=1000):
            pipe.hget(name, "start_us")
        return busiest(sorted(int(start) / 1_000_000 for start in pipe.execute() if start), 1.0)


def _limits(scenario: Scenario, client: redis.Redis, copies: Sequence[Copy]) -> list[Breach]:
    """No second holds more than the limit.

    By the server's clock that is exact. At the providers, who share their processor with workers that come and go, a copy
    may be late by the tenth of a second, and those after it are not.
    """
    if scenario.rate == "off":
        return []
    most = int(scenario.rate.removesuffix("/s"))
    started = {queue: _busiest_start(client, keys) for queue, keys in QUEUES.items()}
    arrived = {provider: _busiest(copies, provider) for provider in _PROVIDERS}
    return [
        *(
            Breach("kept_the_limit", queue, "", "", f"{count} sends began in one second, of {most}")
            for queue, count in started.items()
            if count > most
        ),
        *(
            Breach("kept_the_limit", "", "", "", f"{provider} got {count} in one second, of {most}")
            for provider, count in arrived.items()
            if count > most + max(1, most // 8)
        ),
    ]


def _figures(
    scenario: Scenario, found: Sequence[Case], copies: Sequence[Copy], faults: Mapping[str, int], mayhem: Mayhem
) -> dict[str, Any]:
    jobs = [case.job for case in found if case.job]
    repeats = Counter(earlier.told.value for case in found for earlier, _ in case.repeats)
    return {
        "seed": scenario.seed,
        "policy": scenario.policy,
        "orders": scenario.orders,
        "messages": 2 * scenario.orders,
        "copies sent": len(copies),
        "injected faults": sum(faults.values()),
        **{f"  {name}": count for name, count in sorted(faults.items())},
        "blows": sum(mayhem.dealt.values()),
        **{f"  {name}": count for name, count in sorted(mayhem.dealt.items())},
        "sends struck by kills": sum(len(kill.begun) for kill in mayhem.kills),
        **{f"  {kind}": count for kind, count in sorted(_struck(mayhem).items())},
        "accepted messages": sum(bool(case.taken) for case in found),
        "accepted twice": sum(len(case.taken) == 2 for case in found),
        "  after an acknowledged copy": repeats["accepted"],
        "  after a copy in doubt": repeats["unknown"],
        "settled by a look-up": sum(_was_found(job) for job in jobs),
        "accepted more often": sum(len(case.taken) > 2 for case in found),
        "completed": sum(job.state == "completed" for job in jobs),
        "dead": sum(job.state == "dead" for job in jobs),
        **{
            f"  {why}": count
            for why, count in sorted(Counter(job.reason for job in jobs if job.state == "dead").items())
        },
        "lost": sum(not case.taken and (case.job is None or case.job.state != "dead") for case in found),
        "most in one second": ", ".join(f"{name} {_busiest(copies, name)}" for name in _PROVIDERS),
    }


def _struck(mayhem: Mayhem) -> Counter[str]:
    """How many sends the kills of each kind struck."""
    struck: Counter[str] = Counter()
    for kill in mayhem.kills:
        struck[kill.kind] += len(kill.begun)
    return struck


def _was_found(job: Job) -> bool:
    """Whether the provider was asked what became of it, and knew."""
    return any(one["outcome"] == "found" for attempt in job.attempts for one in attempt.get("tries", ()))
