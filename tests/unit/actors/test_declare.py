"""Which actors a worker gets, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dramatiq.brokers.stub import StubBroker

from actors import declare
from notifyctl.app import build
from notifyctl.errors import ConfigError, NotifyError
from notifyctl.middleware.retries import Retries
from notifyctl.settings import Settings

if TYPE_CHECKING:
    from notifyctl.app import App

HALF_TWILIO = {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "token"}
HALF_SENDGRID = {"api_key": "SG.test-key_0123456789"}


def app(**settings: Any) -> App:
    """An application with these settings; nothing here talks to Redis, nor starts one."""
    return build(Settings.load(redis={"url": "redis://127.0.0.1:1"}, **settings))


@pytest.fixture
def broker() -> Any:
    """A broker that takes our actors' options."""
    return StubBroker(middleware=[Retries()])


def test_declare_makes_an_actor_for_each_channel(broker: Any) -> None:
    """Under the names that producers enqueue for; our own errors are expected of both."""
    declare(broker, app())

    assert {name: (made.queue_name, made.options["throws"]) for name, made in broker.actors.items()} == {
        "send_email": ("email", NotifyError),
        "send_whatsapp": ("whatsapp", NotifyError),
    }


@pytest.mark.parametrize(
    ("settings", "left", "told"),
    [
        ({"twilio": HALF_TWILIO}, "send_email", ("whatsapp is left alone", "TWILIO_WHATSAPP_FROM")),
        ({"sendgrid": HALF_SENDGRID}, "send_whatsapp", ("email is left alone", "EMAIL_FROM")),
    ],
)
def test_half_configured_channel_is_left_alone(
    broker: Any, settings: dict[str, Any], left: str, told: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """The other one works; the jobs of this one wait, and the log says why."""
    declare(broker, app(**settings))

    assert list(broker.actors) == [left]
    assert set(broker.queues) == {left.removeprefix("send_"), f"{left.removeprefix('send_')}.DQ"}
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert all(words in record.getMessage() for words in told)


def test_worker_with_nothing_to_send_by_is_refused(broker: Any) -> None:
    """Nothing it takes could go."""
    with pytest.raises(ConfigError):
        declare(broker, app(twilio=HALF_TWILIO, sendgrid=HALF_SENDGRID))
