"""A primary dies under load: nothing accepted is lost, and nobody has to restart anything."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.replicas import Replicas
from tests.support.builders import QUEUE
from tests.support.failover import Load
from tests.support.seed import NAMESPACE
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cluster import Nodes
    from tests.support.sentinel import Sentinels

#: Long enough for a replica that has to catch up.
ONE_REPLICA = Replicas(1, 500)
#: Long enough for some dozens of jobs, and shorter than ONE_REPLICA is patient.
CUT_S = 0.4


@pytest.fixture
def load() -> Iterator[Callable[[str], Load]]:
    """Starts load on a Redis, and ends it."""
    started: list[Load] = []

    def start(url: str) -> Load:
        started.append(Load(url, ONE_REPLICA))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.close()


def check(load: Load) -> None:
    """All that was accepted has run, those scheduled and those that failed at first among it."""
    load.stop()
    print(load.told())  # noqa: T201 - shown by pytest -s: the figures of the decision record
    assert load.lost == set()
    assert load.listens
    assert load.inspector.stats(QUEUE).dlq == 0


def test_failover_by_sentinels_loses_nothing(sentinels: Sentinels, load: Callable[[str], Load]) -> None:
    """A primary is killed and comes back as a replica."""
    running = load(sentinels.url)
    dead = sentinels.primary

    dead.kill()
    wait_until(lambda: sentinels.primary is not dead, what="another primary")
    running.await_runs(200)
    dead.start()
    running.await_runs(200)

    check(running)
    assert running.repeated == {}


def test_failover_of_a_primary_that_was_cut_off_loses_nothing(
    sentinels: Sentinels, load: Callable[[str], Load]
) -> None:
    """What it took by itself, for a while, was not accepted: the producer was still waiting for a replica."""
    running = load(sentinels.url)
    dead, replicas = sentinels.primary, sentinels.replicas("")
    for replica in replicas:
        replica.signal(signal.SIGSTOP)
    dead.ask("CLIENT", "KILL", "TYPE", "replica")  # else the kernel would deliver what they have not read
    end = time.monotonic() + CUT_S
    wait_until(lambda: time.monotonic() > end, what="the load to go on with nobody listening")

    dead.kill()
    for replica in replicas:
        replica.signal(signal.SIGCONT)
    wait_until(lambda: sentinels.primary is not dead, what="another primary")
    dead.start()
    running.await_runs(200)

    check(running)


def test_failover_in_a_cluster_loses_nothing(cluster: Nodes, load: Callable[[str], Load]) -> None:
    """The primary that has the queue is killed and comes back as a replica."""
    running = load(cluster.url)
    key = QueueKeys(NAMESPACE, QUEUE).waiting
    dead = cluster.owner(key)
    heir = cluster.replica_of(dead)

    dead.kill()
    wait_until(lambda: cluster.find_owner(key) is heir, what="the replica to take over")
    dead.start()  # without it, there is no replica to wait for
    running.await_runs(400)

    check(running)
    assert running.repeated == {}
