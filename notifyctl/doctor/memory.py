"""Whether the server has room, and how much of it dead letters take: they stay until somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from notifyctl.connection import pipelined
from notifyctl.doctor.finding import Finding, Status
from notifyctl.engine.keys import QueueKeys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis

    from notifyctl.settings import Settings

__all__ = ["DeadLetters", "check_dead_letters", "check_memory", "count_dead_letters"]

#: From when on little room is worth a look, and from when on new messages are about to be refused.
_TIGHT: Final = 0.8
_FULL: Final = 0.95
#: What dead letters may take: of maxmemory, or by themselves where there is none.
_DEAD_SHARE: Final = 0.1
_MOST_DEAD_BYTES: Final = 1_000_000_000
_MOST_DEAD: Final = 100_000
#: So many are measured; the others are taken to be like them.
_SAMPLES: Final = 5

#: How many there are, and how many bytes they take.
DeadLetters = tuple[int, int]


def count_dead_letters(client: redis.Redis, settings: Settings) -> DeadLetters:
    """Return how many dead letters there are in all queues, and about how many bytes they take.

    Raises:
        redis.RedisError: The server refused, or cannot be reached.
    """
    total, taken = 0, 0
    for queue in settings.queues:
        keys = QueueKeys(settings.namespace, queue)
        count = int(client.zcard(keys.dead))
        # the oldest, the newest and some between
        places = sorted({place * (count - 1) // (_SAMPLES - 1) for place in range(_SAMPLES)}) if count else []
        ids: list[Any] = pipelined(client, [("ZRANGE", keys.dead, place, place) for place in places], raising=True)
        asked = [("MEMORY USAGE", keys.job(found[0].decode())) for found in ids if found]
        sizes = [size for size in pipelined(client, asked, raising=True) if size]
        total += count
        taken += count * sum(sizes) // len(sizes) if sizes else 0
    return total, taken


def check_memory(facts: Sequence[Mapping[str, Any]]) -> Finding:
    """Return whether every primary has room for more."""
    used, most = max(
        ((int(one.get("used_memory", 0)), int(one.get("maxmemory", 0))) for one in facts),
        key=lambda one: one[0] / one[1] if one[1] else 0,
    )
    if not most:
        return Finding("memory", Status.OK, f"{_size(used)} in use, and no maxmemory")
    share = used / most
    status = Status.FAIL if share >= _FULL else Status.WARN if share >= _TIGHT else Status.OK
    remedy = "Raise maxmemory, or purge what is not needed any more: a full server takes no new messages."
    return Finding("memory", status, f"{_size(used)} of {_size(most)} in use", "" if status is Status.OK else remedy)


def check_dead_letters(dead: DeadLetters, facts: Sequence[Mapping[str, Any]]) -> Finding:
    """Return whether dead letters take more of the server than they should."""
    count, taken = dead
    told = f"{count} dead letters take about {_size(taken)}" if count else "there are none"
    limits = [int(one["maxmemory"]) for one in facts if one.get("maxmemory")]
    most = min(limits) * _DEAD_SHARE if limits else _MOST_DEAD_BYTES
    if taken <= most and count <= _MOST_DEAD:
        return Finding("dead letters", Status.OK, told)
    return Finding(
        "dead letters",
        Status.WARN,
        f"{told}, more than {_size(round(most))} or {_MOST_DEAD}: they stay until somebody decides",
        "notifyctl dlq stats shows what they are; retry them, or keep a copy (dlq export) and purge.",
    )


def _size(count: int) -> str:
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if value < 1_000:
            return f"{value:.0f} {unit}"
        value /= 1_000
    return f"{value:.1f} GB"
