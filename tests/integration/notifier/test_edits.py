"""Dead letters are changed as new messages are checked; and what a later event made wrong does not go again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import App, build
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput, WrongState
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.settings import Settings
from tests.support.dead import bury

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.server import Server


@pytest.fixture
def app(server: Server) -> Iterator[App]:
    """The application on the test's server."""
    app = build(Settings.load(redis={"url": server.url}))
    yield app
    app.inspector.client.close()


@pytest.fixture
def dead(app: App) -> str:
    """A dead letter about order 7, to an address with a typo."""
    app.notifier.queue_email("test_message", {}, to="ada@exmaple.com", order_id="7", idempotency_key="7")
    return bury(app, 1)[0]


def content(app: App, job_id: str) -> Notification:
    """What a job is about."""
    return Notification.decode(app.inspector.job(job_id).payload)


def test_edit_mends_an_address(app: App, dead: str) -> None:
    """It is found by the new one, the original is kept, and it goes when somebody says so; its order stays found."""
    before = content(app, dead)

    job = app.notifier.edit(dead, replace(before, to=Recipient("Ada@Example.COM")), by="ada", why="a typo")

    assert (job.state, content(app, dead).to.address) == (State.DEAD, "Ada@example.com")
    assert [Notification.decode(raw) for raw in job.originals] == [before]
    assert [(act["verb"], act["by"], act["why"]) for act in job.acts] == [("edited", "ada", "a typo")]
    for where in (JobFilter(recipient="Ada@example.com"), JobFilter(order_id="7")):
        assert [one.job_id for one in app.inspector.search(where)] == [dead]
    assert list(app.inspector.search(JobFilter(recipient="ada@exmaple.com"))) == []
    assert app.inspector.replay(dead).state is State.WAITING


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": Recipient("no address")}, "address"),
        ({"template": "nope"}, "nope"),
        ({"template": "order_confirmation"}, "order_confirmation"),
        ({"order_id": "8"}, "neither can be changed"),
        ({"channel": Channel.WHATSAPP, "to": Recipient("+447700900123")}, "neither can be changed"),
    ],
)
def test_edit_refuses_what_a_new_message_may_not_be(app: App, dead: str, change: dict[str, Any], message: str) -> None:
    """Nothing is changed: neither into another order's message, nor into another channel's."""
    before = app.inspector.job(dead)

    with pytest.raises(InvalidInput, match=message):
        app.notifier.edit(dead, replace(content(app, dead), **change))

    assert app.inspector.job(dead) == before


def test_edit_of_a_job_that_is_not_dead_is_refused(app: App) -> None:
    """It may be on its way."""
    waiting = app.notifier.queue_email("test_message", {}, to="ada@example.com").id

    with pytest.raises(WrongState, match="is waiting, not dead: it cannot be edited"):
        app.notifier.edit(waiting, content(app, waiting))


def test_edited_job_is_still_known_by_its_idempotency_key(app: App, dead: str) -> None:
    """The shop tells of the same event once more: it gets the same job."""
    app.notifier.edit(dead, replace(content(app, dead), to=Recipient("ada@example.com")))

    again = app.notifier.queue_email("test_message", {}, to="ada@exmaple.com", order_id="7", idempotency_key="7")

    assert (again.id, again.known) == (dead, True)


def test_superseded_dead_letter_is_marked_and_skipped(app: App, dead: str) -> None:
    """The order was cancelled since: no bulk replay sends its confirmation again."""
    app.notifier.queue_email("test_message", {}, to="eve@example.com", idempotency_key="8")
    bury(app, 1)

    assert app.notifier.supersede([(Channel.EMAIL, "7")]) == 0

    assert app.inspector.job(dead).superseded_at_ms > 0
    plan = app.replays.plan(JobFilter())
    assert (plan.matching, plan.will_go, plan.skipped) == (2, 1, {"superseded": 1})
