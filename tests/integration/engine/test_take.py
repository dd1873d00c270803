"""The take script: waiting -> active; on the way promotion and expiry."""

from __future__ import annotations

import pytest

from notifyctl.engine.consumer import BLOCK_MS
from notifyctl.engine.heartbeat import GAP_MS, LEASE_MS
from notifyctl.engine.jobs import Completion, TakenJob
from notifyctl.engine.scripts import IDEMPOTENCY_TAIL_MS
from notifyctl.engine.states import Lane
from tests.support.builders import a_message
from tests.support.seed import LANE, RETENTION, Seed, ids


def test_take_hands_out_jobs_under_a_lease(seed: Seed) -> None:
    """What a worker needs to know of a job, and what the queue remembers of it."""
    seed.waiting("a", attempt=1)

    batch = seed.take("w1", 7)

    message = a_message("a").encode()
    assert batch.jobs == [TakenJob("a", message, b"p", "w1:7", 2, possible_duplicate=False, created_at_ms=seed.now)]
    assert (seed.ids("waiting"), seed.score("active", "a")) == ([], seed.now + LEASE_MS)
    job = seed.job("a")
    assert (job["state"], job["lease"], job["taken_at"], job["began"]) == ("active", "w1:7", str(seed.now), "")


def test_take_hands_out_no_more_than_wanted(seed: Seed) -> None:
    """As many as threads are free, in line."""
    seed.waiting(*"abc")

    assert ids(seed.take("w1", 1, 2)) == ["a", "b"]
    assert seed.ids("waiting") == ["c"]


def test_take_again_after_a_lost_reply_hands_out_the_same_jobs(seed: Seed) -> None:
    """The sequence number tells that the first answer never arrived."""
    seed.waiting(*"abcd")
    first = seed.take("w1", 1, 2)

    again = seed.changes_nothing(lambda: seed.take("w1", 1, 2))

    assert again.jobs == first.jobs
    assert ids(seed.take("w1", 2, 2)) == ["c", "d"]


def test_take_again_leaves_out_what_is_no_longer_this_lease(seed: Seed) -> None:
    """Jobs that were reclaimed meanwhile belong to somebody else."""
    seed.waiting("a", "b")
    seed.take("w1", 1)
    seed.live(LEASE_MS)
    seed.reclaim(0)
    seed.take("w2", 1, 1)

    assert ids(seed.changes_nothing(lambda: seed.take("w1", 1))) == []
    assert ids(seed.take("w1", 2)) == ["b"]


def test_take_of_another_worker_with_the_same_number_is_its_own(seed: Seed) -> None:
    """Sequence numbers are each worker's."""
    seed.waiting("a", "b")

    assert ids(seed.take("w1", 1, 1)) == ["a"]
    assert ids(seed.take("w2", 1, 1)) == ["b"]


def test_take_of_an_empty_queue_waits_on_the_marker(seed: Seed) -> None:
    """Nothing to do: sleep until woken, at most as long as the caller would."""
    batch = seed.take()

    assert (batch.jobs, batch.again_ms, batch.block_ms) == ([], -1, BLOCK_MS)
    assert not seed.woken


@pytest.mark.parametrize(("due_in_ms", "block_ms"), [(400, 400), (60_000, BLOCK_MS), (1, 1)])
def test_take_waits_no_longer_than_until_the_next_job_is_due(seed: Seed, due_in_ms: int, block_ms: int) -> None:
    """A delayed job is not late because everybody slept."""
    seed.delayed("a", due_in_ms=due_in_ms)

    batch = seed.take()

    assert (batch.again_ms, batch.block_ms) == (-1, block_ms)


def test_take_leaves_a_marker_while_more_is_to_be_had(seed: Seed) -> None:
    """Who got all it wanted wakes the next consumer."""
    seed.waiting("a", "b")

    batch = seed.take("w1", 1, 1)

    assert (batch.again_ms, seed.woken) == (0, True)
    seed.sleep_marker()
    batch = seed.take("w2", 1, 1)
    assert (batch.again_ms, seed.woken) == (-1, False)


@pytest.mark.parametrize(
    ("config", "rate"),
    [
        ({"paused": "1"}, "0/1"),
        ({"blocked_until": str(10**13)}, "0/1"),
        ({"max_active": "1"}, "0/1"),
        ({}, "1/1000"),
    ],
)
def test_take_leaves_no_marker_where_another_take_would_be_in_vain(
    seed: Seed, config: dict[str, str], rate: str
) -> None:
    """Work is waiting, and nobody may have it now: nobody is woken for it."""
    seed.waiting("a", "b", "c")
    if config:
        seed.scripts.configure(config)
    seed.sleep_marker()

    first = seed.take("w1", 1, 2, rate)
    second = seed.take("w2", 1, 2, rate)

    assert ids(second) == []
    assert first.again_ms > 0
    assert second.again_ms > 0
    assert not seed.woken


def test_take_promotes_what_is_due_to_its_place_in_line(seed: Seed) -> None:
    """By lane, and by when it was enqueued, not by when it became due."""
    seed.delayed("late", due_in_ms=2_000)
    seed.delayed("first", due_in_ms=1_000)
    seed.delayed("second", due_in_ms=500)
    seed.delayed("high", due_in_ms=1_000, lane=int(Lane.HIGH))
    seed.waiting("third")
    seed.live(1_000)

    assert ids(seed.take()) == ["high", "first", "second", "third"]
    assert seed.ids("delayed") == ["late"]


def test_take_promotes_on_a_paused_queue_too(seed: Seed) -> None:
    """Whoever looks sees what is due as waiting."""
    seed.delayed("a")
    seed.scripts.configure({"paused": "1"})
    seed.live(1_000)

    seed.take()

    assert (seed.ids("waiting"), seed.job("a")["state"]) == (["a"], "waiting")


def test_take_promotes_a_bounded_number(seed: Seed) -> None:
    """A thousand jobs due at once do not hold up the server; the next calls go on."""
    seed.delayed(*[f"job-{number:03}" for number in range(250)])
    seed.live(1_000)

    left = []
    for sequence in range(1, 4):
        seed.take("w1", sequence, 0)
        left.append(len(seed.ids("delayed")))

    assert left == [150, 50, 0]


def test_take_tells_of_leases_that_ran_out(seed: Seed) -> None:
    """Whoever takes gives their jobs back; on a paused and on a blocked queue, too."""
    seed.active("a")
    seed.live(LEASE_MS - 1)
    early = seed.take("w2", 1).lost
    seed.live(1)

    assert (early, seed.take("w2", 2).lost) == (False, True)
    seed.scripts.configure({"paused": "1"})
    assert seed.take("w2", 3).lost
    seed.scripts.configure({"paused": "", "blocked_until": str(10**13)})
    assert seed.take("w2", 4).lost


def test_take_after_a_gap_tells_of_no_lost_lease(seed: Seed) -> None:
    """The server was away: a lease is given to all before any is reclaimed."""
    seed.take("w2", 1)
    seed.active("a")
    seed.clock.advance(LEASE_MS + GAP_MS)

    at_once = seed.take("w2", 2).lost
    seed.live(LEASE_MS - 1)
    early = seed.take("w2", 3).lost
    seed.live(1)

    assert (at_once, early, seed.take("w2", 4).lost) == (False, False, True)


def test_take_without_a_gap_gives_no_grace(seed: Seed) -> None:
    """As long as anybody asks often enough, a lease is as long as it says."""
    seed.active("a")

    lost = []
    for sequence in range(1, 5):
        lost.append(seed.take("w2", sequence).lost)
        seed.clock.advance(GAP_MS)

    assert lost == [False, False, False, True]


def test_take_after_a_block_hands_out_one_job_until_it_is_done(seed: Seed) -> None:
    """A provider that had enough is tried with one message; its completion lets the others go."""
    seed.waiting(*"abcd")
    seed.scripts.configure({"blocked_until": str(seed.now), "blocked_reason": "throttled by sendgrid"})
    first = seed.take("w1", 1)
    second = seed.take("w2", 1)
    seed.sleep_marker()

    seed.scripts.complete([Completion("a", "w1:1")], RETENTION.completed_ms)

    assert (ids(first), ids(second), second.again_ms) == (["a"], [], 1_000)
    assert seed.woken
    assert "config" not in seed.read_all()
    assert ids(seed.take("w2", 2)) == ["b", "c", "d"]


def test_take_after_a_rest_hands_out_all_that_are_wanted(seed: Seed) -> None:
    """Less than a second is a wait for sends in progress: there is nothing to try out, whoever has jobs of his own."""
    seed.waiting("a", "b", "c", "d")
    lost, released = seed.take("w1", 1, 2).jobs
    seed.scripts.release([(released.job_id, released.token)], 250, "5 sends have no answer yet")
    assert seed.take("w2", 1, 3).again_ms == 250

    seed.clock.advance(250)

    assert len(seed.take("w2", 2, 3).jobs) == 3
    assert lost.job_id == "a"


def test_take_during_a_block_hands_out_nothing_though_others_complete(seed: Seed) -> None:
    """What was in progress when the block began does not lift it."""
    seed.waiting("b")
    token = seed.active("a")
    seed.scripts.configure({"blocked_until": str(seed.now + 5_000)})

    seed.scripts.complete([Completion("a", token)], RETENTION.completed_ms)

    batch = seed.take("w1", 1)
    assert (ids(batch), batch.again_ms) == ([], 5_000)


@pytest.mark.parametrize("back_ms", [60_000, 3_600_000])
def test_take_is_held_up_by_no_clock_that_was_set_back(seed: Seed, back_ms: int) -> None:
    """A block lasts as long as it was meant to, and so do a lease and a grace."""
    token = seed.active("a")
    seed.active("dead", token="w9:1")
    seed.take("w1", 1)
    seed.scripts.release([("a", token)], 30_000, "throttled")
    seed.client.hset(seed.keys.meta, "grace_until", seed.now + LEASE_MS)
    seed.live(-back_ms)

    batch = seed.take("w1", 2)
    found = seed.reclaim()
    seed.live(LEASE_MS)

    assert (batch.again_ms, batch.lost, found) == (30_000, True, 0)
    assert seed.take("w1", 3).lost
    assert seed.reclaim() == 1


def test_take_cancels_what_has_expired(seed: Seed) -> None:
    """Nobody wants it any more: it is not handed out, it uses up no grant, and it ends like other cancelled jobs."""
    seed.client.set(seed.keys.idempotency("key"), "old d1")
    seed.waiting("old", expires_at=seed.now, idem="key")
    seed.waiting("fresh", expires_at=seed.now + 1)

    batch = seed.take("w1", 1, 1, "1/1000")

    assert ids(batch) == ["fresh"]
    assert seed.ids("cancelled") == ["old"]
    job = seed.job("old")
    assert (job["state"], job["reason"], job["finished_at"]) == ("cancelled", "expired", str(seed.now))
    assert 0 <= RETENTION.cancelled_ms - seed.ttl_ms(seed.keys.job("old")) < 5_000
    key_ttl_ms = seed.ttl_ms(seed.keys.idempotency("key"))
    assert 0 <= RETENTION.cancelled_ms + IDEMPOTENCY_TAIL_MS - key_ttl_ms < 5_000


def test_take_looks_at_a_bounded_number_of_expired_jobs(seed: Seed) -> None:
    """A campaign that expired as a whole is dropped in some calls; each says to ask again at once."""
    seed.waiting(*[f"old-{number:03}" for number in range(150)], expires_at=seed.now)
    seed.waiting("fresh")

    first = seed.take("w1", 1, 1)
    woken = seed.woken
    second = seed.take("w1", 2, 1)

    assert (ids(first), first.again_ms, woken) == ([], 0, True)
    assert ids(second) == ["fresh"]
    assert len(seed.ids("cancelled")) == 150


def test_take_asks_to_come_again_at_once_while_expired_jobs_are_left_and_a_place_is_free(seed: Seed) -> None:
    """A limit on jobs in progress that is not reached holds up nobody."""
    seed.waiting(*[f"old-{number:03}" for number in range(150)], expires_at=seed.now)
    seed.scripts.configure({"max_active": "2"})

    assert seed.take("w1", 1, 5).again_ms == 0


def test_take_counts_ids_without_a_job_and_drops_them(seed: Seed) -> None:
    """A hash that somebody deleted by hand does not wedge the line."""
    seed.client.zadd(seed.keys.waiting, {"ghost": LANE})
    seed.client.zadd(seed.keys.delayed, {"phantom": seed.now})
    seed.waiting("a")

    assert ids(seed.take()) == ["a"]
    assert seed.read_all()["meta"]["orphans"] == "1"
    assert (seed.ids("waiting"), seed.ids("delayed"), seed.job("ghost")) == ([], [], {})


def test_take_reads_places_in_line_exactly(seed: Seed) -> None:
    """Big sequence numbers in the lowest lane do not fall together as scores."""
    seed.client.hset(seed.keys.meta, "seq", 0)
    seed._seq = 900_000_000_000_000
    seed.waiting("a", "b", "c", lane=Lane.LOW)

    assert ids(seed.take("w1", 1, 3)) == ["a", "b", "c"]
    seed.scripts.release([("b", "w1:1"), ("a", "w1:1")])
    assert seed.ids("waiting") == ["a", "b"]


def test_take_forgets_a_workers_last_batch_within_the_hour(seed: Seed) -> None:
    """Workers come and go, and leave nothing for good."""
    seed.waiting("a")
    seed.take("w1", 1)

    assert 0 < seed.ttl_ms(seed.keys.taken("w1")) <= 3_600_000


def test_complete_and_take_in_one_round_trip(seed: Seed) -> None:
    """Each call has its own answer."""
    token = seed.active("a")
    seed.waiting("b")

    words, batch = seed.scripts.complete_and_take(
        [Completion("a", token), Completion("nobody", token)], RETENTION.completed_ms, "w1", 2, 1,
        lease_ms=LEASE_MS, rate="0/1", gap_ms=GAP_MS, block_ms=BLOCK_MS, cancelled_ms=RETENTION.cancelled_ms,
    )  # fmt: skip

    assert words == ["done", "stale"]
    assert not isinstance(batch, Exception)
    assert ids(batch) == ["b"]
