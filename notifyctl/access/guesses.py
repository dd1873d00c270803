"""A limit on failed sign-ins, from one address and from all.

A token cannot be guessed: the limit keeps those who try from costing much, and shows them in the logs. So whoever shows
a valid token is let in all the same, but for the sign-in page, where an address that failed too often has to wait. It
counts what failed at that page alone: a program with an old token must not keep the people at its address out. The
counts are in Redis, for all processes together; while it is away, each process counts by itself. An address is stored
as a keyed hash.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from notifyctl.access.keys import AccessKeys
from notifyctl.connection import pipelined, translated
from notifyctl.errors import BrokerUnavailable, TooManyFailures

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.engine.pseudonyms import Pseudonyms

__all__ = ["MOST_OF_ALL", "MOST_OF_ONE", "WINDOW_S", "Guesses"]

WINDOW_S: Final = 300
MOST_OF_ONE: Final = 10
MOST_OF_ALL: Final = 1_000
_MOST_REMEMBERED: Final = 1_000


class Guesses:
    """Counts failed sign-ins. Safe to use from several threads.

    Args:
        client: A redis-py client that gives up soon.
        namespace: What all key names begin with.
        pseudonyms: Make the hashes that stand for addresses.
        monotonic: Seconds that only go forward.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        pseudonyms: Pseudonyms,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._keys = AccessKeys(namespace)
        self._pseudonyms = pseudonyms
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def refuse_above(self, address: str, door: str = "") -> None:
        """Let nobody go on from an address that failed too often at a door.

        Raises:
            TooManyFailures: It did.
        """
        place = door + _place(address)
        if self._here(place)[0] >= MOST_OF_ONE:
            raise _too_many(self._here(place)[1] - self._monotonic())
        try:
            with translated():
                count, rest_s = pipelined(self._client, [("GET", key := self._key(place)), ("TTL", key)], raising=True)
        except BrokerUnavailable:
            return
        if int(count or 0) >= MOST_OF_ONE:
            raise _too_many(int(rest_s))

    def count(self, address: str, door: str = "") -> None:
        """Count a failure from an address at a door.

        Raises:
            TooManyFailures: There were too many before it, from there or from everywhere.
        """
        place = door + _place(address)
        here, ends = self._count_here(place)
        everywhere, _ = self._count_here("")
        if here <= MOST_OF_ONE and everywhere <= MOST_OF_ALL:  # else this process knows enough, and Redis has peace
            here, everywhere = self._count_there(place, here, everywhere)
        if here > MOST_OF_ONE or everywhere > MOST_OF_ALL:
            raise _too_many(ends - self._monotonic())

    def _count_there(self, place: str, here: int, everywhere: int) -> tuple[int, int]:
        try:
            with translated():
                keys = (self._key(place), self._keys.guesses())
                asked = [command for key in keys for command in (("INCR", key), ("EXPIRE", key, WINDOW_S, "NX"))]
                of_one, _, of_all, _ = pipelined(self._client, asked, raising=True)
        except BrokerUnavailable:
            return here, everywhere
        return max(here, int(of_one)), max(everywhere, int(of_all))

    def _key(self, place: str) -> str:
        return self._keys.guesses(self._pseudonyms.of(place.encode()))

    def _here(self, place: str) -> tuple[int, float]:
        count, ends = self._counts.get(place, (0, 0.0))
        return (count, ends) if ends > self._monotonic() else (0, self._monotonic() + WINDOW_S)

    def _count_here(self, place: str) -> tuple[int, float]:
        with self._lock:
            count, ends = self._here(place)
            self._counts[place] = (count + 1, ends)
            while len(self._counts) > _MOST_REMEMBERED:
                self._counts.popitem(last=False)
            return self._counts[place]


def _place(address: str) -> str:
    """What counts as one: an IPv4 address, or the /64 of an IPv6 one, all of which one host may use."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "elsewhere"  # a Unix socket, or what a proxy made up
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def _too_many(rest_s: float) -> TooManyFailures:
    wait_s = max(1, round(rest_s))
    return TooManyFailures("too many failed sign-ins", retry_after_s=wait_s, hint=f"Try again in {wait_s} s.")
