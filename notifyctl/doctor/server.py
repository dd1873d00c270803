"""The server: whether it answers, what it is, whether it keeps what it accepts, and what time it has."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from notifyctl.clock import now_ms
from notifyctl.connection import server_with, translated
from notifyctl.delivery.circuits import Circuits
from notifyctl.doctor.circuits import providers_in_use
from notifyctl.doctor.durability import check_durability, check_failover, facts_of_each
from notifyctl.doctor.finding import Finding, Status
from notifyctl.doctor.memory import check_dead_letters, check_memory, count_dead_letters
from notifyctl.doctor.permissions import ask_permissions, check_permissions
from notifyctl.doctor.queues import check_queues
from notifyctl.engine.keys import FleetKeys, QueueKeys
from notifyctl.errors import NotifyError
from notifyctl.units import Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import redis

    from notifyctl.delivery.circuits import Circuit
    from notifyctl.doctor.memory import DeadLetters
    from notifyctl.settings import Settings

__all__ = ["Look", "judge_server", "look_at_server"]

#: The oldest release that every script and command runs on.
_OLDEST: Final = (7, 0)
_SLOW_MS: Final = 50.0
#: From when on two clocks differ, and from when on nobody can rely on a time.
_SKEW_MS: Final = 2_000
_WRONG_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Look:
    """What a server said.

    Attributes:
        which: What to call it.
        took_ms: How long an answer takes.
        ahead_ms: By how much its clock is ahead of this machine's.
        facts: What each primary says about itself; one but in a cluster.
        live: What operators and workers set live, by queue.
        circuits: Those of the configured providers, by name.
        dead: The dead letters, and how much they take.
    """

    which: str
    took_ms: float
    ahead_ms: float
    facts: Sequence[Mapping[str, Any]]
    live: Mapping[str, Mapping[str, str]]
    circuits: Mapping[str, Circuit]
    dead: DeadLetters

    @property
    def rates(self) -> dict[str, Rate]:
        """The limits that operators set live, by queue."""
        given = {queue: found["rate"].split("/") for queue, found in self.live.items() if found.get("rate")}
        return {queue: Rate(int(count), int(period_ms)) for queue, (count, period_ms) in given.items()}


def look_at_server(settings: Settings, client_factory: Callable[[], redis.Redis]) -> Look | Finding:
    """Ask the server what there is to ask, or say why it cannot be asked."""
    try:
        with translated(), client_factory() as client:
            if missing := ask_permissions(client, settings):
                return check_permissions(missing)
            one = server_with(client, QueueKeys(settings.namespace, next(iter(settings.queues))).meta)
            one.time()  # connects, which is not to be measured
            began_ms, asked = now_ms(), time.perf_counter()
            seconds, microseconds = one.time()
            took_ms = (time.perf_counter() - asked) * 1_000
            return Look(
                "the configured server" if settings.redis.target() else "the embedded server",
                took_ms,
                seconds * 1_000 + microseconds / 1_000 - (began_ms + took_ms / 2),
                facts_of_each(client),
                {queue: _live(client, QueueKeys(settings.namespace, queue)) for queue in settings.queues},
                _circuits(client, settings),
                count_dead_letters(client, settings),
            )
    except NotifyError as error:
        return Finding("redis", Status.FAIL, error.message, error.hint)


def _circuits(client: redis.Redis, settings: Settings) -> dict[str, Circuit]:
    circuits = Circuits(client, FleetKeys(settings.namespace))
    return {circuit.provider: circuit for circuit in circuits.look(providers_in_use(settings))}


def _live(client: redis.Redis, keys: QueueKeys) -> dict[str, str]:
    """Read what was set live; the inspector would also sweep, and a doctor changes nothing."""
    found: Any = client.hgetall(keys.config)
    return {field.decode(): value.decode() for field, value in found.items()}


def judge_server(settings: Settings, look: Look | Finding) -> list[Finding]:
    """Return what follows from what the server said."""
    if isinstance(look, Finding):
        return [look]
    return [
        _reachable(look.which, look.took_ms, look.facts),
        _version(look.facts),
        check_permissions([]),
        *check_durability(look.facts),
        *check_failover(settings, look.facts),
        check_memory(look.facts),
        check_dead_letters(look.dead, look.facts),
        check_queues(look.live, now_ms() + round(look.ahead_ms)),
        _clock(look.ahead_ms),
    ]


def _reachable(which: str, took_ms: float, facts: Sequence[Mapping[str, Any]]) -> Finding:
    detail = f"{which} answers in {took_ms:.1f} ms"
    if any(one.get("role") != "master" for one in facts):
        return Finding(
            "redis", Status.FAIL, f"{which} is a read-only replica", "Name the primary in REDIS_URL or REDIS_HOST."
        )
    if took_ms > _SLOW_MS:
        return Finding("redis", Status.WARN, detail, "Run the workers nearer to it: each job takes a few round trips.")
    return Finding("redis", Status.OK, detail)


def _version(facts: Sequence[Mapping[str, Any]]) -> Finding:
    product, text, found = min((_product(one) for one in facts), key=lambda one: one[2])
    if found < _OLDEST:
        return Finding("version", Status.FAIL, f"{product} {text}", "Use Redis 7.0 or later, or any Valkey.")
    return Finding("version", Status.OK, f"{product} {text}")


def _product(facts: Mapping[str, Any]) -> tuple[str, str, tuple[int, ...]]:
    """Return what a server is called, its version, and that as numbers."""
    text = str(facts.get("valkey_version") or facts.get("redis_version", ""))
    product = "Valkey" if "valkey_version" in facts else "Redis"
    return product, text, tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def _clock(ahead_ms: float) -> Finding:
    """Judge by how much two clocks differ: what is to go at a time, or to expire, is told in the caller's."""
    off_ms = abs(ahead_ms)
    if off_ms < _SKEW_MS:
        return Finding(
            "clock", Status.OK, f"this machine's and the server's differ by less than {_SKEW_MS / 1_000:g} s"
        )
    which = "ahead of" if ahead_ms > 0 else "behind"
    return Finding(
        "clock",
        Status.FAIL if off_ms >= _WRONG_MS else Status.WARN,
        f"the server's clock is {off_ms / 1_000:.0f} s {which} this machine's: what is scheduled goes at a wrong time",
        "Let both keep time by NTP (timedatectl set-ntp true).",
    )
