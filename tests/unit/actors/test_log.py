"""A worker's log: calm about what is expected, loud about what is not."""

from __future__ import annotations

import inspect
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from dramatiq import Worker, actor, worker
from dramatiq.brokers.stub import StubBroker

from actors.log import Calm, configure
from notifyctl.errors import NotifyError
from notifyctl.middleware.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.logging import LogCaptureHandler


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Iterator[LogCaptureHandler]:
    """What a calm handler lets through, from DEBUG on."""
    caplog.set_level(logging.DEBUG, logger="dramatiq.worker")
    calm = Calm()
    caplog.handler.addFilter(calm)
    yield caplog.handler
    caplog.handler.removeFilter(calm)


def _run(raised: Exception) -> None:
    """Let Dramatiq's own worker run an actor that raises this, and that expects our errors."""
    broker = StubBroker(middleware=[Retries()])

    @actor(broker=broker, throws=NotifyError)
    def fail() -> None:
        raise raised

    running = Worker(broker, worker_timeout=50)
    running.start()
    try:
        fail.send()
        broker.join("default", fail_fast=False)
        running.join()
    finally:
        running.stop()


def test_expected_failure_is_left_to_the_line_of_the_middleware(written: LogCaptureHandler) -> None:
    """Dramatiq's own line, as this release of it words it, is left out."""
    _run(NotifyError("as may happen"))

    assert not [record for record in written.records if "Failed" in record.getMessage()]


def test_bug_keeps_its_traceback(written: LogCaptureHandler) -> None:
    """An exception that nobody expected is told as Dramatiq tells it."""
    _run(ZeroDivisionError())

    (record,) = [record for record in written.records if "Failed" in record.getMessage()]
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)


def test_outage_is_a_warning_once_a_minute(written: LogCaptureHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each queue tells of it once, and again while it lasts."""
    moments = [100.0]
    monkeypatch.setattr("actors.log.time", SimpleNamespace(monotonic=lambda: moments[0]))
    for moments[0] in (100.0, 103.0, 159.0, 160.0):
        for queue in ("email", "whatsapp"):
            log = logging.getLogger(f"dramatiq.worker.ConsumerThread({queue})")
            log.critical("Consumer encountered a connection error: %s", "away")
            log.info("Restarting consumer in %0.2f seconds.", 3)

    assert [record.levelname for record in written.records] == ["WARNING"] * 4


def test_unexpected_error_of_a_consumer_stays_critical(written: LogCaptureHandler) -> None:
    """A bug is no outage."""
    log = logging.getLogger("dramatiq.worker.ConsumerThread(email)")
    for _ in range(2):
        log.critical("Consumer encountered an unexpected error.", exc_info=ZeroDivisionError())

    assert [record.levelname for record in written.records] == ["CRITICAL", "CRITICAL"]


def test_configure_calms_the_handlers_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stock command has set up its own before our module is imported."""
    handler = logging.NullHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])

    configure("INFO")

    assert logging.getLogger().handlers == [handler]
    assert isinstance(handler.filters[0], Calm)


@pytest.mark.parametrize(
    "template", ["Consumer encountered a connection error: %s", "Restarting consumer in %0.2f seconds."]
)
def test_dramatiq_still_words_an_outage_so(template: str) -> None:
    """What is calmed is known by its words: another release may choose others."""
    assert template in inspect.getsource(worker)
