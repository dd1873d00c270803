"""What is to go wrong, and when: all of it follows from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

__all__ = ["Event", "Scenario"]


@dataclass(frozen=True, slots=True)
class Event:
    """One blow.

    Attributes:
        share: How much of the work is done when it falls, from 0 to 1.
        kind: What it is: a method of `tests.chaos.mayhem.Mayhem`.
        seed: Decides what it hits.
    """

    share: float
    kind: str
    seed: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run.

    Attributes:
        seed: Decides all that is left open here.
        orders: How many; each makes a mail and a WhatsApp message.
        policy: What becomes of a send whose outcome stays unknown.
        faults: The share of copies that meet a fault at a provider.
        kills: kill -9 of worker processes, now and then of a supervisor alone.
        groups: kill -9 of a supervisor and all its processes at one blow.
        drains: Deployments: SIGTERM, and another supervisor.
        restarts: kill -9 of the server, which comes back from its append-only file.
        freezes: SIGSTOP of the server, for `freeze_s` seconds.
        stalls: SIGSTOP of a worker process, for `stall_s` seconds: longer than its lease.
        cuts: All connections to the server cut, and new ones refused for a second or so.
        lost_replies: Replies of the server's that never arrive.
        outages: Times in which one provider refuses everything.
        sentinel: Three servers behind Sentinels: a restart and a freeze make another one the primary. No cuts then.
        rate: The limit of each queue; ``off`` for none.
        supervisors, processes: The fleet: how many, and of how many worker processes each.
        latest: When the last blow falls: how much of the work is done then, from 0 to 1.
        patience_s: How long all of it may take.
    """

    seed: int
    orders: int = 400
    policy: Literal["resend", "hold"] = "resend"
    faults: float = 0.05
    kills: int = 3
    groups: int = 1
    drains: int = 1
    restarts: int = 1
    freezes: int = 1
    freeze_s: float = 3.0
    stalls: int = 0
    stall_s: float = 13.0
    cuts: int = 1
    lost_replies: int = 6
    outages: int = 1
    sentinel: bool = False
    rate: str = "off"
    supervisors: int = 2
    processes: int = 2
    latest: float = 0.9
    patience_s: float = 120.0

    def events(self) -> list[Event]:
        """All blows, in the order in which they fall."""
        chance = random.Random(self.seed)  # noqa: S311 - to be repeated
        kills = chance.choices(["kill_child", "kill_supervisor"], [5, 1], k=self.kills)
        kinds = [
            *kills,
            *["kill_group"] * self.groups,
            *["drain"] * self.drains,
            *["restart"] * self.restarts,
            *["freeze"] * self.freezes,
            *["stall"] * self.stalls,
            *["cut"] * (0 if self.sentinel else self.cuts),
            *["lose_reply"] * (0 if self.sentinel else self.lost_replies),
            *["outage"] * self.outages,
        ]
        events = [Event(chance.uniform(0.03, self.latest), kind, chance.randrange(10**9)) for kind in kinds]
        return sorted(events, key=lambda event: event.share)
