"""Providers whose circuit is open are passed over; what a try shows of the provider is told to its circuit."""

from __future__ import annotations

import logging

import pytest

from notifyctl.delivery.circuits import UNTRIED, WORKS, Admission, Admitted, Kind, Verdict
from notifyctl.delivery.failover import Route
from notifyctl.errors import (
    BrokerUnavailable,
    DeliveryError,
    InDoubt,
    NoProvider,
    Permanent,
    Scope,
    StaleLease,
    Throttled,
    Transient,
    Unavailable,
    Unsendable,
)
from notifyctl.notification import Sent
from tests.support.delivery import FakeCircuits, FakeJob, FakeProvider

NO, PROBE, SOON = [Admitted.NO], [Admitted.PROBE], [Admitted.SOON]


def unavailable(name: str = "first") -> Unavailable:
    """The provider itself fails."""
    return Unavailable("no connection", provider=name, provider_code="connect")


def account(name: str = "first") -> Permanent:
    """It refuses the account."""
    return Permanent("wrong key", provider=name, provider_code="401", scope=Scope.ACCOUNT)


def raised_by(route: Route[object], job: FakeJob | None = None) -> DeliveryError:
    """What a send by this route ends in."""
    with pytest.raises(DeliveryError) as caught:
        route.send(job or FakeJob(), "payload")
    return caught.value


def test_open_circuit_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """It is not asked, no send is begun there, and no message tells of it: the circuit did, once."""
    job, first, second = FakeJob(), FakeProvider("first"), FakeProvider("second")
    caplog.set_level(logging.WARNING)

    sent = Route([first, second], FakeCircuits(first=NO)).send(job, "payload")

    assert sent == Sent("second", "id-of-second")
    assert first.payloads == []
    assert job.calls == ["begin second", "accepted id-of-second", "tried second sent"]
    assert caplog.records == []


def test_no_usable_provider_uses_no_attempt_and_says_when_to_come_back() -> None:
    """Nothing was begun; the error names the provider, and why, and when it is worth asking again."""
    job = FakeJob()

    raised = raised_by(Route([FakeProvider("first")], FakeCircuits(first=NO)), job)

    assert isinstance(raised, NoProvider)
    assert raised.retry_after_s == 8.0
    assert raised.message == "first is not asked: first rests"
    assert job.calls == []


def test_all_providers_out_are_named_with_the_soonest_to_come_back() -> None:
    """Whoever looks at the queue sees why each of them is not asked."""
    providers = [FakeProvider("first"), FakeProvider("second", unwell=unavailable("second"))]

    raised = raised_by(Route(providers, FakeCircuits(5.0, first=NO, second=PROBE)))

    assert isinstance(raised, NoProvider)
    assert (raised.provider, raised.retry_after_s) == ("second", 5.0)
    assert raised.message == "first is not asked: first rests; second is not asked: no connection"


def test_nobody_waits_for_hours_without_looking_again() -> None:
    """An operator may have had the provider asked again meanwhile."""
    raised = raised_by(Route([FakeProvider("first", unwell=unavailable())], FakeCircuits(7_200.0, first=PROBE)))

    assert isinstance(raised, NoProvider)
    assert raised.retry_after_s == 60.0


@pytest.mark.parametrize(
    ("failure", "decides"),
    [
        (unavailable("second"), Unavailable),
        (Transient("greylisted", provider="second"), Transient),
        (Throttled("less", provider="second", retry_after_s=5), Throttled),
        (Throttled("less", provider="second", retry_after_s=60), NoProvider),
        (account("second"), Permanent),
    ],
    ids=["failing", "recipient", "sooner", "later", "account"],
)
def test_failure_behind_an_open_circuit(failure: DeliveryError, decides: type[DeliveryError]) -> None:
    """A failure that a retry may mend decides, and an account fault; else whoever is ready first, without an attempt."""
    route = Route([FakeProvider("first"), FakeProvider("second", failure)], FakeCircuits(first=NO))

    assert type(raised_by(route)) is decides


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (None, WORKS),
        (unavailable(), Verdict(Kind.FAILING, "no connection")),
        (InDoubt("no answer", provider="first"), Verdict(Kind.FAILING, "no answer")),
        (account(), Verdict(Kind.ACCOUNT, "wrong key")),
        (Throttled("less", provider="first", retry_after_s=7), Verdict(Kind.THROTTLED, "less", 7)),
        (Transient("mailbox is full", provider="first"), WORKS),
        (Permanent("no such user", provider="first", scope=Scope.RECIPIENT), WORKS),
        (Permanent("too big", provider="first", scope=Scope.CONTENT), WORKS),
        (Unsendable("no template", provider="first", scope=Scope.CONTENT), UNTRIED),
        (Unsendable("no sender", provider="first", scope=Scope.ACCOUNT), Verdict(Kind.ACCOUNT, "no sender")),
        (KeyboardInterrupt(), UNTRIED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_try_shows_of_the_provider(failure: BaseException | None, verdict: Verdict) -> None:
    """Doubts and failures of its own count; what is about one recipient or content shows that it works."""
    circuits = FakeCircuits()
    route = Route([FakeProvider("first", failure)], circuits)

    if failure is None:
        route.send(FakeJob(), "payload")
    else:
        with pytest.raises(type(failure)):
            route.send(FakeJob(), "payload")

    assert circuits.told == [("first", verdict)]


def test_crash_counts_as_a_failure_of_the_provider() -> None:
    """Each one is a doubt, and a provider whose code is broken leaves one after the other."""
    circuits = FakeCircuits()

    raised_by(Route([FakeProvider("first", ZeroDivisionError("ada@example.org"))], circuits))

    ((_, verdict),) = circuits.told
    assert verdict.word == Kind.FAILING
    assert verdict.reason.startswith("first crashed: ZeroDivisionError at ")


def test_check_that_crashes_costs_no_message() -> None:
    """It is a failed one, told without its text."""
    job, circuits = FakeJob(), FakeCircuits(20.0, first=PROBE)

    raised = raised_by(Route([FakeProvider("first", unwell=KeyError("ada@example.org"))], circuits), job)

    assert isinstance(raised, NoProvider)
    assert raised.message.startswith("first is not asked: its check crashed: KeyError at ")
    assert (job.calls, circuits.told[0][1].word, raised.retry_after_s) == ([], Kind.FAILING, 20.0)


def test_account_fault_says_when_the_circuit_lets_a_probe_through() -> None:
    """The queue rests no longer than that."""
    raised = raised_by(Route([FakeProvider("first", account())], FakeCircuits(12.5)))

    assert isinstance(raised, Permanent)
    assert raised.retry_after_s == 12.5


@pytest.mark.parametrize(("account_s", "rests_s"), [(30.0, 8.0), (5.0, 5.0), (None, 8.0)])
def test_account_fault_behind_an_open_circuit_is_counted_against_its_message(
    account_s: float | None, rests_s: float
) -> None:
    """It may be this message alone: at the head of the line, it would keep the second provider from all the others."""
    route = Route([FakeProvider("first"), FakeProvider("second", account("second"))], FakeCircuits(account_s, first=NO))

    raised = raised_by(route)

    assert isinstance(raised, Permanent)
    assert (raised.provider, raised.retry_after_s) == ("second", rests_s)


@pytest.mark.parametrize("failure", [account(), Throttled("less", provider="first", retry_after_s=3_600)])
def test_queue_of_a_provider_that_rests_for_hours_looks_again(failure: DeliveryError) -> None:
    """Its circuit keeps the hours; another provider may have been configured meanwhile."""
    circuits = FakeCircuits(3_600.0)

    raised = raised_by(Route([FakeProvider("first", failure)], circuits))

    assert raised is failure
    assert isinstance(raised, Permanent | Throttled)
    assert raised.retry_after_s == 60.0
    if isinstance(failure, Throttled):
        assert circuits.told == [("first", Verdict(Kind.THROTTLED, "less", 3_600))]


def test_throttling_rests_as_long_as_it_says_where_its_circuit_cannot() -> None:
    """Redis is away at that moment."""
    failure = Throttled("less", provider="first", retry_after_s=7)

    assert raised_by(Route([FakeProvider("first", failure)], FakeCircuits(None))) is failure
    assert failure.retry_after_s == 7


def test_probe_is_checked_before_a_message_is_risked() -> None:
    """Only where the check passes is the message sent."""
    provider, circuits = FakeProvider("first"), FakeCircuits(first=PROBE)

    Route([provider], circuits).send(FakeJob(), "payload")

    assert (provider.checks, len(provider.payloads)) == (1, 1)
    assert circuits.told == [("first", WORKS)]


@pytest.mark.parametrize("unwell", [unavailable(), account(), Throttled("less", provider="first", retry_after_s=9)])
def test_failed_check_costs_neither_a_doubt_nor_an_attempt(unwell: DeliveryError) -> None:
    """The circuit is told; nothing was begun, and the queue rests until the next probe."""
    job, circuits = FakeJob(), FakeCircuits(20.0, first=PROBE)
    provider = FakeProvider("first", unwell=unwell)

    raised = raised_by(Route([provider], circuits), job)

    assert isinstance(raised, NoProvider)
    assert (raised.retry_after_s, raised.message) == (20.0, f"first is not asked: {unwell.message}")
    assert (job.calls, provider.payloads) == ([], [])
    assert circuits.told == [("first", Verdict.of(unwell))]


def test_failed_check_moves_the_message_on() -> None:
    """The second provider takes it."""
    first, second = FakeProvider("first", unwell=unavailable()), FakeProvider("second")

    assert Route([first, second], FakeCircuits(first=PROBE)).send(FakeJob(), "payload").provider == "second"


def test_probe_whose_lease_is_lost_is_given_back() -> None:
    """Somebody else may be the probe at once."""
    circuits = FakeCircuits(first=PROBE)

    with pytest.raises(StaleLease):
        Route([FakeProvider("first")], circuits).send(FakeJob(stale_at="first"), "payload")

    assert circuits.told == [("first", UNTRIED)]


def test_nobody_is_asked_while_redis_cannot_say_whom() -> None:
    """The job goes back in line, as where its lease cannot be told."""

    class Away(FakeCircuits):
        def admit(self, provider: str) -> Admission:
            del provider
            raise BrokerUnavailable("away")

    provider = FakeProvider("first")
    with pytest.raises(BrokerUnavailable):
        Route([provider], Away()).send(FakeJob(), "payload")

    assert provider.payloads == []


def test_sends_in_progress_are_waited_for() -> None:
    """A moment later there is room: the same provider is asked, no other."""
    circuits = FakeCircuits(first=[*SOON, *SOON, Admitted.YES])

    assert (
        Route([FakeProvider("first"), FakeProvider("second")], circuits).send(FakeJob(), "payload").provider == "first"
    )
    assert circuits.asked == ["first"] * 3


def test_sends_in_progress_are_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are a bad sign then: the next provider is asked."""
    monkeypatch.setattr("notifyctl.delivery.failover._PATIENCE_S", 0.06)
    circuits = FakeCircuits(first=SOON)

    assert (
        Route([FakeProvider("first"), FakeProvider("second")], circuits).send(FakeJob(), "payload").provider == "second"
    )
    assert circuits.asked.count("first") == 3
