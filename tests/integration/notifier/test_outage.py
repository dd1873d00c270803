"""What a producer does while Redis is away, and what comes of it afterwards."""

from __future__ import annotations

import logging
import statistics
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notifyctl.clock import now_ms
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from notifyctl.errors import (
    BrokerRefused,
    BrokerUnavailable,
    IdempotencyConflict,
    InvalidInput,
    JobNotFound,
    Overtaken,
    Unreplicated,
)
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options, Queued
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notifyctl.app import App
    from tests.integration.notifier.conftest import Shop
    from tests.support.proxy import Proxy

#: What a caller may have to wait, with room for a busy machine; measured: 320 and 1.5.
FIRST_MS, OTHERS_MS = 800.0, 50.0


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may freeze or kill; with `everysec`, a slow disk would let it answer before it has written."""
    server = Server("--appendfsync", "always")
    yield server
    server.thaw()
    server.close()


def waiting(operator: App) -> list[str]:
    """The ids of the mails in line."""
    return [job.job_id for job in operator.inspector.jobs("email", State.WAITING, limit=1_000)]


def test_message_is_kept_and_queued_later_under_its_id(shop: Shop, proxy: Proxy, operator: App) -> None:
    """The caller notices nothing but a flag; the process moves it by itself."""
    with proxy.outage():
        kept = shop.queue("k", to="eve@example.com")
    shop.drained()

    job = operator.inspector.job(kept.id)
    assert kept == Queued(kept.id, spooled=True)
    assert (job.state, Notification.decode(job.payload).to.address) == (State.WAITING, "eve@example.com")
    assert shop.queue("k", to="eve@example.com") == Queued(kept.id, known=True)


def test_messages_arrive_once_and_in_order_after_a_restart(make_shop: Callable[..., Shop], own_server: Server) -> None:
    """Nobody waits meanwhile: the first finds out, the others know."""
    shop = make_shop(own_server.url)
    before = shop.queue().id
    own_server.kill()

    first = shop.timed()
    others = [shop.timed() for _ in range(300)]
    own_server.start()
    shop.drained()

    assert first < FIRST_MS
    assert statistics.median(others) < OTHERS_MS
    jobs = shop.app.inspector.jobs("email", State.WAITING, limit=1_000)
    assert len(jobs) == 302
    assert jobs[0].job_id == before
    assert [job.job_id for job in jobs[1:]] == sorted(job.job_id for job in jobs[1:])  # ids are ordered by time


def test_messages_do_not_wait_for_a_server_that_hangs(make_shop: Callable[..., Shop], own_server: Server) -> None:
    """It takes connections and does not answer; what it did read arrives once all the same."""
    shop = make_shop(own_server.url)
    shop.queue()
    own_server.freeze()

    first = shop.timed()
    others = [shop.timed() for _ in range(20)]
    own_server.thaw()
    shop.drained()

    assert first < FIRST_MS
    assert statistics.median(others) < OTHERS_MS
    assert shop.app.inspector.stats("email").waiting == 22


@pytest.mark.parametrize("key", ["", "k"])
def test_lost_reply_makes_no_second_message(shop: Shop, proxy: Proxy, operator: App, key: str) -> None:
    """Redis has queued it, and nobody here knows: the spool holds it under the same id."""
    proxy.lose_reply("test_message", times=2)  # also when the client asks once more

    kept = shop.queue(key)
    shop.drained()

    assert proxy.lost == 2
    assert kept.spooled
    assert waiting(operator)[1:] == [kept.id]


def test_many_are_kept_and_refused_one_by_one(shop: Shop, proxy: Proxy, operator: App) -> None:
    """What cannot be used is refused while Redis is away, too."""
    to = Recipient("ada@example.com")
    wanted = [
        (Notification(Channel.EMAIL, to, "test_message", {}), Options(idempotency_key="1")),
        (Notification(Channel.EMAIL, to, "no_such_template", {}), Options(idempotency_key="2")),
        (Notification(Channel.WHATSAPP, Recipient("+447700900123"), "test_message", {}), Options()),
        (Notification(Channel.EMAIL, Recipient("nobody"), "test_message", {}), Options()),
    ]

    with proxy.outage():
        answers = shop.app.notifier.queue_many(wanted)
    shop.drained()

    assert [type(answer) for answer in answers] == [Queued, type(answers[1]), Queued, type(answers[3])]
    assert isinstance(answers[1], InvalidInput)
    assert isinstance(answers[3], InvalidInput)
    assert (operator.inspector.stats("email").waiting, operator.inspector.stats("whatsapp").waiting) == (2, 1)


def test_delay_and_expiry_count_from_the_call(shop: Shop, proxy: Proxy, operator: App) -> None:
    """However long Redis was away."""
    before = now_ms()
    with proxy.outage():
        kept = shop.queue(delay=timedelta(hours=1), expires=timedelta(hours=2))
    after = now_ms()
    shop.drained()

    job = operator.inspector.job(kept.id)
    assert job.state is State.DELAYED
    assert before <= job.due_at_ms - 3_600_000 <= after
    assert before <= job.expires_at_ms - 3 * 3_600_000 <= after


def test_message_told_twice_while_redis_is_away_is_one(shop: Shop, proxy: Proxy, operator: App) -> None:
    """The spool knows its own; other content under the same key is refused at once."""
    with proxy.outage():
        first, again = shop.queue("k"), shop.queue("k")
        with pytest.raises(IdempotencyConflict, match=first.id):
            shop.queue("k", to="eve@example.com")
    shop.drained()

    assert again == Queued(first.id, known=True, spooled=True)
    assert waiting(operator)[1:] == [first.id]


def test_message_known_before_the_outage_gets_an_alias(shop: Shop, proxy: Proxy, operator: App) -> None:
    """Its caller has an id that no job has: it leads to the job there is."""
    first = shop.queue("k")
    with proxy.outage():
        kept = shop.queue("k")
    shop.drained()

    assert kept.id != first.id
    assert operator.inspector.job(kept.id).job_id == first.id
    assert waiting(operator)[1:] == [first.id]
    operator.inspector.cancel(kept.id)
    assert operator.inspector.job(first.id).state is State.CANCELLED


def test_conflict_becomes_a_dead_letter(
    shop: Shop, proxy: Proxy, operator: App, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can tell the caller any more, so an operator is told; no address is in the log."""
    first = shop.queue("k")
    with proxy.outage(), caplog.at_level(logging.INFO):
        kept = shop.queue("k", to="eve@example.com")
    shop.drained()

    (dead,) = operator.inspector.jobs("email", State.DEAD)
    assert (dead.job_id, dead.reason) == (kept.id, "conflict")
    assert first.id in dead.release_reason
    assert operator.inspector.stats("email").failed == 1
    assert kept.id in caplog.text
    assert "example.com" not in caplog.text


def test_message_that_a_later_event_has_made_wrong_ends_as_cancelled(shop: Shop, proxy: Proxy, operator: App) -> None:
    """Whether the later event is in Redis or lies in the spool itself."""
    shop.queue("cancelled-1")
    with proxy.outage():
        kept = shop.queue("placed-1", unless=["cancelled-1"])
        shop.queue("cancelled-2")
        with pytest.raises(Overtaken):
            shop.queue("placed-2", unless=["cancelled-2"])
    shop.drained()

    job = operator.inspector.job(kept.id)
    assert (job.state, job.reason) == (State.CANCELLED, "superseded")
    assert len(waiting(operator)) == 3


def test_supersede_reaches_the_spool_and_what_is_in_redis(shop: Shop, proxy: Proxy, operator: App) -> None:
    """What was queued before it is cancelled, what was queued after it goes."""
    in_redis = shop.queue("1")
    with proxy.outage():
        in_spool = shop.queue("2")
        assert shop.supersede("1", "2", "unknown") == 1
        after = shop.queue("3")
        # it is not even in line for a moment
        assert [row.note for row in shop.app.spool.all(9) if row.tag] == ["superseded", ""]
    shop.drained()

    jobs = [operator.inspector.job(one.id) for one in (in_redis, in_spool, after)]
    assert [(job.state, job.reason) for job in jobs] == [
        (State.CANCELLED, "superseded"),
        (State.CANCELLED, "superseded"),
        (State.WAITING, ""),
    ]
    assert shop.queue("2").id == in_spool.id  # told once more, it stays cancelled


def test_message_is_hashed_with_the_secret_that_redis_keeps(
    make_shop: Callable[..., Shop], proxy: Proxy, operator: App
) -> None:
    """A process that has never reached Redis does not know it: the hashes are made when the message is moved."""
    operator.notifier.queue_email("test_message", {}, to="ada@example.com")  # makes the secret
    shop = make_shop()
    with proxy.outage():
        kept = shop.queue("k", to="eve@example.com")
    shop.drained()

    assert [job.job_id for job in operator.inspector.find(JobFilter(recipient="eve@example.com")).jobs] == [kept.id]
    again = operator.notifier.queue_email("test_message", {}, to="eve@example.com", idempotency_key="k")
    assert again == Queued(kept.id, known=True)


def test_refused_password_is_told_and_nothing_is_kept(make_shop: Callable[..., Shop], own_server: Server) -> None:
    """Waiting does not mend it; the caller hears of it while somebody looks."""
    with own_server.client() as client:
        client.config_set("requirepass", "the-right-one")
    shop = make_shop(own_server.url)

    with pytest.raises(BrokerRefused):
        shop.queue()

    assert not shop.app.spool.waiting()


def test_replica_that_does_not_confirm_is_told_and_holds_up_nothing(
    make_shop: Callable[..., Shop], proxy: Proxy, operator: App
) -> None:
    """The message is queued, and who asked for replicas is to know; what was kept is moved all the same."""
    shop = make_shop(wait_replicas=1)

    with pytest.raises(Unreplicated) as caught:
        shop.queue()
    with proxy.outage():
        kept = shop.queue()
    shop.drained()

    assert waiting(operator) == [*caught.value.job_ids, kept.id]


def test_server_without_memory_is_an_outage(make_shop: Callable[..., Shop], own_server: Server) -> None:
    """It answers, and takes nothing: what it refused is kept, and moved once it has room."""
    shop = make_shop(own_server.url)
    shop.queue()
    with own_server.client() as client:
        client.config_set("maxmemory", "1")
        kept = shop.queue()
        client.config_set("maxmemory", "0")
    shop.drained()

    assert kept.spooled
    assert shop.app.inspector.job(kept.id).state is State.WAITING


def test_spool_that_is_turned_off_keeps_nothing(make_shop: Callable[..., Shop], proxy: Proxy) -> None:
    """The caller hears of it, and tries again."""
    shop = make_shop(spool={"enabled": False})

    with proxy.outage(), pytest.raises(BrokerUnavailable, match="cannot be reached"):
        shop.queue()

    assert shop.app.spool.all(1) == []


def test_full_spool_is_told_and_loses_nothing(make_shop: Callable[..., Shop], proxy: Proxy, operator: App) -> None:
    """Neither what it holds nor, without a word, what it cannot hold."""
    shop = make_shop(spool={"max_bytes": 1024**2})
    kept: list[str] = []

    def fill() -> None:
        while len(kept) < 100:
            answer = shop.app.notifier.queue_email("test_message", {"note": "x" * 200_000}, to="ada@example.com")
            kept.append(answer.id)

    with proxy.outage(), pytest.raises(BrokerUnavailable, match="could not be kept") as caught:
        fill()
    shop.drained()

    assert "NOTIFYCTL_SPOOL_MAX_BYTES" in caught.value.hint
    assert len(kept) >= 2
    assert waiting(operator) == kept


def test_spool_that_cannot_be_used_is_told_once_a_minute(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Every call finds it; messages go straight."""
    shop.app.spool.folder.mkdir(parents=True)
    shop.app.spool.folder.chmod(0o755)
    shop.app.spool.file.touch()

    assert not any(shop.queue().spooled for _ in range(3))

    assert caplog.text.count("not private") == 1


def test_id_of_nothing_is_still_unknown(operator: App) -> None:
    """Aliases make no id up."""
    with pytest.raises(JobNotFound):
        operator.inspector.job("3r9k2m4p8t6w1x5z")
