"""The scripts trip, reset and look: a circuit in an operator's hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.delivery.circuits import WORKS, Admitted, Change, Circuit, Circuits, Kind
from notifyctl.engine.keys import FleetKeys
from tests.integration.delivery.conftest import ACCOUNT, FAILING, P

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Bench

DAY_MS = 24 * 3600 * 1000


def test_tripped_provider_is_left_alone_and_then_probed(bench: Bench) -> None:
    """For as long as was asked for, a day and more as well; then one message decides."""
    bench.circuits.trip(P, 3 * DAY_MS, "moving the domain")

    assert bench.admit().reason == "sendgrid was taken out by an operator: moving the domain"
    assert bench.ttl_ms > 3 * DAY_MS
    bench.circuits.report(bench.probe(), WORKS)
    assert bench.changes == [
        Change(P, "opened", Kind.TRIPPED, "moving the domain", 3 * DAY_MS),
        Change(P, "closed"),
    ]


def test_trip_wins_over_a_probe_under_way(bench: Bench) -> None:
    """What an operator says holds, whatever a send of a moment ago shows."""
    bench.fail()
    probe = bench.probe()
    bench.circuits.trip(P, 60_000, "")
    bench.circuits.report(probe, WORKS)

    assert bench.look().kind is Kind.TRIPPED


def test_second_trip_moves_the_end_and_is_no_transition(bench: Bench) -> None:
    """It was out already."""
    bench.circuits.trip(P, 60_000, "first")
    bench.circuits.trip(P, 10_000, "second")

    assert (bench.look().wait_ms, bench.look().reason) == (10_000, "second")
    assert len(bench.changes) == 1


def test_reset_closes_at_once(bench: Bench) -> None:
    """No probe, no wait, no failures counted."""
    bench.tried(ACCOUNT)

    assert bench.circuits.reset(P, "new key")
    assert bench.word() is Admitted.YES
    assert bench.changes[1:] == [Change(P, "closed", reason="new key")]


def test_reset_of_a_closed_circuit_forgets_its_failures(bench: Bench) -> None:
    """And is no transition."""
    bench.fail(2)

    assert not bench.circuits.reset(P, "")
    assert bench.look() == Circuit(P)
    assert bench.changes == []


def test_look_shows_each_state(bench: Bench) -> None:
    """Closed, failing a little, open, waiting for its probe, throttled no more."""
    assert bench.look() == Circuit(P)
    bench.fail(2)
    assert (bench.look().state, bench.look().failures, bench.look().reason) == ("closed", 2, "no connection")
    bench.tried(FAILING)
    assert bench.look().state == "open"
    bench.now += 10_000
    assert (bench.look().state, bench.look().wait_ms) == ("half-open", 0)


def test_circuits_that_nobody_listens_to(bench: Bench) -> None:
    """They open and close all the same."""
    deaf = Circuits(bench.client, FleetKeys("t"), bench.policy, clock=lambda: bench.now)
    deaf.report(deaf.admit(P), ACCOUNT)
    deaf.trip(P, 1_000, "")

    assert deaf.look([P])[0].kind is Kind.TRIPPED
    assert deaf.reset(P, "")
    assert deaf.look([]) == []
