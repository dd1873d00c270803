"""Limits and timeouts: against what providers take, and against each other."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.doctor.finding import Status
from notifyctl.doctor.limits import check_limits, check_timeouts
from notifyctl.settings import Settings

TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": "token", "whatsapp_from": "+15005550006"}
SENDGRID = {"api_key": "SG.x"}
SMTP = {"host": "mail.example.com"}


@pytest.mark.parametrize(
    ("overrides", "status", "detail", "remedy"),
    [
        ({"twilio": TWILIO}, Status.OK, "", ""),
        ({"twilio": TWILIO, "whatsapp": {"rate": "80/s"}}, Status.OK, "", ""),
        ({"twilio": TWILIO, "whatsapp": {"rate": "81/s"}}, Status.WARN, "limited to 81/s", "NOTIFYCTL_WHATSAPP_RATE"),
        ({"twilio": TWILIO, "whatsapp": {"rate": "off"}}, Status.WARN, "has no limit", "80/s"),
        ({"twilio": TWILIO | {"whatsapp_from": "whatsapp:+14155238886"}}, Status.WARN, "shared trial sender", "1/3s"),
        ({"whatsapp": {"rate": "off"}}, Status.OK, "", ""),
        ({"twilio": TWILIO, "whatsapp": {"rate": "off"}, "provider": "outbox"}, Status.OK, "", ""),
        ({"sendgrid": SENDGRID, "email": {"rate": "20000/s"}}, Status.WARN, "SendGrid", "NOTIFYCTL_EMAIL_RATE"),
        ({"sendgrid": SENDGRID, "smtp": SMTP, "email": {"rate": "20000/s"}}, Status.OK, "", ""),
        ({"smtp": SMTP, "email": {"rate": "off"}}, Status.OK, "", ""),
    ],
)
def test_limit_above_the_providers_is_found(
    overrides: dict[str, Any], status: Status, detail: str, remedy: str
) -> None:
    """Where messages really leave, and nothing else takes what is too much."""
    found = check_limits(Settings.load(**overrides), {})

    assert found.status is status
    assert detail in found.detail
    assert remedy in found.remedy
    assert bool(found.remedy) is (status is not Status.OK)


@pytest.mark.parametrize(
    ("overrides", "status"),
    [
        ({"smtp": SMTP}, Status.OK),
        ({"smtp": SMTP, "drain_timeout": "20s"}, Status.WARN),
        ({"sendgrid": SENDGRID, "drain_timeout": "20s"}, Status.OK),
        ({"sendgrid": SENDGRID, "drain_timeout": "20s", "send_timeout": "21s"}, Status.WARN),
        ({"drain_timeout": "1s"}, Status.OK),
    ],
)
def test_stop_that_is_shorter_than_a_send_is_found(overrides: dict[str, Any], status: Status) -> None:
    """A mail server has time for its answer beyond that."""
    found = check_timeouts(Settings.load(**overrides))

    assert found.status is status
    assert ("NOTIFYCTL_DRAIN_TIMEOUT" in found.remedy) is (status is Status.WARN)
