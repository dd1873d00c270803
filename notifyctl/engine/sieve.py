"""The one caller of the sift script: which of many jobs fit a filter, without reading the jobs.

A server tells that of some hundred at a time in a few milliseconds, and what each is counted under.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from notifyctl.connection import pipelined, translated
from notifyctl.lua import load_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import redis

    from notifyctl.engine.keys import QueueKeys

__all__ = ["PAGE", "Sieve", "Sifted", "indexed", "members"]

#: So many jobs are looked at in one call.
PAGE = 500

_SIFT = load_script(__package__, "sift")


class Sifted(NamedTuple):
    """A job that fits.

    Attributes:
        job_id: The job.
        what: What it is counted under.
        at_ms: When it ended, or else was enqueued; epoch ms.
    """

    job_id: str
    what: str
    at_ms: int


class Sieve:
    """Tells the jobs of a queue that fit from those that don't.

    Args:
        client: A redis-py client whose retries are bounded.
        where: The filter, as JSON values that the script knows; what is empty fits all.
        by: What each is counted under: ``code``, ``reason``, ``error``, ``template``, ``provider``, ``hour`` (epoch ms)
            or ``verdict``; empty = nothing.
    """

    def __init__(self, client: redis.Redis, where: dict[str, Any], *, by: str = "") -> None:
        self._client = client
        self._where = json.dumps({name: value for name, value in where.items() if value})
        self._by = by

    def __call__(self, keys: QueueKeys, job_ids: Sequence[str]) -> list[Sifted]:
        """Return those that fit, in their order.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        if not job_ids:
            return []
        with translated():
            flat = _SIFT(self._client, [keys.dead], [keys.prefix, self._where, self._by, *job_ids])
        return [
            Sifted(job_id.decode(), what.decode(errors="replace"), int(at_ms))
            for job_id, what, at_ms in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        ]


def members(
    client: redis.Redis,
    key: str,
    low: float,
    high: float,
    *,
    newest_first: bool = False,
    after: tuple[float, str] | None = None,
) -> Iterator[list[tuple[float, str]]]:
    """Yield the members of a sorted set with their scores, a page at a time.

    Args:
        client: A redis-py client whose retries are bounded.
        key: The set.
        low: Their lowest score, included.
        high: Their highest one, included.
        newest_first: From the highest score on.
        after: Where to go on: behind this member.

    Raises:
        BrokerUnavailable: Redis cannot be reached.
    """
    last, offset = after, 0
    while True:
        if last is not None:
            low, high = (low, last[0]) if newest_first else (last[0], high)
        bounds = (high, low) if newest_first else (low, high)
        with translated():
            found: Any = client.zrange(
                key, *bounds, desc=newest_first, withscores=True, byscore=True, offset=offset, num=PAGE
            )
        page = [(score, job_id.decode()) for job_id, score in found]
        fresh = [m for m in page if last is None or (m < last if newest_first else m > last)]
        if fresh:
            yield fresh
        if len(page) < PAGE:
            return
        moved = bool(fresh) and (last is None or fresh[-1][0] != last[0])
        offset = 0 if moved else offset + len(page)  # more than a page may share one score
        last = fresh[-1] if fresh else last


def indexed(client: redis.Redis, keys: QueueKeys, names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the ids that all of these indexes of a queue have, in their own order, a page at a time.

    Raises:
        BrokerUnavailable: Redis cannot be reached.
    """
    with translated():
        (found,) = pipelined(client, [("ZINTER", len(names), *map(keys.index, names))], raising=True)
    ids = sorted(job_id.decode() for job_id in found)
    yield from (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
