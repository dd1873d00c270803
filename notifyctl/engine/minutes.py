"""What happened to a queue's jobs, minute by minute: rates and sparklines are made of it.

The scripts of the transitions count, each in the same step in which it moves a job: no change is missed or counted
twice. A minute is forgotten after `KEPT_MINUTES`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from notifyctl.connection import pipelined, translated

if TYPE_CHECKING:
    import redis

    from notifyctl.engine.keys import QueueKeys

__all__ = ["KEPT_MINUTES", "Minute", "read_minutes"]

#: For so long the scripts keep a minute: 21600000 ms in each of them.
KEPT_MINUTES = 360
_MS = 60_000


@dataclass(frozen=True, slots=True)
class Minute:
    """How often each transition was made in one minute.

    Attributes:
        at_ms: When the minute began, by the server's clock, epoch ms.
        enqueued: New jobs.
        granted: Handed to a worker to be sent: what a limit limits.
        completed: Done.
        retried: Failed, with another run to follow.
        buried: Became dead letters.
        cancelled: By a person, or because nobody wants them any more.
        released: Given back unsent: a shutdown, or no provider is to be asked.
        doubted: Sends that came into doubt.
        resent: Sent once more though they may have arrived.
        lost: Taken from workers that gave no sign of life.
        replayed: Dead letters that were sent on their way again.
        discarded: Dead letters that were given up.
    """

    at_ms: int
    enqueued: int = 0
    granted: int = 0
    completed: int = 0
    retried: int = 0
    buried: int = 0
    cancelled: int = 0
    released: int = 0
    doubted: int = 0
    resent: int = 0
    lost: int = 0
    replayed: int = 0
    discarded: int = 0


_COUNTED = {field.name for field in fields(Minute)} - {"at_ms"}


def read_minutes(client: redis.Redis, keys: QueueKeys, count: int, now_ms: int) -> list[Minute]:
    """Return the last minutes of a queue, the oldest first; the last one is still going on.

    Args:
        client: A redis-py client whose retries are bounded.
        keys: The queue's keys.
        count: How many, of `KEPT_MINUTES` at most; those in which nothing happened are all zeros.
        now_ms: The present by the server's clock, epoch ms.

    Raises:
        BrokerUnavailable: Redis cannot be reached.
    """
    newest = now_ms // _MS
    numbers = range(newest - min(count, KEPT_MINUTES) + 1, newest + 1)
    with translated():
        hashes = pipelined(client, [("HGETALL", keys.minute(number)) for number in numbers], raising=True)
    return [_minute(number, counted) for number, counted in zip(numbers, hashes, strict=True)]


def _minute(number: int, counted: dict[bytes, bytes]) -> Minute:
    found: dict[str, Any] = {name.decode(): int(value) for name, value in counted.items()}
    return Minute(number * _MS, **{name: value for name, value in found.items() if name in _COUNTED})
