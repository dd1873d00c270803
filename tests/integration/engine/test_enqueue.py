"""The enqueue script: (nothing) -> waiting | delayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine.jobs import Completion, Enqueued, Enqueuing
from notifyctl.engine.keys import FleetKeys
from notifyctl.engine.producer import Producer
from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS
from notifyctl.engine.states import Lane, State
from tests.support.builders import a_job, a_message
from tests.support.seed import LANE, NAMESPACE, RETENTION, Seed, ids

if TYPE_CHECKING:
    import pytest
    import redis

ONCE = {"idempotency": "key", "digest": "d1"}


def test_enqueue_puts_a_job_in_line(seed: Seed) -> None:
    """A new job is waiting, with everything that was said of it, and wakes a consumer."""
    answer = seed.scripts.enqueue(a_job("a", fields={"template": "order", "order": "10482"}))

    assert answer == Enqueued(Enqueuing.QUEUED, "a")
    assert seed.read_all() == {
        "waiting": {"a": LANE + 1},
        "meta": {"seq": "1"},
        "wake": {"w": 0},
        "job:a": {
            "state": "waiting", "lane": "1", "seq": "1", "message": a_message("a").encode().decode(),
            "payload": "Dear Ada", "expires_at": "0", "created_at": str(seed.now), "attempt": "0",
            "template": "order", "order": "10482",
        },
        "totals": {"enqueued": "1"},
        f"minutes:{seed.now // 60_000}": {"enqueued": "1"},
        "lasting": ["job:a", "meta", "totals", "waiting", "wake"],
    }  # fmt: skip


def test_enqueue_twice_makes_one_job(seed: Seed) -> None:
    """After a lost reply the same id is found, and nothing is done."""
    seed.scripts.enqueue(a_job("a", **ONCE))

    again = seed.changes_nothing(lambda: seed.scripts.enqueue(a_job("a", **ONCE)))

    assert again == Enqueued(Enqueuing.EXISTS, "a")


def test_enqueue_of_an_id_that_has_ended_does_nothing(seed: Seed) -> None:
    """A producer that tries again late does not start a second life."""
    seed.ended("a")
    seed.dead("b")

    answers = seed.changes_nothing(lambda: [seed.scripts.enqueue(a_job(job_id)).status for job_id in "ab"])

    assert answers == [Enqueuing.EXISTS] * 2


def test_enqueue_lines_up_by_lane_and_then_by_arrival(seed: Seed) -> None:
    """High before normal before low; within a lane, first come, first served."""
    for job_id, lane in (("l", Lane.LOW), ("n1", Lane.NORMAL), ("h", Lane.HIGH), ("n2", Lane.NORMAL)):
        seed.scripts.enqueue(a_job(job_id, lane=lane))

    assert seed.ids("waiting") == ["h", "n1", "n2", "l"]


def test_enqueue_delays_until_a_moment(seed: Seed) -> None:
    """A job due later is delayed until then."""
    seed.scripts.enqueue(a_job("a", due_at_ms=seed.now + 5_000))

    assert seed.score("delayed", "a") == seed.now + 5_000
    assert seed.job("a")["state"] == "delayed"
    assert seed.job("a")["due_at"] == str(seed.now + 5_000)
    assert seed.ids("waiting") == []


def test_enqueue_delays_for_a_while_by_the_servers_clock(seed: Seed) -> None:
    """A delay counts from when the server hears of it."""
    seed.scripts.enqueue(a_job("a", delay_ms=5_000))

    assert seed.score("delayed", "a") == seed.now + 5_000


def test_enqueue_wakes_a_consumer_for_a_delayed_job_too(seed: Seed) -> None:
    """Who waits on the marker has to hear that a job is due earlier than he thought."""
    seed.scripts.enqueue(a_job("a", delay_ms=50))

    assert seed.woken


def test_enqueue_of_what_is_due_already_is_waiting(seed: Seed) -> None:
    """A moment that has passed, or has come, is no delay."""
    seed.scripts.enqueue(a_job("past", due_at_ms=seed.now - 1))
    seed.scripts.enqueue(a_job("now", due_at_ms=seed.now))

    assert seed.ids("waiting") == ["past", "now"]


def test_enqueue_with_a_known_key_and_the_same_content_names_the_first_job(seed: Seed) -> None:
    """A caller that repeats itself under a new id gets the id of the job there is."""
    seed.scripts.enqueue(a_job("a", **ONCE))

    again = seed.changes_nothing(lambda: seed.scripts.enqueue(a_job("b", **ONCE)))

    assert again == Enqueued(Enqueuing.KNOWN, "a")


def test_enqueue_with_a_known_key_and_other_content_is_a_conflict(seed: Seed) -> None:
    """One key, two contents: a mistake of the caller's, and nothing is queued."""
    seed.scripts.enqueue(a_job("a", **ONCE))

    again = seed.changes_nothing(lambda: seed.scripts.enqueue(a_job("b", idempotency="key", digest="d2")))

    assert again == Enqueued(Enqueuing.CONFLICT, "a")


def test_enqueue_keeps_the_key_while_the_job_lives_and_thirty_days_more(seed: Seed) -> None:
    """The key has no TTL until the job has ended."""
    key = seed.keys.idempotency("key")
    seed.scripts.enqueue(a_job("a", **ONCE))
    lasting = seed.ttl_ms(key)
    job = seed.take().jobs[0]
    seed.scripts.complete([Completion("a", job.token)], RETENTION.completed_ms)

    assert lasting == -1
    assert 0 <= RETENTION.completed_ms + IDEMPOTENCY_TAIL_MS - seed.ttl_ms(key) < 5_000
    assert 0 <= RETENTION.completed_ms - seed.ttl_ms(seed.keys.job("a")) < 5_000


def test_enqueue_knows_the_key_of_a_job_that_was_forgotten(seed: Seed) -> None:
    """The key outlives its job's hash: who repeats himself weeks later is still told the first id."""
    seed.ended("a", idem="key")
    seed.client.set(seed.keys.idempotency("key"), "a d1", px=60_000)
    seed.client.delete(seed.keys.job("a"))
    seed.client.zrem(seed.keys.completed, "a")

    assert seed.scripts.enqueue(a_job("b", **ONCE)) == Enqueued(Enqueuing.KNOWN, "a")


def test_enqueue_many_answers_each_job(seed: Seed) -> None:
    """One round trip; each answer is that job's own."""
    seed.waiting("old")

    answers = seed.scripts.enqueue_many([a_job("a", **ONCE), a_job("old"), a_job("b", **ONCE), a_job("c")])

    assert answers == [
        Enqueued(Enqueuing.QUEUED, "a"),
        Enqueued(Enqueuing.EXISTS, "old"),
        Enqueued(Enqueuing.KNOWN, "a"),
        Enqueued(Enqueuing.QUEUED, "c"),
    ]
    assert seed.ids("waiting") == ["old", "a", "c"]


def test_enqueue_goes_by_the_servers_clock_where_no_other_is_given(seed: Seed, client: redis.Redis) -> None:
    """Without a test's clock, `created_at` is the server's time."""
    seed.scripts.clock = None

    seed.scripts.enqueue(a_job("a"))
    seconds, _ = client.time()
    created_at_ms = int(seed.job("a")["created_at"])

    assert 0 <= seconds * 1000 + 999 - created_at_ms < 10_000


def test_enqueue_of_bytes_gives_back_the_same_bytes(seed: Seed) -> None:
    """Payloads may be encrypted: any bytes come out as they went in."""
    payload = bytes(range(256)) * 8
    seed.scripts.enqueue(a_job("a", payload=payload))

    assert [job.payload for job in seed.take().jobs] == [payload]


def test_enqueue_after_cancellation_stays_cancelled(seed: Seed) -> None:
    """A repeated call does not bring back what an operator stopped."""
    seed.ended("a", state=State.CANCELLED)

    seed.scripts.enqueue(a_job("a"))

    assert ids(seed.take()) == []


def test_producer_makes_its_queue_known_again(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that came back empty would show operators no queue, whatever a running shop puts into it."""
    monkeypatch.setattr("notifyctl.engine.producer._KNOWN_FOR_S", 0.0)
    producer = Producer(client, NAMESPACE)
    producer.enqueue("email", a_job("a"))
    client.flushall()
    producer.enqueue("email", a_job("b"))

    assert client.smembers(FleetKeys(NAMESPACE).queues) == {b"email"}


def test_producer_enqueues_many_and_makes_their_queue_known(seed: Seed, client: redis.Redis) -> None:
    """Operators see a queue from its first job on."""
    producer = Producer(client, NAMESPACE, seed.clock)

    answers = producer.enqueue_many("email", [a_job("a"), a_job("b")])

    assert [answer.status for answer in answers if isinstance(answer, Enqueued)] == [Enqueuing.QUEUED] * 2
    assert client.smembers(FleetKeys(NAMESPACE).queues) == {b"email"}
    assert seed.ids("waiting") == ["a", "b"]


def test_enqueue_leaves_out_what_is_not_wanted_any_more(seed: Seed) -> None:
    """Where a later event's key is known; what was queued before that event stays, and is found again."""
    seed.scripts.enqueue(a_job("first", idempotency="placed-1", digest="d1"))
    seed.scripts.enqueue(a_job("later", **ONCE))

    unwanted = a_job("b", idempotency="placed-2", digest="d2", unless=("other", "key"))
    answer = seed.changes_nothing(lambda: seed.scripts.enqueue(unwanted))
    again = seed.scripts.enqueue(a_job("c", idempotency="placed-1", digest="d1", unless=("key",)))

    assert answer == Enqueued(Enqueuing.OVERTAKEN, "b")
    assert again == Enqueued(Enqueuing.KNOWN, "first")
    assert seed.scripts.enqueue(a_job("d", unless=("other",))).status is Enqueuing.QUEUED
