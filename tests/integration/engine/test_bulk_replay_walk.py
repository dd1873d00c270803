"""Bulk replays at random: processes that take steps die, replies get lost, people and workers act in between.

Whatever happens, each dead letter that was meant ends as one count, goes once at most, and nothing else goes. A failure
names its seed: NOTIFYCTL_TEST_WALK=<seed> repeats it.
"""

from __future__ import annotations

import os
import random
import secrets
from typing import TYPE_CHECKING

import pytest
import redis

from notifyctl.connection import connect
from notifyctl.engine import replay_steps
from notifyctl.engine.inspector import Inspector
from notifyctl.engine.jobs import Completion
from notifyctl.engine.replay_steps import Steps
from notifyctl.engine.replays import Replays
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import Lane
from notifyctl.errors import BrokerUnavailable
from notifyctl.units import Rate
from tests.support.seed import NAMESPACE, RETENTION, Seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.replay import Replay
    from tests.support.proxy import Proxy

JOBS = 150
STEPS = 700
WORKERS = ("w1", "w2", "w3")


class Walk:
    """A replay under way, and all that happens to its jobs meanwhile."""

    def __init__(self, seed: Seed, url: str, number: int) -> None:
        self.seed = seed
        self.chance = random.Random(number)  # noqa: S311 - to be repeated
        self.steps = Steps(connect(url, role="worker"), NAMESPACE, seed.clock)
        self.inspector = Inspector(
            seed.client, NAMESPACE, rates={seed.keys.queue: Rate(0)}, retention=RETENTION, clock=seed.clock
        )
        self.replays = Replays(self.inspector, seed.clock)
        self.calls = 0
        seed.dead(*(f"{place:03}" for place in range(JOBS)))

    def go(self, rate: Rate | None) -> Replay:
        """Walk to the end of a replay of all of them, looking at its counts on the way."""
        replay = self.replays.start(JobFilter(), (self.seed.keys.queue,), rate=rate, lane=Lane.NORMAL)
        acts = (
            self.worker,
            self.worker,
            self.time,
            self.time,
            self.late_answer,
            self.person,
            self.later_event,
            self.failure,
        )
        for _ in range(STEPS):
            self.chance.choice(acts)(replay)
            self.adds_up(replay)
        for _ in range(3 * JOBS):
            self.seed.clock.advance(10_000)
            self.worker(replay)
        return self.adds_up(replay)

    def adds_up(self, replay: Replay) -> Replay:
        """Each that was meant is one count."""
        now = self.replays.get(replay.replay_id)
        assert now.replayed + sum(now.skipped.values()) + now.failed + now.left == now.total == JOBS
        return now

    def worker(self, replay: Replay) -> None:
        """Some process takes a step; its connection may be lost."""
        try:
            led = self.steps.lead(replay.replay_id, self.chance.choice(WORKERS), 1_000)
            if led is not None:
                self.steps.take(led)
        except redis.RedisError:
            pass

    def time(self, _: Replay) -> None:
        """It goes by."""
        self.seed.clock.advance(self.chance.randrange(400))

    def some(self) -> str:
        """One of the dead letters."""
        dead = self.seed.ids("dead")
        return self.chance.choice(dead) if dead else "none"

    def late_answer(self, _: Replay) -> None:
        """A provider had accepted one of them after all."""
        if self.chance.random() < 0.2:
            self.seed.scripts.complete([Completion(self.some(), "w9:1", "smtp", "id-1")], RETENTION.completed_ms)

    def person(self, _: Replay) -> None:
        """Somebody sends one of them by hand, or gives it up."""
        self.calls += 1
        act = self.chance.choice((self.seed.scripts.replay, self.seed.scripts.discard))
        if self.chance.random() < 0.2:
            act(self.some(), f"call-{self.calls}")

    def later_event(self, _: Replay) -> None:
        """An order is cancelled."""
        if self.chance.random() < 0.2:
            self.seed.scripts.cancel(self.some(), "superseded", RETENTION.cancelled_ms, call="shop")

    def failure(self, _: Replay) -> None:
        """What went dies again."""
        self.calls += 1
        for job in self.seed.take("w8", self.calls, 3).jobs:
            self.seed.scripts.bury(job.job_id, job.token, "permanent", "")


@pytest.mark.parametrize("rate", [None, Rate(20)])
def test_bulk_replay_adds_up_whatever_happens(
    seed: Seed, proxy: Proxy, rate: Rate | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without a rate, with small pages, and with replies lost on the way."""
    monkeypatch.setattr("notifyctl.engine.replay._STEP", 7)
    monkeypatch.setattr(replay_steps, "PAGE", 20)
    number = int(os.environ.get("NOTIFYCTL_TEST_WALK", secrets.randbits(32)))
    walk = Walk(seed, proxy.url, number)
    for script in (replay_steps._ADVANCE, replay_steps._LEAD):
        proxy.lose_reply(script.sha1, 3)

    try:
        done = walk.go(rate)
    except AssertionError as error:
        raise AssertionError(f"NOTIFYCTL_TEST_WALK={number}") from error

    assert (done.state, done.left, done.failed) == ("done", 0, 0)
    for place in range(JOBS):
        acts = [value for name, value in seed.job(f"{place:03}").items() if name.startswith("act:")]
        assert len([act for act in acts if done.replay_id in act]) <= 1


@pytest.mark.parametrize("script", ["_GATHER", "_ADVANCE", "_LEAD", "_FINISH", "_HALT"])
@pytest.mark.parametrize("side", ["request", "reply"])
def test_bulk_replay_adds_up_though_a_step_is_lost(seed: Seed, proxy: Proxy, script: str, side: str) -> None:
    """Before it was taken, or after; whoever takes it again takes it once."""
    seed.dead("a", "b", "c")
    sha1 = getattr(replay_steps, script).sha1
    seed.client.script_load(getattr(replay_steps, script).source)
    client = connect(proxy.url, role="operator")
    inspector = Inspector(client, NAMESPACE, rates={seed.keys.queue: Rate(0)}, retention=RETENTION, clock=seed.clock)
    replays, steps = Replays(inspector, seed.clock), Steps(client, NAMESPACE, seed.clock)
    (proxy.lose_request if side == "request" else proxy.lose_reply)(sha1, 10)

    def again(act: Callable[[], Replay]) -> Replay:
        for _ in range(5):
            try:
                return act()
            except (redis.RedisError, BrokerUnavailable):
                continue
        raise AssertionError("it never came through")

    replay = again(lambda: replays.start(JobFilter(), (seed.keys.queue,)))
    if script == "_HALT":
        again(lambda: replays.cancel(replay.replay_id))
    running = [one.replay_id for one in replays.list() if one.state == "running"]

    def carry_out() -> Replay:
        for replay_id in running:
            while (led := steps.lead(replay_id, "w1", 1_000)) is not None:
                steps.take(led)
        return replays.get(replay.replay_id)

    done = again(carry_out)

    everything = replays.list()
    went = sum(one.replayed for one in everything)
    assert proxy.lost > 0
    assert done.state == ("cancelled" if script == "_HALT" else "done")
    assert (went, len(seed.ids("waiting"))) == ((0, 0) if done.state == "cancelled" else (3, 3))
    assert all(one.replayed + sum(one.skipped.values()) + one.left == one.total for one in everything)
