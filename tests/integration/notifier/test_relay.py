"""Who moves what lies in the spool, and what may go wrong on the way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from redis import ResponseError

from notifyctl.app import build
from notifyctl.engine.states import State
from notifyctl.errors import BrokerUnavailable
from notifyctl.notification import Channel
from notifyctl.notifier.entries import supersession_row
from notifyctl.notifier.relay import Moved
from notifyctl.settings import Settings
from notifyctl.spool import Row
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from notifyctl.notifier.drafts import Draft
    from tests.integration.notifier.conftest import Shop
    from tests.support.proxy import Proxy
    from tests.support.server import Server


@pytest.fixture
def left(make_shop: Callable[..., Shop], proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a process that ended left in the spool: the ids of 300 messages."""
    shop = make_shop()
    with monkeypatch.context() as patched:
        patched.setattr("notifyctl.notifier.ferry.Ferry.wake", lambda _, **__: None)
        with proxy.outage():
            shop.queue()  # asks Redis
            patched.setattr("notifyctl.notifier.ferry.Ferry.running", True)
            ids = [shop.queue(str(number)).id for number in range(299)]
    return [row.id for row in shop.app.spool.first(1)] + ids


def flush(app: App, **options: Any) -> Moved:
    """Move all there is."""
    total = Moved()
    app.ways.relay().flush(total, **options)
    return total


def test_relay_moves_what_was_left_and_says_what_came_of_it(left: list[str], operator: App) -> None:
    """All of it, in order, batch by batch."""
    assert flush(operator) == Moved(rows=300, moved=300)

    assert waiting(operator) == left
    assert flush(operator) == Moved()


def test_what_was_left_goes_before_what_comes_next(left: list[str], make_shop: Callable[..., Shop]) -> None:
    """The next process of the shop moves it by itself, at its first call."""
    shop = make_shop()

    new = shop.queue()
    shop.drained()

    assert waiting(shop.app) == [*left, new.id]


def test_little_that_was_left_is_moved_by_the_call_itself(left: list[str], make_shop: Callable[..., Shop]) -> None:
    """A command has no time for a background thread: its own message goes straight after that."""
    shop = make_shop()
    shop.app.spool.remove(shop.app.spool.first(150))

    assert not shop.queue().spooled
    assert waiting(shop.app)[:-1] == left[150:]


def test_step_ends_when_its_time_is_over(left: list[str], operator: App) -> None:
    """A caller is not kept by what others left; the next step goes on there."""
    operator.spool.remove(operator.spool.first(298))
    operator.spool.put([supersession_row(Channel.EMAIL, ["298"])])

    assert operator.ways.relay().step(within_s=-1) == Moved(rows=3, moved=2)
    assert operator.spool.counts().waiting == 1

    assert flush(operator) == Moved(rows=1)
    assert waiting(operator) == left[298:-1]


def test_relays_at_the_same_time_move_each_row_once(
    left: list[str], operator: App, make_shop: Callable[..., Shop]
) -> None:
    """Whoever comes second waits for the first."""
    totals = [Moved() for _ in range(3)]
    threads = [threading.Thread(target=make_shop().app.ways.relay().flush, args=(total,)) for total in totals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(total.moved for total in totals) == 300
    assert waiting(operator) == left


def test_relay_that_dies_in_the_middle_is_followed_by_another(
    left: list[str], operator: App, make_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was queued and not removed is found to be queued already."""
    first = make_shop().app
    with monkeypatch.context() as patched:
        patched.setattr(first.spool, "remove", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            flush(first)

    assert flush(make_shop().app).moved == 300
    assert waiting(operator) == left


def test_relay_whose_reply_is_lost_goes_on_later(left: list[str], proxy: Proxy, operator: App) -> None:
    """Nothing is lost, and nothing is there twice."""
    operator.spool.remove(operator.spool.first(295))  # so few that they are one request
    proxy.lose_reply("test_message", times=4)

    with pytest.raises(BrokerUnavailable):
        flush(operator)
    assert len(operator.spool.first(1_000)) == 5

    flush(operator)
    assert waiting(operator) == left[295:]


def test_row_that_cannot_be_read_holds_up_no_other(left: list[str], operator: App) -> None:
    """It is left where it is, and told; a flush by a release that can read it moves it."""
    app = operator
    app.spool.remove(app.spool.first(298))
    rows = app.spool.first(2)
    app.spool.remove(rows[1:])
    app.spool.put([Row("odd", "email", b'{"v": 99}')])

    assert flush(app) == Moved(rows=2, moved=1, held=1)
    assert [(row.id, row.held) for row in app.spool.all(9)] == [("odd", "an entry of version 99; this release reads 1")]
    assert not app.spool.waiting()


def test_relay_leaves_what_is_for_another_server(left: list[str], server: Server) -> None:
    """Test orders are not moved to customers because somebody changed REDIS_URL; unless he says so."""
    other = build(Settings.load(redis={"url": server.url}))

    assert flush(other) == Moved()
    assert (other.spool.counts().waiting, other.spool.counts().elsewhere) == (0, 300)
    assert flush(other, everywhere=True).moved == 300
    assert waiting(other) == left


def test_process_that_ends_stops_its_relay(make_shop: Callable[..., Shop], proxy: Proxy) -> None:
    """At once, and what is left stays."""
    shop = make_shop()
    with proxy.outage():
        shop.queue()
        shop.app.close()

        assert [thread.name for thread in threading.enumerate() if "ferry" in thread.name] == []
    assert len(shop.app.spool.all(9)) == 1


def test_relay_ends_when_all_is_moved(shop: Shop, proxy: Proxy) -> None:
    """And begins anew at the next outage."""
    for _ in range(2):
        with proxy.outage():
            shop.queue()
        shop.drained()
        wait_until(lambda: not any("ferry" in one.name for one in threading.enumerate()), what="the thread to end")
        assert not shop.queue().spooled


def test_row_whose_settling_fails_holds_up_no_other(
    left: list[str], operator: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is that goes wrong with this one."""
    operator.spool.remove(operator.spool.first(298))
    monkeypatch.setattr("notifyctl.notifier.relay.Relay._settle", broken_for(left[298]))

    assert flush(operator) == Moved(rows=2, held=1)
    assert [(row.id, row.held) for row in operator.spool.all(9)] == [
        (left[298], "it could not be moved: ResponseError")
    ]


def test_step_that_is_repeated_finds_again_what_it_had_queued(
    shop: Shop, proxy: Proxy, operator: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the later event that its message must not follow is known by now: it came after it."""
    with monkeypatch.context() as patched:
        patched.setattr("notifyctl.notifier.ferry.Ferry.wake", lambda _, **__: None)
        patched.setattr("notifyctl.notifier.outlet.Outlet._is_open", lambda *_: False)
        first, later = shop.queue(unless=["cancelled"]), shop.queue("cancelled")
    with monkeypatch.context() as patched:
        patched.setattr(operator.spool, "remove", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            flush(operator)

    assert flush(operator) == Moved(rows=2, moved=2)
    assert waiting(operator)[1:] == [first.id, later.id]


def test_held_message_that_is_superseded_is_not_sent_later(shop: Shop, operator: App) -> None:
    """Also when Redis was there all the time."""
    operator.spool.put([Row("odd", "email", b"", tag="k")])
    operator.spool.hold(operator.spool.first(1)[0], "Redis answered with ResponseError")

    assert shop.supersede("k") == 1
    assert [row.note for row in operator.spool.all(9)] == ["superseded"]


def test_thread_that_cannot_be_started_fails_no_call(
    shop: Shop, proxy: Proxy, operator: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is kept, and the next call tries again."""
    with proxy.outage():
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_thread)
            kept = shop.queue()
        assert kept.spooled
        after = shop.queue()
    shop.drained()

    assert waiting(operator)[1:] == [kept.id, after.id]


def no_thread(_: threading.Thread) -> None:
    """Stands for a machine that has no room for one more."""
    raise RuntimeError("can't start new thread")


def broken_for(job_id: str) -> Callable[..., None]:
    """A settling that goes wrong with this one."""

    def settle(_: Any, draft: Draft, *__: Any) -> None:
        if draft.job.job_id == job_id:
            raise ResponseError("ERR something of this one")

    return settle


def waiting(app: App) -> list[str]:
    """The ids of the mails in line."""
    return [job.job_id for job in app.inspector.jobs("email", State.WAITING, limit=1_000)]
