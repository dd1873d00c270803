"""Bulk replays: every dead letter that is meant ends as one count, whoever takes the steps, and however often."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifyctl.engine.inspector import Inspector
from notifyctl.engine.keys import FleetKeys
from notifyctl.engine.replay import Replay
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.replays import Replays
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import Lane
from notifyctl.errors import JobNotFound, UnknownQueue, WrongState
from notifyctl.units import Rate
from tests.support.seed import NAMESPACE, NOW_MS, RETENTION, Seed

HOUR_MS = 3_600_000


class Bulk:
    """Replays on a queue's fake clock, and a worker that takes their steps when told."""

    def __init__(self, seed: Seed) -> None:
        rates = dict.fromkeys((seed.keys.queue, "whatsapp"), Rate(0))
        inspector = Inspector(
            seed.client, NAMESPACE, rates=rates, retention=RETENTION, secret="s" * 32, clock=seed.clock
        )
        self.seed = seed
        self.replays = Replays(inspector, seed.clock)
        self.steps = Steps(seed.client, NAMESPACE, seed.clock)
        self.inspector = inspector

    def start(self, where: JobFilter | None = None, **options: Any) -> Replay:
        """Start one over all dead letters of the queue."""
        return self.replays.start(where or JobFilter(), (self.seed.keys.queue,), by="ada", why="mended", **options)

    def step(self, replay: Replay, worker: str = "w1") -> float | None:
        """Take a step of it, as a worker does; None where there is none to take."""
        led = self.steps.lead(replay.replay_id, worker, 5_000)
        return None if led is None else self.steps.take(led)

    def carry_out(self, replay: Replay) -> Replay:
        """Take all steps of it, letting the time go by that each asks for."""
        while (wait_s := self.step(replay)) is not None:
            self.seed.clock.advance(-(-int(wait_s * 1_000_000) // 1000))
        return self.now(replay)

    def now(self, replay: Replay) -> Replay:
        """The replay as it is now; its counts add up."""
        now = self.replays.get(replay.replay_id)
        assert now.replayed + sum(now.skipped.values()) + now.failed + now.left == now.total
        return now


@pytest.fixture
def bulk(seed: Seed) -> Bulk:
    """On an empty queue."""
    return Bulk(seed)


def attempt(code: str) -> dict[str, str]:
    """A run that a provider ended with this code."""
    return {"attempt:1": json.dumps({"attempt": 1, "outcome": "permanent", "code": code})}


def test_bulk_replay_sends_what_fits_to_the_end_of_the_lane_low(bulk: Bulk, seed: Seed) -> None:
    """And nothing else; each with a fresh count of attempts, and who did it in its history."""
    seed.dead("a", attempt=4, **attempt("550"))
    seed.dead("b", **attempt("401"))
    seed.dead("c", **attempt("401"))
    seed.waiting("new", lane=Lane.LOW)

    replay = bulk.carry_out(bulk.start(JobFilter(code="401")))

    assert (replay.state, replay.total, replay.replayed, replay.skipped, replay.failed) == ("done", 2, 2, {}, 0)
    assert (seed.ids("dead"), seed.ids("waiting")) == (["a"], ["new", "b", "c"])
    job = bulk.inspector.job("b")
    assert (job.lane, job.attempt, job.replays, job.replayed_at_ms) == (Lane.LOW, 0, 1, NOW_MS)
    assert job.acts == [{"at_ms": NOW_MS, "verb": "retried", "by": "ada", "why": "mended", "replay": replay.replay_id}]
    assert seed.woken
    assert seed.client.hget(seed.keys.totals, "replayed") == b"2"


def test_bulk_replay_into_another_lane_or_each_into_its_own(bulk: Bulk, seed: Seed) -> None:
    """As the operator says."""
    seed.dead("a", lane=0)
    bulk.carry_out(bulk.start(lane=None))
    seed.dead("b", lane=2)
    bulk.carry_out(bulk.start(lane=Lane.NORMAL))

    assert seed.ids("waiting") == ["a", "b"]
    assert [seed.job(name)["lane"] for name in "ab"] == ["0", "1"]


def test_bulk_replay_skips_what_must_not_go_again(bulk: Bulk, seed: Seed) -> None:
    """Each reason has its count, when it starts and when its turn comes."""
    seed.dead("accepted", evidence="twilio SM1")
    seed.dead("unwanted", superseded=NOW_MS)
    seed.dead("old", created_at=NOW_MS - 2 * HOUR_MS)
    seed.dead("accepted later", "unwanted later", "replayed later", "old later", "fine")
    plan = bulk.replays.plan(JobFilter(), max_age_ms=HOUR_MS)

    replay = bulk.start(max_age_ms=HOUR_MS)
    assert (replay.total, replay.left) == (8, 5)
    seed.client.hset(seed.keys.job("accepted later"), "evidence", "twilio SM2")
    seed.client.hset(seed.keys.job("unwanted later"), "superseded", NOW_MS)
    seed.client.hset(seed.keys.job("old later"), "created_at", NOW_MS - 2 * HOUR_MS)
    bulk.inspector.replay("replayed later")
    replay = bulk.carry_out(replay)

    assert (plan.matching, plan.will_go, plan.skipped) == (8, 5, {"accepted": 1, "superseded": 1, "too_old": 1})
    assert replay.skipped == {"accepted": 2, "superseded": 2, "too_old": 2, "changed": 1}
    assert (replay.replayed, replay.state) == (1, "done")
    assert sorted(seed.ids("waiting")) == ["fine", "replayed later"]


def test_bulk_replay_leaves_what_dies_after_its_start(bulk: Bulk, seed: Seed) -> None:
    """Be it a new one, or one of its own that failed again."""
    seed.dead("a", "b")
    replay = bulk.start(rate=Rate(1))
    bulk.step(replay)
    bulk.step(replay)
    seed.clock.advance(2_000)
    (token, job_id) = ("w1:1", seed.take().jobs[0].job_id)
    seed.dead("later")
    seed.scripts.bury(job_id, token, "permanent", "")

    replay = bulk.carry_out(replay)

    assert (replay.total, replay.replayed) == (2, 2)
    assert sorted(seed.ids("dead")) == ["a", "later"]


def test_bulk_replay_sends_a_limited_number_of_the_oldest(bulk: Bulk, seed: Seed) -> None:
    """Those that must not go use nothing of it up: the limit is of what goes."""
    for number in range(5):
        seed.clock.advance(10)
        seed.dead(f"{number}", **({"evidence": "x"} if number == 1 else {}))
    plan = bulk.replays.plan(JobFilter(), limit=2)

    replay = bulk.carry_out(bulk.start(limit=2))

    assert (plan.matching, plan.will_go, [job.job_id for job in plan.sample]) == (3, 2, ["0", "2"])
    assert (replay.total, replay.replayed, replay.skipped) == (3, 2, {"accepted": 1})
    assert seed.ids("waiting") == ["0", "2"]


def test_bulk_replay_keeps_its_rate_whoever_takes_the_steps(bulk: Bulk, seed: Seed) -> None:
    """Five a second: one each 200 ms, also where two processes drive it, and none is made up for after a pause."""
    seed.dead(*(f"{number}" for number in range(10)))
    replay = bulk.start(rate=Rate(5))
    times: list[int] = []

    def tick(ms: int) -> None:
        for worker in ("w1", "w1"):
            before = bulk.now(replay).replayed
            bulk.step(replay, worker)
            times.extend([seed.now - NOW_MS] * (bulk.now(replay).replayed - before))
        seed.clock.advance(ms)

    for _ in range(9):
        tick(50)
    seed.clock.advance(5_000)
    for _ in range(9):
        tick(50)

    assert times == [0, 200, 400, 5_450, 5_650, 5_850]


def test_bulk_replay_is_carried_out_by_one_process_at_a_time(bulk: Bulk, seed: Seed) -> None:
    """Another one goes on when the first has been silent for as long as its lease, or has left it."""
    seed.dead("a", "b", "c")
    replay = bulk.start(rate=Rate(1))

    assert bulk.step(replay, "w1") is not None
    assert bulk.step(replay, "w2") is None
    seed.clock.advance(5_001)
    assert bulk.step(replay, "w2") is not None
    assert bulk.step(replay, "w1") is None
    bulk.steps.lead(replay.replay_id, "w2", 0)
    seed.clock.advance(1)
    assert bulk.step(replay, "w1") is not None
    assert bulk.now(replay).led_by == "w1"


def test_bulk_replay_is_gathered_by_workers_where_its_starter_was_killed(bulk: Bulk, seed: Seed) -> None:
    """The record is all that it takes."""
    seed.dead(*(f"{number:04}" for number in range(1_200)))
    queues = (seed.keys.queue,)
    bulk.steps.record(Replay("r1", JobFilter(), queues, started_at_ms=bulk.steps.open("r1", queues)))
    wanted = bulk.replays.get("r1")

    done = bulk.carry_out(wanted)

    assert (wanted.counted, wanted.total) == (False, 0)
    assert (done.counted, done.total, done.replayed) == (True, 1_200, 1_200)


def test_bulk_replay_is_remembered_as_long_as_it_is_carried_out(bulk: Bulk, seed: Seed) -> None:
    """One that takes more than 30 days is not forgotten with letters still to go."""
    seed.dead("a", "b")
    replay = bulk.start(rate=Rate(1, 86_400_000))
    fleet = FleetKeys(NAMESPACE)
    kept = (fleet.replay(replay.replay_id), fleet.running_replays)
    for key in kept:
        seed.client.pexpire(key, 60_000)

    bulk.step(replay)

    assert all(seed.ttl_ms(key) > 29 * 24 * HOUR_MS for key in kept)


def test_bulk_replay_forgets_no_lane(bulk: Bulk, seed: Seed) -> None:
    """What went through the lane low, and died there, goes into its own again when a person names it, or asks for that."""
    seed.dead("a", "b", lane=0)
    bulk.carry_out(bulk.start())
    low = [seed.job(name)["lane"] for name in "ab"]
    for job in seed.take().jobs:
        seed.scripts.bury(job.job_id, job.token, "permanent", "{}")
    seed.clock.advance(1)

    bulk.inspector.replay("a")
    bulk.carry_out(bulk.start(lane=None))

    assert low == ["2", "2"]
    assert [seed.job(name)["lane"] for name in "ab"] == ["0", "0"]


def test_bulk_replay_cancelled_leaves_the_rest(bulk: Bulk, seed: Seed) -> None:
    """What went, went; what is left is counted, and is as dead as before."""
    seed.dead("a", "b", "c")
    replay = bulk.start(rate=Rate(1))
    bulk.step(replay)

    cancelled = bulk.replays.cancel(replay.replay_id, by="ada", why="wrong filter")

    assert (cancelled.state, cancelled.replayed, cancelled.left, cancelled.ended_by) == ("cancelled", 1, 2, "ada")
    assert bulk.step(replay) is None
    assert seed.ids("dead") == ["b", "c"]
    with pytest.raises(WrongState, match="is cancelled"):
        bulk.replays.cancel(replay.replay_id)


def test_bulk_replay_cancelled_while_a_worker_steps_knows_by_whom(
    bulk: Bulk, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that sees the list stopped may put down the end before who stopped it does."""
    seed.dead("a", "b")
    replay = bulk.start(rate=Rate(1))
    halt = Steps.halt

    def halt_and_step(steps: Steps, halted: Replay) -> None:
        halt(steps, halted)
        bulk.step(replay)

    monkeypatch.setattr(Steps, "halt", halt_and_step)

    cancelled = bulk.replays.cancel(replay.replay_id, by="ada", why="wrong filter")

    assert (cancelled.state, cancelled.ended_by, cancelled.ended_why) == ("cancelled", "ada", "wrong filter")


def test_bulk_replay_list_is_of_the_newest_first(bulk: Bulk, seed: Seed) -> None:
    """With what each was to do, in words; nothing of an address."""
    seed.dead("a")
    first = bulk.start(JobFilter(code="401", since_ms=NOW_MS))
    seed.clock.advance(1)
    second = bulk.start(JobFilter(recipient="ada@example.com"), rate=Rate(100, 60_000))

    found = bulk.replays.list()

    assert [one.replay_id for one in found] == [second.replay_id, first.replay_id]
    assert [one.words for one in found] == [
        "email, to one address",
        "email, code 401, since 2026-11-01 12:00:00Z",
    ]
    assert str(found[0].rate) == "100/min"
    stored: Any = [seed.client.hgetall(FleetKeys(NAMESPACE).replay(one.replay_id)) for one in found]
    assert b"ada@" not in b"".join(value for fields in stored for value in fields.values())


def test_bulk_replay_of_nothing_is_done_at_its_first_step(bulk: Bulk) -> None:
    """A filter that finds nothing is no fault."""
    done = bulk.carry_out(bulk.start())

    assert (done.state, done.total) == ("done", 0)


def test_bulk_replay_of_an_unknown_queue_is_refused(bulk: Bulk) -> None:
    """Before anything is put down; and a replay that there is not is not found."""
    with pytest.raises(UnknownQueue):
        bulk.replays.start(JobFilter(), ("nope",))
    with pytest.raises(JobNotFound):
        bulk.replays.get("nope")
    assert bulk.replays.list() == []
