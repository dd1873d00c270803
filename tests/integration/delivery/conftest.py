"""Circuits under test, on a clock that stands still, as several processes see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.delivery.circuits import Admission, Admitted, Change, Circuit, Circuits, Kind, Policy, Verdict
from notifyctl.engine.keys import FleetKeys

if TYPE_CHECKING:
    import redis

P = "sendgrid"
FAILING = Verdict(Kind.FAILING, "no connection")
ACCOUNT = Verdict(Kind.ACCOUNT, "wrong key")


class Bench:
    """The circuits of a fleet, and what its processes were told.

    Attributes:
        now: The time, in ms.
        changes: What `tell` was called with.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.now = 1_700_000_000_000
        self.changes: list[Change] = []
        self.policy = Policy(threshold=3, cool_down_ms=10_000, max_cool_down_ms=30_000, account_ms=25_000)
        self.circuits = self.process()

    def process(self, name: str = "") -> Circuits:
        """One process's view."""
        return Circuits(
            self.client,
            FleetKeys("t"),
            self.policy,
            tell=self.changes.append,
            caller=lambda: name,
            clock=lambda: self.now,
        )

    def admit(self) -> Admission:
        """Ask for admission."""
        return self.circuits.admit(P)

    def word(self) -> Admitted:
        """The answer alone."""
        return self.admit().word

    def begin(self, count: int) -> list[Admission]:
        """Begin so many sends, each in a process of its own."""
        return [self.process().admit(P) for _ in range(count)]

    @property
    def sending(self) -> int:
        """How many sends are counted as in progress."""
        return int(self.client.zcard(FleetKeys("t").sends(P)))

    def tried(self, verdict: Verdict) -> float | None:
        """Ask, and tell a verdict."""
        return self.circuits.report(self.admit(), verdict)

    def fail(self, times: int = 3) -> None:
        """Fail so often in a row."""
        for _ in range(times):
            self.tried(FAILING)

    def probe(self) -> Admission:
        """Let the circuit's time pass, and be the probe."""
        self.now += self.look().wait_ms
        admission = self.admit()
        assert admission.word is Admitted.PROBE
        return admission

    def look(self) -> Circuit:
        """The circuit."""
        return self.circuits.look([P])[0]

    @property
    def ttl_ms(self) -> int:
        """How long the circuit's key lives on; -2 = there is none."""
        return int(self.client.pttl(FleetKeys("t").circuit(P)))

    def stored(self) -> dict[Any, Any]:
        """All that is stored."""
        keys = FleetKeys("t")
        return {
            **self.client.hgetall(keys.circuit(P)),
            "sends": self.client.zrange(keys.sends(P), 0, -1, withscores=True),
            "most": self.client.get(keys.sends_most(P)),
        }


@pytest.fixture
def bench(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty server, over a connection that loses each reply once: a script that runs again changes nothing more."""
    bench, run = Bench(client), Circuits._run

    def twice(circuits: Circuits, *args: Any) -> Any:
        answer, stored = run(circuits, *args), bench.stored()
        assert run(circuits, *args) == answer
        assert bench.stored() == stored
        return answer

    monkeypatch.setattr(Circuits, "_run", twice)
    return bench
