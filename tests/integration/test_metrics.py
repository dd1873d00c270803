"""What Prometheus reads, as its own parser reads it: the same numbers as the queues'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from notifyctl.app import App, build
from notifyctl.clock import now_ms
from notifyctl.delivery.circuits import Kind, Verdict
from notifyctl.engine.fleet import Report
from notifyctl.engine.jobs import Completion
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts
from notifyctl.engine.search import JobFilter
from notifyctl.engine.totals import told
from notifyctl.metrics import METRICS, exposition
from notifyctl.spool import Row
from notifyctl.units import Rate
from tests.support.builders import a_job

if TYPE_CHECKING:
    from tests.support.server import Server

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def app(server: Server, monkeypatch: pytest.MonkeyPatch) -> App:
    """An application on the session's server, with a spool of its own."""
    monkeypatch.setenv("REDIS_URL", server.url)
    return build()


def read(app: App) -> Samples:
    """All samples, as Prometheus reads them."""
    families = text_string_to_metric_families(exposition(app).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    """One of them."""
    return samples[f"notifyctl_{name}", tuple(sorted(labels.items()))]


def send(scripts: Scripts, job_id: str, *tries: dict[str, object]) -> None:
    """Take the next job, and settle it after these tries: done where the last one was sent, else dead."""
    (job,) = scripts.take(
        f"w-{job_id}", 1, 1, lease_ms=10_000, rate="0/1", gap_ms=4_500, block_ms=1_000, cancelled_ms=1_000
    ).jobs
    if tries[-1]["outcome"] == "sent":
        scripts.complete([Completion(job.job_id, job.token, "smtp", "1", "{}", told(tries))], 1_000_000)
    else:
        scripts.bury(job.job_id, job.token, "permanent", "{}", told(tries))


def test_metrics_are_the_queues_own_numbers(app: App) -> None:
    """States, events, outcomes by provider and code, durations, limits; each label's value is told."""
    scripts = Scripts(app.client("operator"), QueueKeys(app.settings.namespace, "email"))
    scripts.enqueue_many([a_job(name) for name in "abcd"])
    throttled = {"provider": "sendgrid", "outcome": "throttled", "provider_code": "429", "duration_ms": 40}
    send(scripts, "a", throttled, {"provider": "smtp", "outcome": "sent", "duration_ms": 300})
    send(scripts, "b", {"provider": "smtp", "outcome": "sent", "duration_ms": 99_000})
    refused = {"provider": "smtp", "outcome": "permanent", "provider_code": "550 5.1.1", "duration_ms": 100}
    send(scripts, "c", refused)
    app.inspector.pause("email")
    app.inspector.limit("email", rate=Rate.parse("90/min"))

    samples = read(app)
    email = {"queue": "email"}
    states = {state: of(samples, "jobs", state=state, **email) for state in ("waiting", "completed", "dead", "active")}
    assert states == {"waiting": 1, "completed": 2, "dead": 1, "active": 0}
    assert of(samples, "up") == of(samples, "queue_paused", **email) == 1
    assert of(samples, "queue_limit_per_second", **email) == 1.5
    assert of(samples, "oldest_waiting_seconds", **email) > 0
    assert of(samples, "jobs_enqueued_total", **email) == 4
    assert of(samples, "grants_total", **email) == 3
    assert of(samples, "jobs_completed_total", **email) == 2
    assert of(samples, "jobs_buried_total", reason="permanent", **email) == 1
    answers = {
        ("sendgrid", "throttled", "429"): 1, ("smtp", "sent", ""): 2, ("smtp", "permanent", "550"): 1,
    }  # fmt: skip
    for (provider, outcome, code), number in answers.items():
        labels = {"provider": provider, "outcome": outcome, "code": code, **email}
        assert of(samples, "provider_answers_total", **labels) == number
    smtp = {"provider": "smtp", **email}
    buckets = {
        le: of(samples, "send_duration_seconds_bucket", le=le, **smtp) for le in ("0.05", "0.1", "0.5", "30.0", "+Inf")
    }
    assert buckets == {"0.05": 0, "0.1": 1, "0.5": 2, "30.0": 2, "+Inf": 3}
    assert of(samples, "send_duration_seconds_count", **smtp) == 3
    assert of(samples, "send_duration_seconds_sum", **smtp) == pytest.approx(99.4)


def test_metrics_tell_of_circuits_workers_replays_and_the_spool(app: App) -> None:
    """What is not in the queues."""
    app.circuits.report(app.circuits.admit("outbox"), Verdict(Kind.ACCOUNT, "wrong key"))
    app.fleet.tell("w1", Report(queues=("email",), threads=5, active=2))
    app.fleet.tell("w2", Report(queues=("email",), threads=5, draining=True))
    app.spool.put([Row("x", "email", b"{}", at_ms=now_ms())])
    scripts = Scripts(app.client("operator"), QueueKeys(app.settings.namespace, "email"))
    scripts.enqueue(a_job("a"))
    send(scripts, "a", {"provider": "smtp", "outcome": "permanent", "duration_ms": 1})
    app.replays.start(JobFilter(), ["email"])  # nobody works, so it stays as it is

    samples = read(app)
    states = {
        state: of(samples, "circuit_state", provider="outbox", state=state) for state in ("closed", "open", "half-open")
    }
    assert states == {"closed": 0, "open": 1, "half-open": 0}
    assert of(samples, "queue_workers", queue="email") == of(samples, "workers", state="busy") == 1
    assert of(samples, "worker_threads") == 10
    assert of(samples, "replays_running") == 1
    assert of(samples, "spool_messages", queue="email") == 1
    assert 0 < of(samples, "spool_oldest_seconds") < 60


def test_metrics_are_all_told_on_an_empty_server(app: App) -> None:
    """Whoever looks for a name finds it, and what it means."""
    families = {family.name: family for family in text_string_to_metric_families(exposition(app).decode())}

    for metric in METRICS:
        family = families[metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name]
        assert (family.type, family.documentation) == (metric.kind, metric.words)


def test_metrics_without_redis_are_what_this_machine_knows(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it is away, and what lies in the spool; no zeros that would end an alert."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    told: list[Exception] = []
    text = exposition(build(), told.append).decode()

    samples = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    assert "notifyctl_up 0.0" in text
    assert samples == {
        "notifyctl_up",
        "notifyctl_build_info",
        "notifyctl_spool_messages",
        "notifyctl_spool_oldest_seconds",
    }
    assert len(told) == 1
