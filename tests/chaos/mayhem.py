"""Deals the blows of a scenario, each when so much of the work is done."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

from notifyctl.lua import load_script
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.fleet import Fleet, Kill
    from tests.chaos.receiving import Receiving
    from tests.chaos.scenario import Event, Scenario
    from tests.chaos.servers import Backing

__all__ = ["Mayhem"]

_LOSABLE = ("take", "begin", "complete", "retry", "doubt", "release", "beat", "enqueue")


class Mayhem:
    """What is done to a fleet, its server, the way between them, and the providers.

    Attributes:
        kills: What was killed, and what it was doing.
        dealt: How often each kind of blow fell.
    """

    def __init__(self, scenario: Scenario, fleet: Fleet, server: Backing, receiving: Receiving) -> None:
        self._scenario = scenario
        self._fleet = fleet
        self._server = server
        self._receiving = receiving
        self.kills: list[Kill] = []
        self.dealt: Counter[str] = Counter()

    def deal(self, event: Event) -> None:
        """Let one blow fall."""
        blow: Callable[[random.Random], None] = getattr(self, f"_{event.kind}")
        blow(random.Random(event.seed))  # noqa: S311 - to be repeated
        self.dealt[event.kind] += 1

    def _kill_child(self, chance: random.Random) -> None:
        self._strike(lambda: self._fleet.kill_child(chance))

    def _stall(self, chance: random.Random) -> None:
        self._strike(lambda: self._fleet.stall(chance, self._scenario.stall_s))

    def _strike(self, blow: Callable[[], Kill | None]) -> None:
        """Repeat a blow until it has met a worker process."""
        kills: list[Kill] = []

        def struck() -> bool:
            kill = blow()
            if kill is not None:
                kills.append(kill)
            return kill is not None

        wait_until(struck, timeout_s=60, what="a worker process to strike", every_s=0.05)
        self.kills += kills

    def _kill_group(self, chance: random.Random) -> None:
        self.kills.append(self._fleet.kill_group(chance))

    def _kill_supervisor(self, chance: random.Random) -> None:
        self.kills.append(self._fleet.kill_supervisor(chance))

    def _drain(self, chance: random.Random) -> None:
        self._fleet.drain(chance)

    def _restart(self, chance: random.Random) -> None:
        self._server.crash(lambda: _pause(chance.uniform(0.1, 1.5)))

    def _freeze(self, chance: random.Random) -> None:
        del chance
        self._server.freeze(lambda: _pause(self._scenario.freeze_s))

    def _cut(self, chance: random.Random) -> None:
        self._server.cut(lambda: _pause(chance.uniform(0.1, 1.5)))

    def _lose_reply(self, chance: random.Random) -> None:
        self._server.lose_reply(load_script("notifyctl.engine", chance.choice(_LOSABLE)).sha1)

    def _outage(self, chance: random.Random) -> None:
        provider, mood = chance.choice(
            [("sendgrid", "503 of the vendor"), ("sendgrid", "401"), ("sendgrid", "429"), ("twilio", "429")]
        )
        with self._receiving.mood(provider, mood):
            _pause(chance.uniform(0.5, 2.0))


def _pause(seconds: float) -> None:
    """Let a blow last."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, timeout_s=seconds + 5, what="time to go by")
