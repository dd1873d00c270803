"""What the doctor, and a worker at its start, say of servers that may lose what they accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect
from notifyctl.doctor import Finding, Status, run_checks
from notifyctl.doctor.memory import count_dead_letters
from notifyctl.engine.keys import QueueKeys
from notifyctl.settings import Settings
from tests.support.cli import run

if TYPE_CHECKING:
    import redis

    from tests.support.cluster import Nodes
    from tests.support.sentinel import Sentinels
    from tests.support.server import Server


def examine(url: str, **redis: object) -> dict[str, Finding]:
    """All findings by their names."""
    settings = Settings.load(redis={"url": url, **redis})
    return {finding.name: finding for finding in run_checks(settings, lambda: connect(url, role="operator"))}


@pytest.mark.parametrize(
    ("option", "good", "bad", "name"),
    [("maxmemory-policy", "noeviction", "allkeys-lru", "eviction"), ("appendonly", "yes", "no", "persistence")],
)
def test_each_primary_must_keep_what_it_accepts(cluster: Nodes, option: str, good: str, bad: str, name: str) -> None:
    """One of three is enough to lose messages; replicas are not asked."""
    wrong = cluster.primaries[1]
    wrong.ask("CONFIG", "SET", option, bad)
    try:
        finding = examine(cluster.url)[name]
    finally:
        wrong.ask("CONFIG", "SET", option, good)

    assert finding.status is Status.FAIL
    assert "on 1 of 3 primaries" in finding.detail
    assert str(wrong.port) not in repr(finding)


def test_primary_behind_sentinels_is_looked_at(sentinels: Sentinels) -> None:
    """The one that takes the writes."""
    sentinels.primary.ask("CONFIG", "SET", "appendonly", "no")
    try:
        finding = examine(sentinels.url)["persistence"]
    finally:
        sentinels.primary.ask("CONFIG", "SET", "appendonly", "yes")

    assert finding.status is Status.FAIL
    assert "primaries" not in finding.detail


def test_primary_behind_sentinels_must_not_take_writes_alone(sentinels: Sentinels) -> None:
    """A failover would forget them; with WAIT, it would only send some messages twice."""
    alone, waiting = examine(sentinels.url)["failover"], examine(sentinels.url, wait_replicas=1)["failover"]
    sentinels.primary.ask("CONFIG", "SET", "min-replicas-to-write", 1)
    try:
        sound = examine(sentinels.url)["failover"]
    finally:
        sentinels.primary.ask("CONFIG", "SET", "min-replicas-to-write", 0)

    assert (alone.status, waiting.status, sound.status) == (Status.FAIL, Status.WARN, Status.OK)
    assert "min-replicas-to-write 1" in alone.remedy
    assert "REDIS_WAIT_REPLICAS" in alone.remedy
    assert "REDIS_WAIT_REPLICAS" not in waiting.remedy


def test_nobody_asks_a_cluster_for_sentinels(cluster: Nodes) -> None:
    """Its primaries notice by themselves that they are cut off."""
    assert "failover" not in examine(cluster.url)


def test_worker_warns_of_a_server_that_may_lose_messages(server: Server, client: redis.Redis) -> None:
    """Once, when it starts, and with what to do; of a sound one it says nothing."""
    sound = run("worker", "--drain", REDIS_URL=server.url)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        unsound = run("worker", "--drain", "--processes", "2", REDIS_URL=server.url)
    finally:
        client.config_set("maxmemory-policy", "noeviction")

    assert "warning" not in sound.err
    (warning,) = [line for line in unsound.err.splitlines() if line.startswith("warning")]
    assert "allkeys-lru" in warning
    assert "CONFIG SET maxmemory-policy noeviction" in warning


def test_dead_letters_are_measured_by_some_of_them(server: Server, client: redis.Redis) -> None:
    """Their number is exact; their size is that of five, times the number."""
    settings = Settings.load(redis={"url": server.url})
    keys = QueueKeys(settings.namespace, "whatsapp")
    for number in range(100):
        client.zadd(keys.dead, {f"job-{number}": number})
        client.hset(keys.job(f"job-{number}"), "payload", "x" * 10_000)

    with connect(server.url, role="operator") as mine:
        count, taken = count_dead_letters(mine, settings)

    assert count == 100
    assert 1_000_000 < taken < 1_400_000
    assert examine(server.url)["dead letters"].detail.startswith("100 dead letters take about 1 MB")
