"""What a shop's code calls, on a real server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import App, build
from notifyctl.engine.states import State
from notifyctl.errors import IdempotencyConflict
from notifyctl.notification import Channel
from notifyctl.notifier import Queued
from notifyctl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.server import Server

CONFIRMATION = {"order_number": "A-1", "currency": "USD", "total": "29.35", "items": []}


@pytest.fixture
def app(server: Server) -> Iterator[App]:
    """The application on the test's server."""
    app = build(Settings.load(redis={"url": server.url}))
    yield app
    app.inspector.client.close()


def _queue(app: App, key: str, delay: timedelta | None = None) -> str:
    queued = app.notifier.queue_email(
        "order_confirmation", CONFIRMATION, to="ada@example.com", idempotency_key=key, delay=delay
    )
    return queued.id


def test_notifier_queues_one_message_for_one_idempotency_key(app: App) -> None:
    """The same content again is the first job; other content is refused."""
    first = _queue(app, "A-1")

    again = app.notifier.queue_email("order_confirmation", CONFIRMATION, to="ada@example.com", idempotency_key="A-1")

    assert again == Queued(first, known=True)
    with pytest.raises(IdempotencyConflict, match=first):
        app.notifier.queue_email("order_confirmation", CONFIRMATION, to="eve@example.com", idempotency_key="A-1")


def test_notifier_supersedes_what_waits(app: App) -> None:
    """Waiting and delayed messages of these keys are cancelled, others and unknown keys left alone; twice is once."""
    waiting, delayed, other = _queue(app, "1"), _queue(app, "2", delay=timedelta(hours=1)), _queue(app, "3")
    pairs = [(Channel.EMAIL, "1"), (Channel.EMAIL, "2"), (Channel.EMAIL, "unknown"), (Channel.WHATSAPP, "3")]

    assert app.notifier.supersede(pairs) == 2
    assert app.notifier.supersede(pairs) == 0

    jobs = [app.inspector.job(job_id) for job_id in (waiting, delayed, other)]
    assert [(job.state, job.reason) for job in jobs] == [
        (State.CANCELLED, "superseded"),
        (State.CANCELLED, "superseded"),
        (State.WAITING, ""),
    ]


def test_notifier_superseded_message_does_not_come_back(app: App) -> None:
    """The shop tells of the order once more, late: its message stays cancelled."""
    first = _queue(app, "1")
    app.notifier.supersede([(Channel.EMAIL, "1")])

    assert _queue(app, "1") == first
    assert app.inspector.stats("email").waiting == 0
