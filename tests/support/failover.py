"""Load on a Redis while its primary dies: a producer that tries again, and a worker that nobody restarts."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import dramatiq
from dramatiq.middleware import CurrentMessage

from notifyctl.connection import connect, translated
from notifyctl.engine.broker import NotifyBroker
from notifyctl.engine.inspector import Inspector
from notifyctl.engine.jobs import NewJob
from notifyctl.engine.message import NotifyMessage
from notifyctl.engine.producer import Producer
from notifyctl.engine.scripts import Retention
from notifyctl.errors import BrokerUnavailable, Transient, Unreplicated
from notifyctl.middleware.retries import Retries
from notifyctl.units import Rate
from tests.support.builders import QUEUE, a_message
from tests.support.seed import NAMESPACE
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from notifyctl.engine.replicas import Replicas

__all__ = ["Load"]

_PAUSE_S = 0.005
_TRY_AGAIN_S = 0.05
#: Every tenth job is scheduled for later, and every tenth fails in its first run.
_EVERY = 10
_LATER_MS = 3_000


@dataclass
class Load:
    """A producer thread and a worker on one Redis, until `stop`.

    Attributes:
        accepted: The ids whose enqueue returned, and when that was.
        runs: How often each job ran to its end, and when runs ended.
        errors: What the producer was told meanwhile.
    """

    url: str
    replicas: Replicas
    accepted: dict[str, float] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)
    ran_at: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self.producer = Producer(connect(self.url, role="producer", waits_s=1), NAMESPACE, replicas=self.replicas)
        self.broker = NotifyBroker(
            connect(self.url, role="worker"),
            connect(self.url, role="blocking"),
            namespace=NAMESPACE,
            middleware=[CurrentMessage(), Retries(default=[timedelta(seconds=1)] * 3)],
            replicas=self.replicas,
        )
        self.inspector = Inspector(
            connect(self.url, role="operator"), NAMESPACE, rates={QUEUE: Rate(0)}, retention=Retention()
        )
        self._failed: set[str] = set()
        dramatiq.actor(actor_name="send", queue_name=QUEUE, broker=self.broker)(self._work)
        self.worker = dramatiq.Worker(self.broker, worker_threads=8, worker_timeout=250)
        self._thread = threading.Thread(target=self._produce, name="producer", daemon=True)

    def _work(self) -> None:
        message = CurrentMessage.get_current_message()
        assert isinstance(message, NotifyMessage)
        job_id = message.message_id
        message.begin("test")
        if job_id.endswith("-fails") and job_id not in self._failed:
            self._failed.add(job_id)
            raise Transient("busy", provider="test")
        message.provider, message.provider_id = "test", job_id  # the evidence of acceptance
        self.runs[job_id] += 1
        self.ran_at.append(time.monotonic())

    def _produce(self) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            kind = {0: "-fails", 1: "-later"}.get(number % _EVERY, "")
            job_id = f"job-{number:06}{kind}"
            job = NewJob(job_id, a_message(job_id).encode(), delay_ms=_LATER_MS if kind == "-later" else 0)
            self._enqueue(job)
            time.sleep(_PAUSE_S)

    def _enqueue(self, job: NewJob) -> None:
        """Try until it is accepted, as a shop's code would, or give up when all is over."""
        while True:
            try:
                with translated():
                    self.producer.enqueue(QUEUE, job)
            except BrokerUnavailable as error:
                self.errors[error.code if isinstance(error, Unreplicated) else error.message.partition(" (")[0]] += 1
                if self._stopped.wait(_TRY_AGAIN_S):
                    return
            else:
                self.accepted[job.job_id] = time.monotonic()
                return

    def start(self) -> None:
        """Begin, and go on until some jobs have run."""
        self.worker.start()
        self._thread.start()
        self.await_runs(100)

    def await_runs(self, count: int, timeout_s: float = 30) -> None:
        """Wait until so many more runs have ended, and so many more jobs were accepted."""
        runs, accepted = len(self.ran_at), len(self.accepted)
        wait_until(
            lambda: len(self.ran_at) >= runs + count and len(self.accepted) >= accepted + count,
            timeout_s=timeout_s,
            what="load to go on",
        )

    def stop(self) -> None:
        """End the producer, and wait until all jobs have ended."""
        self._stopped.set()
        self._thread.join(20)
        wait_until(self._is_done, timeout_s=30, what="all jobs to end")

    def _is_done(self) -> bool:
        stats = self.inspector.stats(QUEUE)
        return not (stats.waiting or stats.active or stats.delayed)

    def close(self) -> None:
        """End the worker and the connections."""
        self._stopped.set()
        self.worker.stop(5_000)
        for client in (self.producer.client, self.inspector.client):
            client.close()
        self.broker.close()

    @property
    def lost(self) -> set[str]:
        """What was accepted, and has not run."""
        return set(self.accepted) - set(self.runs)

    @property
    def repeated(self) -> dict[str, int]:
        """What ran more than once, and how often."""
        return {job_id: count for job_id, count in self.runs.items() if count > 1}

    @property
    def listens(self) -> bool:
        """Whether every thread of the worker lives."""
        return all(thread.is_alive() for thread in (*self.worker.consumers.values(), *self.worker.workers))

    def told(self) -> str:
        """What happened, in one line."""
        return (
            f"accepted {len(self.accepted)}, lost {len(self.lost)}, repeated {len(self.repeated)}, producer's longest "
            f"wait {_gap(sorted(self.accepted.values())):.1f} s, worker's {_gap(sorted(self.ran_at)):.1f} s, "
            f"errors {dict(self.errors)}"
        )


def _gap(moments: list[float]) -> float:
    return max((later - sooner for sooner, later in pairwise(moments)), default=0)
