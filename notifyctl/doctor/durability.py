"""Whether a server keeps what it accepts: it must never evict, and must write to disk. The worker asks this, too.

Behind Sentinels, it must also stop taking writes when it is cut off: they choose another one, and forget what it took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.connection import primaries
from notifyctl.connection.url import read_url
from notifyctl.doctor.finding import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import redis

    from notifyctl.settings import Settings

    Facts = Mapping[str, Any]

__all__ = ["check_durability", "check_failover", "facts_of_each"]


def facts_of_each(client: redis.Redis) -> list[Facts]:
    """Return what each primary says about itself (INFO); behind Sentinels, and of a single server, there is one.

    Raises:
        redis.RedisError: One of them cannot be asked.
    """
    return [primary.info() for primary in primaries(client)]


def check_durability(facts: Sequence[Facts]) -> list[Finding]:
    """Return whether every primary keeps what it accepts."""
    return [_eviction(facts), _persistence(facts)]


def check_failover(settings: Settings, facts: Sequence[Facts]) -> list[Finding]:
    """Return whether a primary behind Sentinels refuses writes that no replica gets; nothing of another server."""
    target = settings.redis.target()
    if target is None or read_url(target).way != "sentinel":
        return []
    if not any(one.get("connected_slaves") for one in facts):
        remedy = "Connect a replica to it (REPLICAOF), or bring back those that are down."
        return [Finding("failover", Status.FAIL, "the primary has no replica: nothing can take over from it", remedy)]
    if "min_slaves_good_slaves" in facts[0]:
        return [Finding("failover", Status.OK, "a primary that is cut off refuses writes")]
    lost, also = ("sent twice", "") if settings.redis.wait_replicas else ("lost", " Set REDIS_WAIT_REPLICAS=1, too.")
    return [
        Finding(
            "failover",
            Status.FAIL if also else Status.WARN,
            f"a primary that is cut off goes on taking writes, which a failover forgets: messages are {lost}",
            "CONFIG SET min-replicas-to-write 1 and min-replicas-max-lag 2, and in each server's configuration file."
            + also,
        )
    ]


def _eviction(facts: Sequence[Facts]) -> Finding:
    wrong = _those(facts, lambda one: one.get("maxmemory_policy") != "noeviction")
    if wrong:
        return Finding(
            "eviction",
            Status.FAIL,
            f"maxmemory-policy is {wrong[0].get('maxmemory_policy')}{_on(wrong, facts)}: "
            "a full server would drop jobs without a word",
            "CONFIG SET maxmemory-policy noeviction, and in the server's configuration file.",
        )
    return Finding("eviction", Status.OK, "maxmemory-policy is noeviction")


def _persistence(facts: Sequence[Facts]) -> Finding:
    if wrong := _those(facts, lambda one: not one.get("aof_enabled")):
        return Finding(
            "persistence",
            Status.FAIL,
            f"the append-only file is off{_on(wrong, facts)}: a restart loses what came after the last snapshot",
            "CONFIG SET appendonly yes, and in the server's configuration file.",
        )
    if wrong := _those(facts, lambda one: one.get("aof_last_write_status", "ok") != "ok"):
        return Finding(
            "persistence",
            Status.FAIL,
            f"the server cannot write its append-only file{_on(wrong, facts)}",
            "Look into the server's log: its disk may be full.",
        )
    return Finding("persistence", Status.OK, "the append-only file is on")


def _those(facts: Sequence[Facts], unlike: Callable[[Facts], bool]) -> list[Facts]:
    return [one for one in facts if unlike(one)]


def _on(wrong: Sequence[Facts], facts: Sequence[Facts]) -> str:
    return f" on {len(wrong)} of {len(facts)} primaries" if len(facts) > 1 else ""
