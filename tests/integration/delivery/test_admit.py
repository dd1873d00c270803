"""The admit script: who may ask a provider, and when the others are to ask again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notifyctl.delivery.circuits import UNTRIED, WORKS, Admitted, Change, Kind, Verdict
from notifyctl.errors import BrokerUnavailable
from tests.integration.delivery.conftest import ACCOUNT, FAILING, P
from tests.support.server import Server

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Bench

YES, WARY, PROBE, NO = Admitted.YES, Admitted.WARY, Admitted.PROBE, Admitted.NO


def test_unknown_provider_may_be_asked_and_leaves_no_trace(bench: Bench) -> None:
    """A provider that works costs a read, and no key."""
    assert bench.word(in_flight=50) is YES
    assert bench.ttl_ms == -2


def test_failures_below_the_threshold_make_wary(bench: Bench) -> None:
    """It may be asked, and what comes of it must be told."""
    bench.fail(2)

    assert bench.word() is WARY


@pytest.mark.parametrize(("failures", "in_flight", "word"), [(1, 1, WARY), (1, 2, NO), (2, 0, WARY), (2, 1, NO)])
def test_failures_and_sends_in_progress_stay_below_the_threshold(
    bench: Bench, failures: int, in_flight: int, word: Admitted
) -> None:
    """Each of them may end in doubt: together they are never more than the threshold."""
    bench.fail(failures)
    admission = bench.admit(in_flight)

    assert admission.word is word
    if word is NO:
        assert (admission.wait_ms, admission.reason) == (250, "sendgrid does not work: no connection")


def test_threshold_that_was_lowered_refuses_nobody_who_waits_for_nothing(bench: Bench) -> None:
    """Of a caller with sends in progress, one of them will tell; without any, nobody ever would."""
    bench.fail(2)
    bench.policy = replace(bench.policy, threshold=2)
    bench.circuits = bench.process()

    assert (bench.word(in_flight=1), bench.word()) == (NO, WARY)
    bench.fail(1)
    assert bench.look().state == "open"


@pytest.mark.parametrize("way", ["failing", "throttled", "prolonged", "tripped"])
def test_clock_that_is_set_back_does_not_prolong_a_circuit(bench: Bench, way: str) -> None:
    """It lasts as long as it was to, from the moment at which somebody asks."""
    if way == "tripped":
        bench.circuits.trip(P, 10_000, "")
    elif way == "failing":
        bench.fail()
    else:
        early = bench.admit()
        bench.tried(Verdict(Kind.THROTTLED, "less", 10.0 if way == "throttled" else 2.0))
        if way == "prolonged":
            bench.circuits.report(early, Verdict(Kind.THROTTLED, "less", 10.0))
    bench.now -= 3_600_000

    assert (bench.look().wait_ms, bench.admit().wait_ms) == (10_000, 10_000)
    bench.now += 9_000
    assert bench.admit().wait_ms == 1_000
    bench.now += 1_000
    assert bench.word() in {PROBE, YES}


def test_clock_that_is_set_back_does_not_prolong_a_probe(bench: Bench) -> None:
    """One that is never heard of again is replaced in time."""
    bench.fail()
    bench.probe()
    bench.now -= 3_600_000
    assert bench.admit().wait_ms == 10_000
    bench.now += 10_000  # the circuit's own time, once more
    assert bench.admit().wait_ms == 1_000

    bench.now += bench.policy.probe_ms
    assert bench.word() is PROBE


def test_open_circuit_says_when_and_why(bench: Bench) -> None:
    """Until its time is over, nobody asks."""
    bench.fail()
    bench.now += 9_999
    admission = bench.admit()

    assert (admission.word, admission.wait_ms) == (NO, 1)
    assert admission.reason == "sendgrid does not work: no connection"


def test_one_probe_and_everybody_else_waits_a_second(bench: Bench) -> None:
    """In another process as well."""
    bench.fail()
    bench.probe()
    other = bench.process().admit(P, 0)

    assert (other.word, other.wait_ms) == (NO, 1_000)


def test_probe_that_is_never_heard_of_again_is_replaced(bench: Bench) -> None:
    """Its process may have died."""
    bench.fail()
    bench.probe()
    bench.now += bench.policy.probe_ms - 1
    assert bench.admit().wait_ms == 1

    bench.now += 1
    assert bench.word() is PROBE


@pytest.mark.parametrize("verdict", [FAILING, ACCOUNT], ids=["failing", "account"])
def test_restart_of_everything_does_not_close_a_circuit(bench: Bench, verdict: Verdict) -> None:
    """What one process learned, a new one knows."""
    for _ in range(3):
        bench.tried(verdict)

    assert bench.process().admit(P, 0).word is NO


def test_throttled_circuit_closes_by_itself(bench: Bench) -> None:
    """The provider said when; nothing is to be probed. Whoever asks first tells of it."""
    bench.tried(Verdict(Kind.THROTTLED, "slow down", 7.0))
    bench.now += 6_999
    assert bench.word() is NO

    bench.now += 1
    assert [bench.word(), bench.word()] == [YES, YES]
    assert bench.changes == [
        Change(P, "opened", Kind.THROTTLED, "slow down", 7_000),
        Change(P, "closed"),
    ]


def test_failure_of_whoever_closed_a_throttled_circuit_counts(bench: Bench) -> None:
    """The same call's name stands for its question and for its report: one is not taken for the other."""
    bench.tried(Verdict(Kind.THROTTLED, "slow down", 1.0))
    bench.now += 1_000
    bench.tried(FAILING)

    assert bench.look().failures == 1


def test_circuits_are_apart(bench: Bench) -> None:
    """One provider's trouble is not another's."""
    bench.fail()

    assert bench.circuits.admit("smtp", 0).word is YES


def test_server_that_is_away_lets_nobody_ask() -> None:
    """Nobody can say whether the provider is worth it."""
    from notifyctl.connection import connect
    from notifyctl.delivery.circuits import Circuits

    server = Server()
    circuits = Circuits(connect(server.url, role="operator"), "t:circuit:{}".format)
    admission = circuits.admit(P, 0)
    server.close()

    with pytest.raises(BrokerUnavailable):
        circuits.admit(P, 0)
    assert circuits.report(admission, FAILING) is None
    assert circuits.report(admission, WORKS) is circuits.report(admission, UNTRIED) is None
