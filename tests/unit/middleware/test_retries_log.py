"""What a failed send leaves in the log: one line that says all."""

from __future__ import annotations

from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from notifyctl.errors import InDoubt, Permanent, RenderError, Scope, StaleLease, Throttled, Transient
from notifyctl.middleware.retries import Retries
from tests.support.builders import a_notify_message

SENDGRID: dict[str, Any] = {"provider": "sendgrid", "provider_code": "500"}
TRY = {"provider": "sendgrid", "outcome": "transient", "provider_code": "500", "error": "no", "duration_ms": 3}


@pytest.mark.parametrize(
    ("exception", "line"),
    [
        (Transient("no", **SENDGRID), "sendgrid: transient 500: no; again in 2 s"),
        (Throttled("no", **SENDGRID), "sendgrid: throttled 500: no; back in line, the queue rests for 5 s"),
        (InDoubt("no", **SENDGRID), "sendgrid: in_doubt 500: no; outcome unknown: looked up in 60 s"),
        (
            Permanent("no", scope=Scope.ACCOUNT, **SENDGRID),
            "sendgrid: permanent 500: no; back in line, the queue rests for 5 s (sendgrid refuses the account: 500); dead",
        ),
        (Permanent("no", scope=Scope.CONTENT, **SENDGRID), "sendgrid: permanent 500: no; dead (permanent)"),
        (Transient("no", provider="smtp"), "smtp: transient: no; again in 2 s"),
        (RenderError("no template is named x"), "render: no template is named x; dead (invalid)"),
        (StaleLease("lost"), "stale_lease: lost; back in line"),
        (ZeroDivisionError("x@example.org"), "error ZeroDivisionError: ZeroDivisionError; again in 2 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failed_run_is_one_line(exception: Exception, line: str, caplog: pytest.LogCaptureFixture) -> None:
    """Job, attempt, provider, outcome, code, reason, what follows."""
    Retries().after_process_message(StubBroker(middleware=[]), a_notify_message(attempt=1), exception=exception)

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f"job job-1, attempt 1: {line}")


def test_line_is_about_the_provider_that_was_asked_last(caplog: pytest.LogCaptureFixture) -> None:
    """Another one's failure may decide what follows: delivery has told of it already."""
    message = a_notify_message(attempt=2)
    message.tries = [TRY, {"provider": "smtp", "outcome": "permanent", "provider_code": "535", "error": "no login"}]

    Retries().after_process_message(StubBroker(middleware=[]), message, exception=Transient("no", **SENDGRID))

    assert [record.getMessage() for record in caplog.records] == [
        "job job-1, attempt 2: smtp: permanent 535: no login; again in 4 s"
    ]


def test_lease_lost_between_two_providers_is_what_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """The first one's failure is not why the run ended."""
    message = a_notify_message()
    message.tries = [TRY]

    Retries().after_process_message(StubBroker(middleware=[]), message, exception=StaleLease("lost"))

    assert [record.getMessage() for record in caplog.records] == [
        "job job-1, attempt 1: stale_lease: lost; back in line"
    ]
