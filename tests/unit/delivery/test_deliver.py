"""The way from a job to a provider."""

from __future__ import annotations

import pytest

from notifyctl.delivery.deliver import deliver
from notifyctl.delivery.failover import Route
from notifyctl.errors import InvalidInput, RenderError, Transient
from notifyctl.notification import Channel, Notification, Recipient
from tests.support.delivery import FakeCircuits, FakeJob, FakeProvider

NOTIFICATION = Notification(Channel.EMAIL, Recipient("ada@example.org"), "order_confirmation", {"name": "Ada"})


def render(notification: Notification, job_id: str, created_at_ms: int) -> str:
    """A payload that shows what it was made of."""
    return f"{notification.template} for {notification.data['name']}, {job_id} of {created_at_ms}"


def test_deliver_renders_the_jobs_notification_and_sends_it() -> None:
    """The provider gets what was rendered from the notification, the job's id and its creation time."""
    job = FakeJob(payload=NOTIFICATION.encode(), created_at_ms=1_700_000_000_000)
    provider = FakeProvider("smtp")

    deliver(job, render=render, route=Route([provider], FakeCircuits()))

    assert provider.payloads == ["order_confirmation for Ada, j-1 of 1700000000000"]
    assert job.calls == ["begin smtp", "accepted id-of-smtp", "tried smtp sent"]


def test_deliver_of_garbage_begins_nothing() -> None:
    """A payload that is no notification is an error before any send is begun."""
    job = FakeJob(payload=b"garbage")

    with pytest.raises(InvalidInput):
        deliver(job, render=render, route=Route([FakeProvider("smtp")], FakeCircuits()))

    assert job.calls == []


def test_deliver_begins_only_what_could_be_rendered() -> None:
    """A template that fails leaves the job unbegun: there is no doubt about it."""

    def broken(*_: object) -> str:
        raise RenderError("a variable is missing")

    job = FakeJob(payload=NOTIFICATION.encode())

    with pytest.raises(RenderError):
        deliver(job, render=broken, route=Route([FakeProvider("smtp")], FakeCircuits()))

    assert job.calls == []


def test_deliver_lets_the_outcome_through() -> None:
    """What becomes of a failure is not decided here."""
    failure = Transient("no connection", provider="smtp")
    job = FakeJob(payload=NOTIFICATION.encode())

    with pytest.raises(Transient) as caught:
        deliver(job, render=render, route=Route([FakeProvider("smtp", failure)], FakeCircuits()))

    assert caught.value is failure
