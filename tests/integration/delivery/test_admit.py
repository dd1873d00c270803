"""The admit script: who may ask a provider, and when the others are to ask again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect
from notifyctl.delivery.circuits import SIGN_MS, UNTRIED, WORKS, Admitted, Change, Circuits, Kind, Verdict
from notifyctl.engine.keys import FleetKeys
from notifyctl.errors import BrokerUnavailable
from tests.integration.delivery.conftest import ACCOUNT, FAILING, P
from tests.support.server import Server

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Bench

YES, PROBE, SOON, NO = Admitted.YES, Admitted.PROBE, Admitted.SOON, Admitted.NO


def test_unknown_provider_may_be_asked_and_leaves_no_trace(bench: Bench) -> None:
    """A provider that works has no circuit, and none of its sends is counted once it is over."""
    admission = bench.admit()
    assert (admission.word, bench.ttl_ms, bench.sending) == (YES, -2, 1)

    bench.circuits.report(admission, WORKS)
    assert bench.sending == 0


def test_sends_of_the_fleet_without_an_answer_stay_at_the_threshold(bench: Bench) -> None:
    """Nobody knows yet that it hangs: each of them would be in doubt. What is just slow is waited for, at first."""
    bench.begin(2)
    bench.now += 999
    assert [one.word for one in bench.begin(2)] == [YES, SOON]

    bench.now += 1
    told = bench.admit()
    assert (told.word, told.wait_ms, told.reason) == (NO, 250, "3 sends have no answer yet")
    assert bench.sending == 3


@pytest.mark.parametrize("verdict", [WORKS, UNTRIED, Verdict("works")], ids=["works", "untried", "refused"])
def test_send_that_is_over_makes_room(bench: Bench, verdict: Verdict) -> None:
    """Whatever came of it."""
    first, *_ = bench.begin(3)
    bench.circuits.report(first, verdict)

    assert bench.word() is YES


def test_answers_while_it_is_full_make_room_for_more(bench: Bench) -> None:
    """A provider that answers may have as many as it takes, for as long as it takes them, and some seconds longer."""
    for first in bench.begin(3):
        bench.circuits.report(first, WORKS)
        bench.begin(2)  # one more than before, each time
    assert (bench.sending, bench.word()) == (6, SOON)
    assert 9_000 < bench.client.pttl(FleetKeys("t").sends_most(P)) <= 10_000


def test_failures_take_the_room_back(bench: Bench) -> None:
    """Once it fails, the threshold counts, however much there was room for."""
    full = bench.begin(3)
    bench.circuits.report(full[0], WORKS)
    bench.circuits.report(full[1], FAILING)

    assert (bench.sending, bench.word()) == (1, YES)
    assert (bench.sending, bench.word()) == (2, SOON)


def test_send_of_which_nothing_is_heard_is_over_in_time(bench: Bench) -> None:
    """Its process was killed; a clock that is set back does not prolong that."""
    bench.begin(3)
    bench.now += SIGN_MS - 1
    assert bench.word() is NO
    bench.now += 1
    assert bench.word() is YES

    bench.begin(2)
    bench.now -= 3_600_000
    assert bench.word() is YES


def test_sends_are_in_progress_as_long_as_their_process_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server may think for long; but what has ended is not counted again, nor what lasts beyond all measure."""
    slow = [bench.admit() for _ in range(2)]
    ended = bench.admit()
    began = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: began + 3)
    bench.now += 3_000
    bench.circuits.report(ended, WORKS)
    bench.circuits.keep()
    bench.now += SIGN_MS - 1

    assert bench.sending == len(slow)
    monkeypatch.setattr("time.monotonic", lambda: began + bench.policy.send_ms / 1000 + 1)
    bench.circuits.keep()
    bench.now += 1
    assert bench.word() is YES
    assert bench.sending == 1


def test_sends_of_a_dead_process_are_forgotten_at_once(bench: Bench) -> None:
    """Those of others go on, also of one whose name begins with the same letters."""
    for name in ("host-1", "host-1", "host-11"):
        bench.process(name).admit(P)
    assert bench.word() is SOON

    bench.circuits.forget("host-1", [P, "smtp"])

    assert bench.sending == 1
    assert bench.word() is YES


def test_probe_of_a_dead_process_leaves_room_for_another(bench: Bench) -> None:
    """Nobody waits for what it will never report."""
    bench.fail()
    bench.now += bench.look().wait_ms
    assert bench.process("host-1").admit(P).word is Admitted.PROBE
    assert bench.word() is NO

    bench.circuits.forget("host-1", [P])

    assert bench.word() is Admitted.PROBE


def test_report_that_was_lost_goes_with_the_next_question(bench: Bench) -> None:
    """A server that was away for a moment is not left with sends that are long over."""
    server, keys = Server(), FleetKeys("t")
    circuits = Circuits(connect(server.url, role="operator"), keys, bench.policy, clock=lambda: bench.now)
    with connect(server.url, role="operator") as client:
        over = [circuits.admit(P) for _ in range(3)]
        server.kill()
        assert [circuits.report(admission, WORKS) for admission in over] == [None] * 3
        with pytest.raises(BrokerUnavailable):
            circuits.admit(P)
        server.start()

        assert circuits.admit(P).word is YES
        assert client.zcard(keys.sends(P)) == 1
    server.close()


@pytest.mark.parametrize(("failures", "sending", "word"), [(1, 1, YES), (1, 2, SOON), (2, 0, YES), (2, 1, SOON)])
def test_failures_and_sends_in_progress_stay_below_the_threshold(
    bench: Bench, failures: int, sending: int, word: Admitted
) -> None:
    """Each of them may end in doubt: together they are never more than the threshold."""
    early = bench.begin(sending)
    bench.fail(failures)
    admission = bench.admit()

    assert admission.word is word
    if word is SOON:
        assert (admission.wait_ms, admission.reason) == (250, "sendgrid does not work: no connection")
    for one in early:
        bench.circuits.report(one, FAILING)
    assert bench.look().failures == failures + sending if failures + sending < 3 else bench.look().state == "open"


def test_threshold_that_was_lowered_refuses_nobody_where_nothing_is_in_progress(bench: Bench) -> None:
    """What is in progress will tell; where nothing is, nobody ever would."""
    bench.fail(2)
    bench.policy = replace(bench.policy, threshold=2)
    bench.circuits = bench.process()

    first = bench.admit()
    assert (first.word, bench.word()) == (YES, SOON)
    bench.circuits.report(first, FAILING)
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
    other = bench.process().admit(P)

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

    assert bench.process().admit(P).word is NO


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

    assert bench.circuits.admit("smtp").word is YES


def test_server_that_is_away_lets_nobody_ask() -> None:
    """Nobody can say whether the provider is worth it."""
    server = Server()
    circuits = Circuits(connect(server.url, role="operator"), FleetKeys("t"))
    admission = circuits.admit(P)
    server.close()

    with pytest.raises(BrokerUnavailable):
        circuits.admit(P)
    assert circuits.report(admission, FAILING) is None
    assert circuits.report(admission, WORKS) is circuits.report(admission, UNTRIED) is None
