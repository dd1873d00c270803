"""Looking up what became of a send."""

from __future__ import annotations

import pytest

from notifyctl.delivery.deliver import deliver
from notifyctl.delivery.failover import Route
from notifyctl.delivery.job import Asked
from notifyctl.errors import InDoubt, Permanent, Scope
from notifyctl.notification import Channel, Notification, Recipient, Sent
from tests.support.delivery import FakeCircuits, FakeJob, FakeProvider

NOTIFICATION = Notification(Channel.EMAIL, Recipient("ada@example.org"), "order_confirmation", {"name": "Ada"})
ASKED = Asked("twilio", 1_700_000_000_000)


class FakeFinder(FakeProvider):
    """A provider that finds what it was given."""

    def __init__(self, name: str, found: Sent | Exception | None = None) -> None:
        super().__init__(name)
        self.wanted: list[tuple[object, int]] = []
        self._found = found

    def find(self, payload: object, since_ms: int) -> Sent | None:
        """Do as told."""
        self.wanted.append((payload, since_ms))
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def _look_up(job: FakeJob, *providers: FakeProvider) -> None:
    deliver(job, render=lambda *_: "rendered", route=Route(providers, FakeCircuits()))


def _job(asked: Asked = ASKED) -> FakeJob:
    return FakeJob(payload=NOTIFICATION.encode(), asked=asked)


def test_look_up_leaves_the_acceptance_with_the_job() -> None:
    """The provider that was asked is asked what became of it; nothing is begun, nothing is sent."""
    finder, other = FakeFinder("twilio", Sent("twilio", "SM1")), FakeFinder("sms", Sent("sms", "x"))
    job = _job()

    _look_up(job, other, finder)

    assert job.calls == ["accepted SM1", "tried twilio found"]
    assert (finder.wanted, finder.payloads) == ([("rendered", ASKED.at_ms)], [])
    assert (other.wanted, other.payloads) == ([], [])


def test_look_up_that_finds_nothing_leaves_the_doubt() -> None:
    """Not found is no proof."""
    job = _job()

    with pytest.raises(InDoubt, match="twilio knows of no such message"):
        _look_up(job, FakeFinder("twilio"))

    assert job.calls == ["tried twilio not_found"]


@pytest.mark.parametrize("asked", [ASKED, Asked("", 0)], ids=["no look-up", "unknown"])
def test_look_up_at_a_provider_that_has_none_leaves_the_doubt(asked: Asked) -> None:
    """Most providers cannot be asked; nothing is sent all the same."""
    provider = FakeProvider("twilio")
    job = _job(asked)

    with pytest.raises(InDoubt, match="cannot be asked for it"):
        _look_up(job, provider)

    assert (job.calls, provider.payloads) == ([], [])


def test_look_up_that_fails_leaves_the_doubt() -> None:
    """An outage of the provider tells nothing of the message."""
    job = _job()

    with pytest.raises(InDoubt):
        _look_up(job, FakeFinder("twilio", InDoubt("away", provider="twilio", provider_code="503")))

    assert job.calls == ["tried twilio look_up_failed"]


def test_look_up_that_crashes_leaves_the_doubt(caplog: pytest.LogCaptureFixture) -> None:
    """As one that fails; what the exception says is told nowhere, its place is."""
    job, number = _job(), "+15005550006"

    with pytest.raises(InDoubt, match="twilio crashed: KeyError at test_doubt"):
        _look_up(job, FakeFinder("twilio", KeyError(number)))

    assert job.calls == ["tried twilio look_up_failed"]
    assert "KeyError at test_doubt.py" in caplog.text
    assert number not in caplog.text + job.history[0].error


def test_look_up_passes_on_that_it_did_not_arrive() -> None:
    """The provider accepted it and knows that it failed: a known outcome."""
    job = _job()

    with pytest.raises(Permanent):
        _look_up(job, FakeFinder("twilio", Permanent("no", provider="twilio", scope=Scope.RECIPIENT)))

    assert job.calls == ["tried twilio permanent"]
