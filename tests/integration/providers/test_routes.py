"""The providers as the settings build them: what a timeout is set to is what it is."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import build
from notifyctl.errors import InDoubt, Unavailable
from notifyctl.notification import Channel
from notifyctl.settings import Settings
from tests.support.drip import within
from tests.support.http_provider import BrokenHttp
from tests.support.payloads import a_whatsapp, an_email
from tests.support.smtp_server import HANG, ScriptedSmtp
from tests.support.sockets import wait_for_hangup

if TYPE_CHECKING:
    from notifyctl.app import App

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
#: Less than the defaults, and time enough for a busy machine to load a vendor's package.
ENOUGH_S = 6.0


def app(**settings: Any) -> App:
    """An application with a send timeout of 0.3 s."""
    given = {"send_timeout": "300ms", "email": {"from": "shop@example.com"}, **settings}
    return build(Settings.load(**given))


def test_send_timeout_holds_for_sendgrid() -> None:
    """A SendGrid that hangs is in doubt after it."""
    with BrokenHttp(wait_for_hangup) as server, within(ENOUGH_S):
        provider = app(sendgrid={"api_key": "SG.test-key_0123456789", "host": server.url}).providers(Channel.EMAIL)[0]
        with pytest.raises(InDoubt, match=r"0\.3 s"):
            provider.send(an_email())


def test_send_timeout_holds_for_twilio() -> None:
    """A Twilio that hangs is in doubt after it."""
    twilio = {"account_sid": ACCOUNT, "auth_token": "token", "whatsapp_from": "+14155238886"}
    with BrokenHttp(wait_for_hangup) as server, within(ENOUGH_S):
        provider = app(twilio={**twilio, "base_url": server.url}).providers(Channel.WHATSAPP)[0]
        with closing(provider), pytest.raises(InDoubt, match=r"0\.3 s"):
            provider.send(a_whatsapp())


@pytest.mark.parametrize(
    ("step", "before", "after", "outcome"), [("RCPT", "300ms", "60s", Unavailable), ("DOT", "60s", "300ms", InDoubt)]
)
def test_send_timeout_and_answer_timeout_hold_for_smtp(
    step: str, before: str, after: str, outcome: type[Exception]
) -> None:
    """Each on its side of the final dot."""
    with ScriptedSmtp(**{step: HANG}) as server, within(ENOUGH_S):
        smtp = {"host": "127.0.0.1", "port": server.port, "tls": "none", "answer_timeout": after}
        provider = app(smtp=smtp, send_timeout=before).providers(Channel.EMAIL)[0]
        with closing(provider), pytest.raises(outcome, match=r"0\.3 s"):
            provider.send(an_email())


def test_defaults_leave_a_stopping_worker_time_for_a_slow_mail() -> None:
    """A mail that takes as long as it may is still told before the worker's deadline."""
    settings = Settings.load()

    assert settings.send_timeout + settings.smtp.answer_timeout < settings.drain_timeout
