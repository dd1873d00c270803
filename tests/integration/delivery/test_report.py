"""The report script: what opens a circuit, what closes it, and who tells of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from notifyctl.delivery.circuits import UNTRIED, WORKS, Admission, Admitted, Change, Kind, Verdict
from tests.integration.delivery.conftest import ACCOUNT, FAILING, P

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Bench

DAY_MS = 24 * 3600 * 1000
THROTTLED = Verdict(Kind.THROTTLED, "slow down", 7.0)


def test_failures_in_a_row_open_the_circuit(bench: Bench) -> None:
    """The one that reaches the threshold makes the transition, and hears how long it lasts."""
    waits = [bench.tried(FAILING) for _ in range(3)]

    assert waits == [0, 0, 10.0]
    circuit = bench.look()
    assert (circuit.state, circuit.kind, circuit.reason) == ("open", Kind.FAILING, "no connection")
    assert (circuit.since_ms, circuit.until_ms, circuit.wait_ms) == (bench.now, bench.now + 10_000, 10_000)
    assert bench.changes == [Change(P, "opened", Kind.FAILING, "no connection", 10_000)]


def test_success_in_between_begins_the_count_anew(bench: Bench) -> None:
    """Only failures in a row count."""
    bench.fail(2)
    bench.tried(WORKS)
    bench.fail(2)

    assert (bench.look().state, bench.look().failures) == ("closed", 2)


@pytest.mark.parametrize(("verdict", "seconds"), [(ACCOUNT, 25.0), (THROTTLED, 7.0)], ids=["account", "throttled"])
def test_account_fault_and_throttling_open_at_once(bench: Bench, verdict: Verdict, seconds: float) -> None:
    """One is enough: every other message would hear the same."""
    assert bench.tried(verdict) == seconds
    assert bench.look().kind == verdict.word


def test_throttling_without_a_time_lasts_five_seconds(bench: Bench) -> None:
    """The provider did not say."""
    assert bench.tried(Verdict(Kind.THROTTLED, "slow down")) == 5.0


def test_later_throttling_prolongs_and_is_no_transition(bench: Bench) -> None:
    """Of several answers to sends in progress, the longest counts; the circuit opened once."""
    early, late = bench.admit(), bench.admit()
    bench.tried(THROTTLED)

    assert bench.circuits.report(early, Verdict(Kind.THROTTLED, "slow down", 30.0)) == 30.0
    assert bench.circuits.report(late, Verdict(Kind.THROTTLED, "slow down", 1.0)) == 30.0
    assert len(bench.changes) == 1


def test_exactly_one_of_those_in_progress_makes_the_transition(bench: Bench) -> None:
    """All of them fail; one tells."""
    for admission in bench.begin(3):
        bench.circuits.report(admission, ACCOUNT)

    assert len(bench.changes) == 1


def test_send_that_began_before_does_not_close_an_open_circuit(bench: Bench) -> None:
    """Only the probe's success counts, as it came after the failures."""
    early = bench.admit()
    bench.tried(ACCOUNT)
    bench.circuits.report(early, WORKS)

    assert bench.look().kind is Kind.ACCOUNT


def test_probe_that_succeeds_closes_the_circuit(bench: Bench) -> None:
    """All may ask again, and the count begins anew."""
    bench.fail()
    bench.circuits.report(bench.probe(), WORKS)

    assert bench.word() is Admitted.YES
    assert bench.look().failures == 0
    assert bench.changes[1:] == [Change(P, "closed")]


def test_each_probe_that_fails_doubles_the_cool_down_up_to_the_longest(bench: Bench) -> None:
    """10, 20, 30 s here; that it fails still is no transition."""
    bench.fail()
    since = bench.look().since_ms

    assert [bench.circuits.report(bench.probe(), FAILING) for _ in range(3)] == [20.0, 30.0, 30.0]
    assert bench.look().since_ms == since
    assert len(bench.changes) == 1


def test_cool_down_begins_anew_after_it_closed(bench: Bench) -> None:
    """An outage of yesterday lengthens none of today."""
    bench.fail()
    bench.circuits.report(bench.probe(), FAILING)
    bench.circuits.report(bench.probe(), WORKS)
    bench.fail()

    assert bench.look().wait_ms == 10_000


def test_account_that_is_refused_still_waits_as_long_again(bench: Bench) -> None:
    """No doubling: a person is at work on it."""
    bench.tried(ACCOUNT)

    assert [bench.circuits.report(bench.probe(), ACCOUNT) for _ in range(2)] == [25.0, 25.0]


def test_probe_that_meets_another_trouble_is_a_transition(bench: Bench) -> None:
    """It was down, and now the key is wrong: whoever watches has to hear of it."""
    bench.fail()
    bench.circuits.report(bench.probe(), ACCOUNT)

    assert [change.kind for change in bench.changes] == [Kind.FAILING, Kind.ACCOUNT]


def test_probe_that_found_out_nothing_lets_another_one_go(bench: Bench) -> None:
    """Its job was somebody else's by then: no reason to wait."""
    bench.fail()
    bench.circuits.report(bench.probe(), UNTRIED)

    assert bench.word() is Admitted.PROBE


def test_report_of_a_probe_that_was_replaced_decides_nothing(bench: Bench) -> None:
    """It took longer than it may: the next one decides."""
    bench.fail()
    slow = bench.probe()
    bench.now += bench.policy.probe_ms
    bench.admit()
    bench.circuits.report(slow, WORKS)

    assert bench.look().kind is Kind.FAILING


def test_answer_no_has_nothing_to_tell(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs no round trip."""
    monkeypatch.setattr(bench.circuits, "_run", None)

    assert bench.circuits.report(Admission(P, "", Admitted.NO), FAILING) is None


def test_circuit_is_kept_a_day_beyond_its_time(bench: Bench) -> None:
    """A provider that is not used any more leaves nothing behind."""
    bench.fail(1)
    assert DAY_MS - 1_000 < bench.ttl_ms <= DAY_MS
    bench.fail(2)
    assert DAY_MS < bench.ttl_ms <= DAY_MS + 10_000
    bench.circuits.report(bench.probe(), WORKS)
    assert DAY_MS - 1_000 < bench.ttl_ms <= DAY_MS


def test_opening_and_closing_is_one_line_each(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """With the provider, how long, and why; a probe that fails is told more quietly."""
    caplog.set_level(logging.INFO)
    bench.fail()
    bench.circuits.report(bench.probe(), FAILING)
    bench.circuits.report(bench.probe(), WORKS)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "the circuit of sendgrid opened for 10 s: it does not work: no connection"),
        ("INFO", "sendgrid does not work, still: no connection; asked again in 20 s"),
        ("WARNING", "the circuit of sendgrid closed: it is asked again"),
    ]
