"""Which provider is asked, which failure decides, and what the job learns of it."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.delivery.failover import Route
from notifyctl.errors import (
    ConfigError,
    DeliveryError,
    InDoubt,
    Permanent,
    Scope,
    StaleLease,
    Throttled,
    Transient,
)
from notifyctl.notification import Sent
from tests.support.delivery import FakeCircuits, FakeJob, FakeProvider

if TYPE_CHECKING:
    from collections.abc import Sequence


def transient(provider: str = "first") -> Transient:
    """Not taken, may work later."""
    return Transient("no connection", provider=provider, provider_code="connect")


def throttled(provider: str = "first", retry_after_s: float | None = None) -> Throttled:
    """Not taken, too many."""
    return Throttled("slow down", provider=provider, provider_code="429", retry_after_s=retry_after_s)


def permanent(scope: Scope, provider: str = "first") -> Permanent:
    """Not taken, never will be."""
    return Permanent("no", provider=provider, provider_code="400", scope=scope)


def in_doubt(provider: str = "first") -> InDoubt:
    """Nobody knows."""
    return InDoubt("no answer", provider=provider, provider_code="no_answer")


def raised_by(outcomes: Sequence[DeliveryError]) -> tuple[DeliveryError, FakeJob]:
    """What a route raises whose providers fail like this, and the job afterwards."""
    job = FakeJob()
    providers = [FakeProvider(error.provider, error) for error in outcomes]
    with pytest.raises(DeliveryError) as caught:
        Route(providers, FakeCircuits()).send(job, "payload")
    return caught.value, job


def test_first_provider_takes_it() -> None:
    """The second one is not asked; the job has its evidence before its history."""
    job = FakeJob()
    first, second = FakeProvider("first"), FakeProvider("second")

    sent = Route([first, second], FakeCircuits()).send(job, "payload")

    assert sent == Sent("first", "id-of-first")
    assert (first.payloads, second.payloads) == (["payload"], [])
    assert job.calls == ["begin first", "accepted id-of-first", "tried first sent"]


@pytest.mark.parametrize("failure", [transient(), throttled(), permanent(Scope.ACCOUNT)], ids=lambda f: f.outcome)
def test_next_provider_is_asked_where_the_first_surely_did_not_take_it(failure: DeliveryError) -> None:
    """Each send is begun anew, with its own provider's name."""
    job = FakeJob()

    sent = Route([FakeProvider("first", failure), FakeProvider("second")], FakeCircuits()).send(job, "payload")

    assert sent == Sent("second", "id-of-second")
    assert job.calls == [
        "begin first",
        f"tried first {failure.outcome}",
        "begin second",
        "accepted id-of-second",
        "tried second sent",
    ]


@pytest.mark.parametrize(
    "failure",
    [in_doubt(), permanent(Scope.RECIPIENT), permanent(Scope.CONTENT)],
    ids=["in_doubt", "recipient", "content"],
)
def test_next_provider_is_not_asked_where_it_could_repeat_or_not_help(failure: DeliveryError) -> None:
    """A doubt may be a duplicate; a bad address or content is bad everywhere."""
    second = FakeProvider("second")

    with pytest.raises(type(failure)) as caught:
        Route([FakeProvider("first", failure), second], FakeCircuits()).send(FakeJob(), "payload")

    assert caught.value is failure
    assert second.payloads == []


@pytest.mark.parametrize("failure", [in_doubt("second"), permanent(Scope.RECIPIENT, "second")])
def test_second_providers_verdict_is_final_too(failure: DeliveryError) -> None:
    """What the second one says ends the attempt as it would have for the first."""
    raised, _ = raised_by([transient(), failure])

    assert raised is failure


@pytest.mark.parametrize(
    ("failures", "decides"),
    [
        ([throttled("a", 30), throttled("b", 5)], 1),
        ([throttled("a"), throttled("b", 5)], 1),
        ([throttled("a"), throttled("b")], 0),
        ([throttled("a", 30), transient("b")], 1),
        ([transient("a"), throttled("b", 30)], 0),
        ([transient("a"), transient("b")], 0),
        ([permanent(Scope.ACCOUNT, "a"), transient("b")], 1),
        ([transient("a"), permanent(Scope.ACCOUNT, "b")], 0),
        ([permanent(Scope.ACCOUNT, "a"), throttled("b", 5)], 0),
        ([throttled("a", 5), permanent(Scope.ACCOUNT, "b")], 1),
        ([permanent(Scope.ACCOUNT, "a"), permanent(Scope.ACCOUNT, "b")], 0),
        ([transient("a")], 0),
    ],
)
def test_most_hopeful_failure_decides(failures: list[DeliveryError], decides: int) -> None:
    """One that failed otherwise: a retry; else an account fault, the first; all of them throttled: the soonest."""
    raised, job = raised_by(failures)

    assert raised is failures[decides]
    assert [attempt.provider for attempt in job.history] == [failure.provider for failure in failures]


def test_stale_lease_means_no_send() -> None:
    """The provider is not asked, and the next one neither."""
    job = FakeJob(stale_at="first")
    first, second = FakeProvider("first"), FakeProvider("second")

    with pytest.raises(StaleLease):
        Route([first, second], FakeCircuits()).send(job, "payload")

    assert first.payloads == second.payloads == []
    assert job.calls == []


def test_lease_lost_between_providers_means_no_second_send() -> None:
    """Another worker may be sending by now: begin is asked before each provider."""
    job = FakeJob(stale_at="second")
    second = FakeProvider("second")

    with pytest.raises(StaleLease):
        Route([FakeProvider("first", transient()), second], FakeCircuits()).send(job, "payload")

    assert second.payloads == []


def test_crash_of_a_provider_is_a_doubt_whose_text_goes_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """A bug is no outcome: no other provider is asked, nothing is accepted; only its type and its place are told."""

    class Buggy(FakeProvider):
        def send(self, payload: object) -> Sent:
            raise ZeroDivisionError(payload) from ValueError(payload)

    job, second, private = FakeJob(), FakeProvider("second"), "ada@example.org"
    with pytest.raises(InDoubt) as caught:
        Route([Buggy("first"), second], FakeCircuits()).send(job, private)
    logging.getLogger("dramatiq").error("failed", exc_info=caught.value)

    place = rf"ZeroDivisionError at {Path(__file__).name}:\d+"
    assert job.calls == ["begin first", "tried first crashed"]
    assert re.fullmatch(place, job.history[0].error)
    assert re.fullmatch(f"first crashed: {place}", caught.value.message)
    assert second.payloads == []
    assert re.search(f"first, asked to send job j-1, crashed: {place}", caplog.text)
    assert "in send" in caplog.text
    assert private not in caplog.text


def test_interrupt_is_left_alone() -> None:
    """A thread that is being stopped does no more work: the begun send is what the queue knows."""
    job = FakeJob()

    with pytest.raises(KeyboardInterrupt):
        Route([FakeProvider("first", KeyboardInterrupt())], FakeCircuits()).send(job, "payload")

    assert job.calls == ["begin first"]


def test_history_line_of_a_failure() -> None:
    """Provider, outcome word, code, redacted reason, duration."""
    _, job = raised_by([throttled("sendgrid", 30)])

    (line,) = job.history
    assert (line.provider, line.outcome, line.provider_code, line.error) == (
        "sendgrid",
        "throttled",
        "429",
        "slow down",
    )
    assert line.duration_ms >= 0


def test_acceptance_is_logged_with_the_providers_id(caplog: pytest.LogCaptureFixture) -> None:
    """One INFO line names job, attempt, provider and its id."""
    caplog.set_level(logging.INFO)

    Route([FakeProvider("first")], FakeCircuits()).send(FakeJob(attempt=2), "payload")

    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert record.getMessage().startswith("first accepted job j-1 in attempt 2 as id-of-first after ")
    assert record.getMessage().endswith(" ms")


def test_possible_duplicate_and_missing_id_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log can tell a resend after doubt."""
    caplog.set_level(logging.INFO)

    Route([FakeProvider("first", provider_id="")], FakeCircuits()).send(FakeJob(possible_duplicate=True), "payload")

    assert "as (no id) after" in caplog.text
    assert "possibly a duplicate" in caplog.text


def test_failure_that_another_provider_mends_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """With job, attempt, provider, outcome, code, reason and what follows."""
    Route([FakeProvider("sendgrid", transient("sendgrid")), FakeProvider("smtp")], FakeCircuits()).send(
        FakeJob(attempt=2), "payload"
    )

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "job j-1, attempt 2: sendgrid: transient connect: no connection; smtp is asked next")
    ]


def test_last_failure_is_left_to_whoever_knows_what_follows(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each failed send: the queue's side writes the last one, with the wait or the burial."""
    raised_by([transient("sendgrid")])
    raised_by([in_doubt("sendgrid")])
    assert caplog.records == []

    raised_by([transient("sendgrid"), transient("smtp")])
    assert [record.getMessage().rpartition("; ")[2] for record in caplog.records] == ["smtp is asked next"]


def test_route_without_providers_is_refused() -> None:
    """A channel that nothing can leave by is a configuration error."""
    with pytest.raises(ConfigError):
        Route([], FakeCircuits())


def test_close_closes_every_provider() -> None:
    """None is forgotten."""
    providers = [FakeProvider("first"), FakeProvider("second")]

    Route(providers, FakeCircuits()).close()

    assert [provider.closed for provider in providers] == [True, True]
