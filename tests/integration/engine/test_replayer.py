"""Worker processes carry bulk replays out, beside their sends, and cost nothing where there are none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.replayer import Replayer
from notifyctl.engine.replays import Replays
from notifyctl.engine.search import JobFilter
from notifyctl.units import Rate
from tests.support.seed import NAMESPACE
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.engine.conftest import Host
    from tests.support.proxy import Proxy


def threads() -> list[str]:
    """The threads that carry replays out."""
    return [thread.name for thread in threading.enumerate() if thread.name == "notifyctl-replayer"]


def bury(host: Host, count: int) -> list[str]:
    """So many dead letters, of an actor that refuses each for good."""
    ids = [f"{number:03}" for number in range(count)]
    host.send(*ids)
    scripts = host.broker.scripts("email")
    batch = scripts.take("w0", 1, count, lease_ms=9_000, rate="0/1", gap_ms=9_000, block_ms=0, cancelled_ms=9_000)
    for job in batch.jobs:
        scripts.bury(job.job_id, job.token, "permanent", "")
    return ids


@pytest.fixture
def replays(host: Host) -> Replays:
    """Bulk replays of the host's queues."""
    return Replays(host.inspector)


def test_worker_carries_out_what_was_started_before_it(host: Host, replays: Replays) -> None:
    """From its first beat on; the thread ends with the last replay."""
    host.actor()
    ids = bury(host, 5)
    replay = replays.start(JobFilter())

    host.start()

    wait_until(lambda: replays.get(replay.replay_id).state == "done", what="the replay to be done")
    host.join()
    assert sorted(host.runs) == ids
    assert replays.get(replay.replay_id).led_by == host.broker.worker_id
    wait_until(lambda: not threads(), what="the thread to end")


@pytest.mark.usefixtures("short_leases")
def test_worker_hears_of_a_replay_with_its_next_beat(host: Host, replays: Replays) -> None:
    """And of one that comes while another is under way."""
    host.actor()
    bury(host, 4)
    host.start()

    slow = replays.start(JobFilter(), limit=2, rate=Rate(1, 60_000))
    wait_until(lambda: replays.get(slow.replay_id).replayed == 1, what="the slow one to begin")
    quick = replays.start(JobFilter())
    wait_until(lambda: replays.get(quick.replay_id).state == "done", what="the quick one to be done")

    assert replays.get(quick.replay_id).replayed == 3
    assert replays.get(slow.replay_id).state == "running"


def test_worker_that_drains_leaves_its_replays_to_others(host: Host, replays: Replays) -> None:
    """At once: nobody waits for its lease to run out."""
    host.actor()
    bury(host, 3)
    replay = replays.start(JobFilter(), rate=Rate(1, 60_000))
    host.start()
    wait_until(lambda: replays.get(replay.replay_id).replayed == 1, what="it to begin")

    host.stop()

    steps = Steps(host.broker.client, NAMESPACE)
    assert steps.lead(replay.replay_id, "another", 5_000) is not None


@pytest.fixture
def behind_proxy(proxy: Proxy) -> Iterator[Replayer]:
    """A replayer whose connection may be lost."""
    made = Replayer(Steps(connect(proxy.url, role="worker"), NAMESPACE), lambda: "w1")
    yield made
    made.stop()


def test_replayer_that_loses_redis_goes_on_when_it_is_told_again(
    host: Host, replays: Replays, behind_proxy: Replayer, proxy: Proxy
) -> None:
    """As the next beat does; nothing goes twice."""
    host.actor()
    bury(host, 3)
    replay = replays.start(JobFilter())

    with proxy.outage():
        behind_proxy.wake([replay.replay_id])
        wait_until(lambda: not threads(), what="it to give up for now")
    behind_proxy.wake([replay.replay_id])

    wait_until(lambda: replays.get(replay.replay_id).state == "done", what="it to be done")
    assert replays.get(replay.replay_id).replayed == 3


def test_replayer_survives_a_step_that_cannot_be_taken(
    host: Host, replays: Replays, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault in one replay is logged, and the others go on; stopped, it takes no more."""
    host.actor()
    bury(host, 2)
    good, bad = replays.start(JobFilter(), limit=1), replays.start(JobFilter())
    steps = Steps(host.broker.client, NAMESPACE)
    lead = steps.lead
    monkeypatch.setattr(
        steps, "lead", lambda replay_id, *rest: 1 / 0 if replay_id == bad.replay_id else lead(replay_id, *rest)
    )
    made = Replayer(steps, lambda: "w1")

    made.wake([bad.replay_id, good.replay_id])
    wait_until(lambda: replays.get(good.replay_id).state == "done", what="the good one to be done")
    made.stop()
    made.wake([bad.replay_id])

    assert "rests until the next beat" in caplog.text
    assert threads() == []
