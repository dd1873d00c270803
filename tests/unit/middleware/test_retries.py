"""What becomes of a job after each way that a run can end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ActorNotFound, RateLimitExceeded, Retry
from dramatiq.middleware import Shutdown, TimeLimitExceeded

from notifyctl.engine.states import Bury, Cancel, Complete, Disposition, Doubt, Release, RetryAt
from notifyctl.errors import (
    BrokerUnavailable,
    InDoubt,
    InvalidRecipient,
    NoProvider,
    Permanent,
    RenderError,
    Scope,
    StaleLease,
    Suppressed,
    Throttled,
    Transient,
)
from notifyctl.middleware.retries import DEFAULT_RETRY_DELAYS, Retries, describe
from tests.support.builders import a_message, a_notify_message

if TYPE_CHECKING:
    from notifyctl.engine.message import NotifyMessage


def _sendgrid(kind: type[Any], **fields: Any) -> Exception:
    error: Exception = kind("no", provider="sendgrid", provider_code="500", **fields)
    return error


def _declare(broker: StubBroker, name: str, **options: Any) -> None:
    dramatiq.actor(actor_name=name, queue_name="email", broker=broker, **options)(lambda: None)


@pytest.fixture
def broker() -> StubBroker:
    """A broker with one actor, `send`."""
    broker = StubBroker(middleware=[])
    broker.add_middleware(Retries())
    _declare(broker, "send")
    return broker


def _decided(
    broker: StubBroker, message: NotifyMessage, exception: BaseException | None = None, retries: Retries | None = None
) -> Disposition | None:
    """The Disposition after a run that ended so."""
    if exception is not None:
        message.stuff_exception(exception)
    (retries or Retries()).after_process_message(broker, message, exception=exception)
    return message.disposition


@pytest.mark.parametrize(
    ("exception", "disposition"),
    [
        (_sendgrid(Transient), RetryAt(2_000)),
        (_sendgrid(Transient, retry_after_s=1.0), RetryAt(2_000)),
        (_sendgrid(Transient, retry_after_s=7.5), RetryAt(7_500)),
        (_sendgrid(Throttled), Release(5_000, "throttled by sendgrid")),
        (_sendgrid(Throttled, retry_after_s=42.0), Release(42_000, "throttled by sendgrid")),
        (_sendgrid(Permanent, scope=Scope.RECIPIENT), Bury("permanent")),
        (_sendgrid(Permanent, scope=Scope.CONTENT), Bury("permanent")),
        (_sendgrid(Permanent, scope=Scope.ACCOUNT), Release(5_000, "sendgrid refuses the account: 500", account=True)),
        (_sendgrid(NoProvider, retry_after_s=8.0), Release(8_000, "no")),
        (_sendgrid(NoProvider), Release(5_000, "no")),
        (_sendgrid(InDoubt), Doubt(60_000)),
        (Suppressed("asked not to be written to"), Cancel("suppressed")),
        (InvalidRecipient("no address"), Bury("invalid")),
        (RenderError("no such template"), Bury("invalid")),
        (StaleLease("lost"), Release()),
        (BrokerUnavailable("away"), Release()),
        (Retry("later", delay=300), RetryAt(300)),
        (Retry("later"), RetryAt(2_000)),
        (RateLimitExceeded("later"), RetryAt(2_000)),
        (Shutdown("stopping"), Release()),
        (TimeLimitExceeded("too long"), RetryAt(2_000)),
        (ZeroDivisionError("division by zero"), RetryAt(2_000)),
        (SystemExit(1), RetryAt(2_000)),
    ],
    ids=repr,
)
def test_retries_decide_by_exception(broker: StubBroker, exception: BaseException, disposition: Disposition) -> None:
    """The whole table, for a first run that had begun no send."""
    assert _decided(broker, a_notify_message(), exception) == disposition


@pytest.mark.parametrize(
    ("exception", "disposition"),
    [
        (_sendgrid(Transient), RetryAt(2_000)),
        (_sendgrid(InDoubt), Doubt(60_000)),
        (_sendgrid(Throttled), Release(5_000, "throttled by sendgrid")),
        (_sendgrid(Permanent, scope=Scope.RECIPIENT), Bury("permanent")),
        (StaleLease("lost"), Release()),
        (Shutdown("stopping"), Doubt(60_000)),
        (TimeLimitExceeded("too long"), Doubt(60_000)),
        (ZeroDivisionError("division by zero"), Doubt(60_000)),
    ],
    ids=repr,
)
def test_retries_decide_by_exception_after_a_send_had_begun(
    broker: StubBroker, exception: BaseException, disposition: Disposition
) -> None:
    """What the provider surely did not take may go again; anything else is in doubt."""
    message = a_notify_message()
    message.began = True

    assert _decided(broker, message, exception) == disposition


def test_queue_of_a_refused_account_rests_as_long_as_its_circuit(broker: StubBroker) -> None:
    """Not longer: the probe is to find a message."""
    refused = Permanent("no", provider="sendgrid", provider_code="401", scope=Scope.ACCOUNT)
    refused.retry_after_s = 12.5

    decided = _decided(broker, a_notify_message(), refused)

    assert decided == Release(12_500, "sendgrid refuses the account: 401", account=True)


@pytest.mark.parametrize("exception", [None, ZeroDivisionError("after the send"), TimeLimitExceeded("after the send")])
def test_retries_complete_what_a_provider_accepted(broker: StubBroker, exception: BaseException | None) -> None:
    """Whatever goes wrong after the acceptance, the message was sent, and is not sent again."""
    message = a_notify_message()
    message.began = True
    message.provider, message.provider_id = "sendgrid", "sg-1"

    assert _decided(broker, message, exception) == Complete("sendgrid", "sg-1")
    assert message.outcome == "sent"


def test_retries_complete_a_run_that_returned(broker: StubBroker) -> None:
    """No evidence, where nothing was sent, and no entry in the history."""
    message = a_notify_message()

    assert _decided(broker, message) == Complete()
    assert message.record() == ""


@pytest.mark.parametrize(
    ("attempt", "disposition"),
    [(1, RetryAt(2_000)), (2, RetryAt(4_000)), (3, RetryAt(8_000)), (4, Bury("retries_exhausted"))],
)
def test_retries_wait_two_four_and_eight_seconds(broker: StubBroker, attempt: int, disposition: Disposition) -> None:
    """Three retries by default, so four runs, then the dead letters."""
    assert _decided(broker, a_notify_message(attempt=attempt), ZeroDivisionError()) == disposition


def test_retries_defaults_are_the_documented_ones() -> None:
    """2 s, 4 s and 8 s."""
    assert [wait.total_seconds() for wait in DEFAULT_RETRY_DELAYS] == [2, 4, 8]


def test_retries_of_a_throttled_job_are_not_counted(broker: StubBroker) -> None:
    """A provider that asks for less uses up no attempt, even in the last run."""
    assert isinstance(_decided(broker, a_notify_message(attempt=4), _sendgrid(Throttled)), Release)
    assert isinstance(_decided(broker, a_notify_message(attempt=4), _sendgrid(InDoubt)), Doubt)


def test_retries_use_the_queues_schedule(broker: StubBroker) -> None:
    """A queue of its own schedule, and the default for others."""
    retries = Retries({"email": [timedelta(milliseconds=10)]}, default=[timedelta(seconds=1)])
    other = a_notify_message(queue="whatsapp")

    assert _decided(broker, a_notify_message(), ZeroDivisionError(), retries) == RetryAt(10)
    assert _decided(broker, a_notify_message(attempt=2), ZeroDivisionError(), retries) == Bury("retries_exhausted")
    assert _decided(broker, other, ZeroDivisionError(), retries) == RetryAt(1_000)


def test_retries_prefer_the_actors_schedule_to_the_queues(broker: StubBroker) -> None:
    """Set where the actor is declared."""
    _declare(broker, "own", retry_delays_ms=[5, 6])

    assert _decided(broker, a_notify_message(actor="own", attempt=2), ZeroDivisionError()) == RetryAt(6)


def test_retries_prefer_the_messages_schedule_to_all(broker: StubBroker) -> None:
    """Set where the message is sent; an empty one means one run."""
    _declare(broker, "own", retry_delays_ms=[5])

    assert _decided(broker, a_notify_message(actor="own", retry_delays_ms=[7]), ZeroDivisionError()) == RetryAt(7)
    assert _decided(broker, a_notify_message(retry_delays_ms=[]), ZeroDivisionError()) == Bury("retries_exhausted")
    assert _decided(broker, a_notify_message(retry_delays_ms=[]), _sendgrid(InDoubt)) == Doubt(60_000)


def test_retries_bury_what_an_actor_expects(broker: StubBroker) -> None:
    """`throws` is Dramatiq's word for "not worth a retry"."""
    _declare(broker, "own", throws=(KeyError,))

    assert _decided(broker, a_notify_message(actor="own"), KeyError("k")) == Bury("permanent")
    assert _decided(broker, a_notify_message(actor="own"), ValueError("v")) == RetryAt(2_000)


def test_retries_leave_what_another_middleware_decided(broker: StubBroker) -> None:
    """The first Disposition counts."""
    message = a_notify_message()
    message.disposition = Cancel("superseded")

    assert _decided(broker, message, ZeroDivisionError()) == Cancel("superseded")


def test_retries_bury_what_a_middleware_rejected(broker: StubBroker) -> None:
    """A message marked as failed was not run, and does not count as done."""
    message = a_notify_message()
    message.fail()

    assert _decided(broker, message) == Bury("rejected")


def test_retries_complete_what_was_skipped(broker: StubBroker) -> None:
    """A skip without a reason counts as done."""
    message = a_notify_message()

    Retries().after_skip_message(broker, message)

    assert message.disposition == Complete()


def test_retries_bury_what_was_skipped_as_failed(broker: StubBroker) -> None:
    """Dramatiq's AgeLimit, for one, fails a message and skips it."""
    message = a_notify_message()
    message.fail()

    Retries().after_skip_message(broker, message)

    assert message.disposition == Bury("skipped")


def test_retries_keep_a_skip_with_a_reason(broker: StubBroker) -> None:
    """A middleware that says why it skipped is heeded."""
    message = a_notify_message()
    message.disposition = Cancel("superseded")

    Retries().after_skip_message(broker, message)

    assert message.disposition == Cancel("superseded")


@pytest.mark.parametrize(("attempt", "buried"), [(1, False), (3, False), (4, True)])
def test_retries_let_an_unknown_actor_wait_for_a_newer_worker(broker: StubBroker, attempt: int, buried: bool) -> None:
    """A rolling deployment has some time; then a person is asked."""
    message = a_notify_message(actor="newer", attempt=attempt)
    message.fail()
    message.stuff_exception(ActorNotFound("newer"))

    Retries().before_nack(broker, message)

    assert message.disposition == (Bury("unknown_actor") if buried else RetryAt(15_000))
    assert message.error == "no actor named 'newer' in this worker"


def test_retries_leave_other_rejections_to_the_consumer(broker: StubBroker) -> None:
    """Only an unknown actor is theirs to decide at that point."""
    message = a_notify_message()
    message.fail()

    Retries().before_nack(broker, message)

    assert message.disposition is None


def test_retries_leave_foreign_messages_alone(broker: StubBroker) -> None:
    """A message of another broker has no Disposition to set."""
    proxy = dramatiq.MessageProxy(a_message())

    Retries().after_process_message(broker, proxy, exception=ZeroDivisionError())
    Retries().after_skip_message(broker, proxy)
    Retries().before_nack(broker, proxy)

    assert not hasattr(proxy, "disposition")


def test_describe_tells_nothing_personal_of_foreign_errors() -> None:
    """Another library's text may hold anything: the type and the place are told."""
    with pytest.raises(ValueError) as caught:
        int("ada@example.org")
    outcome, code, text = describe(caught.value)

    assert (outcome, code) == ("error", "ValueError")
    assert text.startswith("ValueError at test_retries.py:")
    assert "ada" not in text


def test_describe_tells_the_words_of_our_own_errors() -> None:
    """Those are redacted where they are made."""
    assert describe(_sendgrid(Transient)) == ("transient", "500", "no")
    assert describe(RenderError("no template named x")) == ("render", "", "no template named x")
    assert describe(ValueError("never raised")) == ("error", "ValueError", "ValueError")
