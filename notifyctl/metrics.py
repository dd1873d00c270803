"""Every Prometheus metric: its name, its labels, its buckets, and where its numbers come from.

All of it is read from Redis when it is asked for, where the scripts count in the steps that move jobs: it is exact over
the whole fleet, whichever process answers, and survives all of them. Only the spool is this machine's. Labels have few
values: queues, states, providers, and the words and codes that providers answer with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from notifyctl import __version__
from notifyctl.clock import now_ms
from notifyctl.engine.states import State
from notifyctl.engine.totals import BOUNDS_MS
from notifyctl.errors import BrokerUnavailable, SpoolError
from notifyctl.notification import Channel
from notifyctl.units import Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric as Family

    from notifyctl.app import App
    from notifyctl.engine.jobs import QueueStats
    from notifyctl.engine.totals import Answers

__all__ = ["CONTENT_TYPE", "METRICS", "Metric", "exposition"]

#: What `exposition` returns, for the header of an answer.
CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: Its name; of a counter, with ``_total``.
        kind: What Prometheus does with it.
        words: What it counts, and since when where that matters.
        labels: What it is told apart by.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    words: str
    labels: tuple[str, ...] = ()

    def family(self) -> Family:
        """An empty family of it, to add samples to."""
        if self.kind == "counter":
            return CounterMetricFamily(self.name, self.words, labels=self.labels)
        if self.kind == "histogram":
            return HistogramMetricFamily(self.name, self.words, labels=self.labels)
        return GaugeMetricFamily(self.name, self.words, labels=self.labels)


#: What happens to jobs, as the scripts of the transitions count it.
_EVENTS = {
    "enqueued": Metric("notifyctl_jobs_enqueued_total", "counter", "New jobs.", ("queue",)),
    "granted": Metric("notifyctl_grants_total", "counter", "Jobs handed to a worker to be sent.", ("queue",)),
    "completed": Metric("notifyctl_jobs_completed_total", "counter", "Jobs that are done.", ("queue",)),
    "retried": Metric("notifyctl_jobs_retried_total", "counter", "Failed runs with another to follow.", ("queue",)),
    "buried": Metric("notifyctl_jobs_buried_total", "counter", "Jobs that died, by reason.", ("queue", "reason")),
    "cancelled": Metric("notifyctl_jobs_cancelled_total", "counter", "Cancelled jobs, by reason.", ("queue", "reason")),
    "released": Metric(
        "notifyctl_jobs_released_total", "counter", "Jobs given back unsent: no provider to ask, or a stop.", ("queue",)
    ),
    "lost": Metric("notifyctl_jobs_lost_total", "counter", "Jobs taken from workers that were lost.", ("queue",)),
    "replayed": Metric("notifyctl_jobs_replayed_total", "counter", "Dead letters sent on their way again.", ("queue",)),
    "discarded": Metric("notifyctl_jobs_discarded_total", "counter", "Dead letters given up.", ("queue",)),
    "doubted": Metric("notifyctl_sends_doubted_total", "counter", "Sends that came into doubt.", ("queue",)),
    "resent": Metric(
        "notifyctl_sends_possible_duplicates_total", "counter", "Sent again though they may have arrived.", ("queue",)
    ),
    "duplicate": Metric(
        "notifyctl_sends_duplicates_total", "counter", "Accepted twice, as late evidence showed.", ("queue",)
    ),
}  # fmt: skip
_UP = Metric("notifyctl_up", "gauge", "Whether Redis answers: 1 or 0. At 0 only the spool is known.")
_BUILD = Metric("notifyctl_build_info", "gauge", "The version that answers; always 1.", ("version",))
_JOBS = Metric("notifyctl_jobs", "gauge", "Jobs by state; ended ones over their retention.", ("queue", "state"))
_OLDEST = Metric("notifyctl_oldest_waiting_seconds", "gauge", "Age of the oldest job that waits.", ("queue",))
_PAUSED = Metric("notifyctl_queue_paused", "gauge", "Whether an operator paused the queue.", ("queue",))
_BLOCKED = Metric(
    "notifyctl_queue_blocked_seconds", "gauge", "How long the queue rests, for its providers.", ("queue",)
)
_LIMIT = Metric("notifyctl_queue_limit_per_second", "gauge", "The limit in force; 0 = none.", ("queue",))
_LIMITED = Metric(
    "notifyctl_limiter_blocked_seconds_total", "counter", "Time in which jobs waited for the limit alone.", ("queue",)
)
_ANSWERS = Metric(
    "notifyctl_provider_answers_total",
    "counter",
    "What came of asking a provider to send, or what became of a send.",
    ("queue", "provider", "outcome", "code"),
)
_DURATION = Metric(
    "notifyctl_send_duration_seconds",
    "histogram",
    "How long providers took, whatever came of it.",
    ("queue", "provider"),
)
_CIRCUIT = Metric(
    "notifyctl_circuit_state", "gauge", "1 for the state that it is in: closed, open, half-open.", ("provider", "state")
)
_FAILURES = Metric("notifyctl_circuit_failures", "gauge", "Failures in a row of a closed circuit.", ("provider",))
_QUEUE_WORKERS = Metric("notifyctl_queue_workers", "gauge", "Processes that take from the queue.", ("queue",))
_WORKERS = Metric("notifyctl_workers", "gauge", "Worker processes that live, by what they do.", ("state",))
_THREADS = Metric("notifyctl_worker_threads", "gauge", "How many messages all of them can send at once.")
_REPLAYS = Metric("notifyctl_replays_running", "gauge", "Bulk replays that are under way.")
_SPOOLED = Metric("notifyctl_spool_messages", "gauge", "Messages in the spool of this machine.", ("queue",))
_SPOOL_AGE = Metric("notifyctl_spool_oldest_seconds", "gauge", "Age of the oldest of them; 0 = none.")

#: All of them, in the order in which they are told.
METRICS: tuple[Metric, ...] = (
    _UP, _BUILD, _JOBS, _OLDEST, _PAUSED, _BLOCKED, _LIMIT, *_EVENTS.values(), _LIMITED, _ANSWERS, _DURATION, _CIRCUIT,
    _FAILURES, _QUEUE_WORKERS, _WORKERS, _THREADS, _REPLAYS, _SPOOLED, _SPOOL_AGE,
)  # fmt: skip


def exposition(app: App, tell: Callable[[BrokerUnavailable], None] | None = None) -> bytes:
    """Return all metrics as Prometheus reads them; without Redis, what is known without it, and ``notifyctl_up 0``.

    Args:
        app: What they are about.
        tell: Told why Redis cannot be reached, if it cannot.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(app, tell))
    return generate_latest(registry)


class _Collector:
    """Looks once at everything, for one scrape."""

    def __init__(self, app: App, tell: Callable[[BrokerUnavailable], None] | None) -> None:
        self._app = app
        self._tell = tell
        self._families = {metric: metric.family() for metric in METRICS}

    def collect(self) -> Iterator[Family]:
        """Yield what is known."""
        self._add(_BUILD, 1, __version__)
        self._look_at_spool()
        up = 1
        try:
            self._look_at_redis()
        except BrokerUnavailable as error:
            up = 0
            if self._tell is not None:
                self._tell(error)
            local = (_BUILD, _SPOOLED, _SPOOL_AGE)
            self._families = {metric: self._families[metric] for metric in (_UP, *local)}
        self._add(_UP, up)
        yield from self._families.values()

    def _add(self, metric: Metric, value: float, *labels: str) -> None:
        self._families[metric].add_metric(labels, value)  # type: ignore[attr-defined]  # each kind that `family` makes has it

    def _look_at_spool(self) -> None:
        try:
            counts = self._app.spool.counts()
        except SpoolError:
            return  # `doctor` says why
        for queue in self._app.settings.queues:
            self._add(_SPOOLED, counts.queues.get(queue, 0), queue)
        self._add(_SPOOL_AGE, max(0, now_ms() - counts.oldest_at_ms) / 1000 if counts.oldest_at_ms else 0)

    def _look_at_redis(self) -> None:
        app = self._app
        workers = app.fleet.workers()
        for queue in app.inspector.queues():
            self._look_at_queue(app.inspector.stats(queue))
            self._look_at_totals(queue)
            taking = sum(queue in one.report.queues for one in workers if one.state != "draining")
            self._add(_QUEUE_WORKERS, taking, queue)
        for state in ("idle", "busy", "draining"):
            self._add(_WORKERS, sum(one.state == state for one in workers), state)
        self._add(_THREADS, sum(one.report.threads for one in workers))
        names = dict.fromkeys(name for channel in Channel for name in app.provider_names(channel))
        for circuit in app.circuits.look(list(names)):
            self._add(_FAILURES, circuit.failures, circuit.provider)
            for state in ("closed", "open", "half-open"):
                self._add(_CIRCUIT, circuit.state == state, circuit.provider, state)
        self._add(_REPLAYS, sum(replay.state == "running" for replay in app.replays.list()))

    def _look_at_queue(self, stats: QueueStats) -> None:
        for state in State:
            count = stats.dlq if state is State.DEAD else getattr(stats, state.value)
            self._add(_JOBS, count, stats.queue, state.value)
        rate = Rate.parse(stats.rate)
        self._add(_OLDEST, stats.oldest_waiting_ms / 1000, stats.queue)
        self._add(_PAUSED, stats.paused, stats.queue)
        self._add(_BLOCKED, stats.blocked_ms / 1000, stats.queue)
        self._add(_LIMIT, 0 if rate.unlimited else rate.per_second, stats.queue)

    def _look_at_totals(self, queue: str) -> None:
        totals = self._app.inspector.totals(queue)
        for event, metric in _EVENTS.items():
            if "reason" not in metric.labels:
                self._add(metric, totals.of(event), queue)
        for (event, reason), number in sorted(totals.events.items()):
            if reason and event in _EVENTS:
                self._add(_EVENTS[event], number, queue, reason)
        self._add(_LIMITED, totals.limited_us / 1_000_000, queue)
        for provider, answers in sorted(totals.providers.items()):
            for (outcome, code), number in sorted(answers.outcomes.items()):
                self._add(_ANSWERS, number, queue, provider, outcome, code)
            self._add_durations(queue, provider, answers)

    def _add_durations(self, queue: str, provider: str, answers: Answers) -> None:
        if not answers.took:
            return  # it was asked for nothing but look-ups
        so_far, buckets = 0, []
        for bound in (*map(str, BOUNDS_MS), "inf"):
            so_far += answers.took[bound]
            buckets.append(("+Inf" if bound == "inf" else str(int(bound) / 1000), so_far))
        self._families[_DURATION].add_metric([queue, provider], buckets, answers.took_ms / 1000)  # type: ignore[attr-defined]  # a histogram's
