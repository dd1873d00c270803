"""What follows from a send, or from a look-up, that leaves the outcome unknown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ActorNotFound
from dramatiq.middleware import Shutdown, SkipMessage

from notifyctl.engine.message import NotifyMessage
from notifyctl.engine.states import Bury, Complete, Disposition, Doubt, Release, Resend, RetryAt
from notifyctl.errors import InDoubt, Permanent, RenderError, Scope, StaleLease, Transient
from notifyctl.middleware.doubts import DoubtRule, Doubts
from notifyctl.middleware.retries import Retries
from tests.support.builders import a_message, a_taken_job

if TYPE_CHECKING:
    from collections.abc import Sequence

HELD = Bury("unknown_outcome")


def _message(look: int = 0, *, flagged: bool = False, **options: Any) -> NotifyMessage:
    job = a_taken_job(look=look, asked="twilio" if look else "", possible_duplicate=flagged)
    return NotifyMessage(a_message(**options), job, scripts=None)  # type: ignore[arg-type]


def _rule(seconds: Sequence[int] = (60, 120), *, resend: bool = True) -> Doubts:
    return Doubts(default=DoubtRule([timedelta(seconds=moment) for moment in seconds], resend))


@pytest.mark.parametrize(
    ("look", "disposition"),
    [(0, Doubt(60_000, 1)), (1, Doubt(60_000, 2)), (2, Resend())],
    ids=["sent", "first", "last"],
)
def test_doubts_are_looked_up_and_then_sent_again(look: int, disposition: Disposition) -> None:
    """At 60 s and at 120 s after the send came into doubt; where both found nothing, once more."""
    assert _rule().decide(_message(look)) == disposition


def test_doubts_are_held_the_second_time() -> None:
    """One possible duplicate is the most, look-ups included."""
    assert _rule().decide(_message(0, flagged=True)) == Doubt(60_000, 1)
    assert _rule().decide(_message(2, flagged=True)) == HELD


def test_doubts_are_held_where_the_owner_wants_it() -> None:
    """A duplicate is worse to him than a message that a person looks at."""
    assert _rule(resend=False).decide(_message(2)) == HELD


@pytest.mark.parametrize(("own", "disposition"), [("hold", HELD), ("resend", Resend())])
def test_doubts_heed_what_the_message_says(own: str, disposition: Disposition) -> None:
    """A notification's own policy wins over its channel's."""
    assert _rule(resend=own == "hold").decide(_message(2, unknown_outcome=own)) == disposition


def test_doubts_without_look_ups_follow_the_policy_at_once() -> None:
    """Nothing is waited for, by those who want it so; a lost worker's job is handed out for the decision alone."""
    doubts = _rule(())

    assert doubts.decide(_message(0)) == Resend()
    assert doubts.decide(_message(1)) == Resend()
    assert doubts.first_look_ms("email") == 0


def test_doubts_have_a_rule_for_each_queue() -> None:
    """What is right for mails may not be for WhatsApp."""
    doubts = Doubts({"email": DoubtRule((), resend=False)})

    assert (doubts.first_look_ms("email"), doubts.first_look_ms("whatsapp")) == (0, 60_000)
    assert doubts.decide(_message(0)) == HELD


@pytest.fixture
def broker() -> StubBroker:
    """A broker with an actor that looks up, and one that can only send."""
    broker = StubBroker(middleware=[])
    broker.add_middleware(Retries())
    for name, looks_up in (("send", True), ("blind", False)):
        dramatiq.actor(actor_name=name, queue_name="email", broker=broker, looks_up=looks_up)(lambda: None)
    return broker


@pytest.mark.parametrize(
    ("exception", "disposition"),
    [
        (InDoubt("not found", provider="twilio"), Doubt(60_000, 2)),
        (RenderError("the template is gone"), Doubt(60_000, 2)),
        (ZeroDivisionError(), Doubt(60_000, 2)),
        (Transient("it failed", provider="twilio"), RetryAt(2_000)),
        (Permanent("it failed", provider="twilio", scope=Scope.RECIPIENT), Bury("permanent")),
        (StaleLease("lost"), Release()),
        (Shutdown(), Release()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_retries_after_a_look_up(broker: StubBroker, exception: BaseException, disposition: Disposition) -> None:
    """What tells nothing of the message leaves it in doubt; what the provider knows for sure settles it."""
    message = _message(1)

    Retries().after_process_message(broker, message, exception=exception)

    assert message.disposition == disposition


def test_retries_take_a_look_up_without_evidence_for_one_that_found_nothing(broker: StubBroker) -> None:
    """Neither an actor that returns nor a middleware that skips has settled anything."""
    returned, skipped = _message(2, flagged=True), _message(1)

    Retries().after_process_message(broker, returned)
    Retries().after_skip_message(broker, skipped)

    assert (returned.disposition, skipped.disposition) == (HELD, Doubt(60_000, 2))


def test_retries_complete_what_a_look_up_found(broker: StubBroker) -> None:
    """The acceptance is the evidence."""
    message = _message(1)
    message.provider, message.provider_id = "twilio", "SM1"

    Retries().after_process_message(broker, message)

    assert message.disposition == Complete("twilio", "SM1")


def test_retries_keep_an_actor_that_can_only_send_from_a_look_up(broker: StubBroker) -> None:
    """Running it would be the resend that is to be avoided."""
    message = _message(1, actor="blind")

    with pytest.raises(SkipMessage):
        Retries().before_process_message(broker, message)

    assert message.disposition == Doubt(60_000, 2)
    assert message.outcome == "in_doubt"
    Retries().before_process_message(broker, _message(1))
    Retries().before_process_message(broker, _message(0, actor="blind"))


def test_retries_do_not_send_what_no_actor_here_can_look_up(broker: StubBroker) -> None:
    """A worker that lacks the actor, during a deployment, leaves the job in doubt."""
    message = _message(1, actor="newer")
    message.fail()
    message.stuff_exception(ActorNotFound("newer"))

    Retries().before_nack(broker, message)

    assert message.disposition == Doubt(60_000, 2)
