"""What a shop's code calls, on a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import App, build
from notifyctl.engine.states import State
from notifyctl.errors import IdempotencyConflict, InvalidInput, Overtaken, RenderError
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options, Queued
from notifyctl.notifier.drafts import Drafter
from notifyctl.settings import Settings
from tests.support.proxy import Proxy

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


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"to": None}, "the mail address is empty"),
        ({"to": 5}, "the recipient's address must be a text, not int"),
        ({"name": 5}, "the recipient's name must be a text, not int"),
        ({"template": None}, "no email template is named ''"),
        ({"order_id": 1.5}, "the order's id must be a text, not float"),
        ({"data": ["a"]}, "the data must be a mapping of variables by name, not list"),
        ({"locale": 5}, "the locale must be a text, not int"),
        ({"idempotency_key": 5}, "the idempotency key must be a text, not int"),
        ({"unless": "a"}, "unless must be a list of texts, not str"),
        ({"delay": 5}, "the delay must be a timedelta, not int"),
        ({"expires": "1h"}, "the expiry must be a timedelta, not str"),
        ({"at": "tomorrow"}, "the moment must be a datetime, not str"),
        ({"at": datetime(2026, 1, 1)}, "the moment lacks its time zone"),  # noqa: DTZ001 - that is the fault
        ({"at": datetime(2026, 1, 1, tzinfo=UTC), "delay": timedelta(1)}, "either a delay or a moment"),
        ({"delay": timedelta(seconds=-1)}, "cannot be negative"),
        ({"priority": "urgent"}, "expected high, normal or low"),
    ],
)
def test_notifier_refuses_wrong_arguments_in_its_own_words(app: App, wrong: dict[str, Any], message: str) -> None:
    """A web handler that catches `NotifyError` catches all of them; nothing is queued."""
    arguments: dict[str, Any] = {"template": "order_confirmation", "data": CONFIRMATION, "to": "ada@example.com"}

    with pytest.raises(InvalidInput, match=message):
        app.notifier.queue_email(**{**arguments, **wrong})

    assert app.inspector.stats("email").waiting == app.inspector.stats("email").delayed == 0


def test_notifier_takes_numbers_as_order_ids_and_none_as_not_given(app: App) -> None:
    """As web frameworks hand them over; `10482` and `"10482"` are one order, and one message."""
    arguments: dict[str, Any] = {"data": CONFIRMATION, "to": "ada@example.com", "idempotency_key": "1"}
    first = app.notifier.queue_email("order_confirmation", order_id=10482, name=None, locale=None, **arguments)  # type: ignore[arg-type]

    again = app.notifier.queue_email("order_confirmation", order_id="10482", **arguments)

    assert (again.id, again.known) == (first.id, True)
    assert app.inspector.job(first.id).order_id == "10482"
    assert app.notifier.queue_email("test_message", None, to="ada@example.com").known is False  # type: ignore[arg-type]


def test_notifier_queues_many_and_answers_each(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told again, they are known, also where they cannot be rendered any more; a changed one conflicts."""
    to = Recipient("ada@example.com")
    wanted = [
        (Notification(Channel.EMAIL, to, "order_confirmation", CONFIRMATION), Options(idempotency_key=str(number)))
        for number in range(3)
    ]
    broken = (Notification(Channel.EMAIL, to, "order_confirmation", {}), Options(idempotency_key="broken"))

    first = app.notifier.queue_many([*wanted, broken])

    assert [answer.known for answer in first[:3] if isinstance(answer, Queued)] == [False] * 3
    assert isinstance(first[3], InvalidInput)
    monkeypatch.setattr(Drafter, "_prove", _without_confirmations)
    changed = (replace(wanted[0][0], data={**CONFIRMATION, "total": "1.00"}), wanted[0][1])
    new = (Notification(Channel.EMAIL, to, "test_message", {}), Options())
    again = app.notifier.queue_many([wanted[1], changed, new, wanted[2]])
    assert again[0] == Queued(first[1].id, known=True)  # type: ignore[union-attr]
    assert isinstance(again[1], IdempotencyConflict)
    assert again[3] == Queued(first[2].id, known=True)  # type: ignore[union-attr]
    assert isinstance(again[2], Queued)
    assert app.inspector.stats("email").waiting == 4


def test_notifier_queues_both_channels_in_one_round_trip(server: Server) -> None:
    """Keys, contents and what makes them wrong are looked at where they are queued."""
    proxy = Proxy(server.socket)
    app = build(Settings.load(redis={"url": proxy.url}, pseudonym_secret="a secret of sixteen"))
    mail = Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {})
    chat = Notification(Channel.WHATSAPP, Recipient("+447700900123"), "test_message", {})

    def wanted(number: int) -> list[tuple[Notification, Options]]:
        options = Options(idempotency_key=f"placed-{number}", unless=(f"cancelled-{number}",))
        return [(mail, options), (chat, options)]

    app.notifier.queue_many(wanted(1))  # which connects, and makes the queues known
    before = proxy.requests
    answers = app.notifier.queue_many(wanted(2))
    after = proxy.requests
    app.close()
    proxy.close()

    assert [type(answer) for answer in answers] == [Queued, Queued]
    assert after - before == 1


def _without_confirmations(_: Drafter, notification: Notification) -> None:
    """What a catalog says whose template was taken away."""
    if notification.template == "order_confirmation":
        raise RenderError("no email template is named 'order_confirmation'")


def test_notifier_queues_two_of_one_key_in_one_call_once(app: App) -> None:
    """Neither was known when the call began."""
    one = (
        Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {}),
        Options(idempotency_key="same"),
    )

    first, second = app.notifier.queue_many([one, one])

    assert isinstance(first, Queued)
    assert second == Queued(first.id, known=True)


def test_notifier_leaves_out_what_a_later_event_has_made_wrong(app: App) -> None:
    """Events come in any order: the cancellation was told first, before this call or earlier in it."""
    to = Recipient("ada@example.com")

    def wanted(key: str, *unless: str) -> tuple[Notification, Options]:
        return Notification(Channel.EMAIL, to, "test_message", {}), Options(idempotency_key=key, unless=unless)

    first = app.notifier.queue_many([wanted("placed-1", "cancelled-1"), wanted("cancelled-2")])
    second = app.notifier.queue_many(
        [wanted("placed-2", "cancelled-2"), wanted("cancelled-3"), wanted("placed-3", "other", "cancelled-3")]
    )

    assert [type(answer) for answer in first] == [Queued, Queued]
    assert [type(answer) for answer in second] == [Overtaken, Queued, Overtaken]
    with pytest.raises(Overtaken, match="a later event"):
        app.notifier.queue(*wanted("placed-4", "cancelled-3"))
    assert isinstance(app.notifier.queue(*wanted("placed-1", "cancelled-2")), Queued)  # it went before
    assert app.inspector.stats("email").waiting == 3
