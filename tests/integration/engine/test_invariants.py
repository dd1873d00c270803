"""A random walk: several workers, operators and producers act at random, replies get lost, clocks jump.

After every few steps each job is in exactly one place, says so itself, and nothing is left over; at the end nothing
was lost, and nothing was sent twice without a flag. A failure names its seed: NOTIFYCTL_TEST_WALK=<seed> repeats it.
"""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.heartbeat import GAP_MS, LEASE_MS
from notifyctl.engine.jobs import Completion, Enqueuing
from notifyctl.engine.states import Lane
from notifyctl.engine.totals import Totals
from tests.support.builders import a_job
from tests.support.seed import RETENTION, Seed

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 8_000
CHECK_EVERY = 40
WORKERS = ("w1", "w2", "w3")
RATES = ("0/1", "0/1", "1000/1000", "10/1000")
END_STATES = {"completed", "dead", "cancelled"}


@dataclass
class Run:
    """One run of a job, as its worker sees it; `unsent`: the queue knows that nothing was taken."""

    job_id: str
    token: str
    flagged: bool
    look: int = 0
    begun: bool = False
    unsent: bool = False


@dataclass
class Worker:
    """A fake worker; a dead one forgets what it holds, and comes back under another name."""

    name: str
    sequence: int = 0
    runs: list[Run] = field(default_factory=list)


class Walk:
    """The walk, and what is known of each job outside the queue."""

    def __init__(self, seed: Seed, number: int) -> None:
        self.seed = seed
        self.chance = random.Random(number)  # noqa: S311 - to be repeated
        self.workers = [Worker(name) for name in WORKERS]
        self.late: list[Run] = []
        self.jobs: set[str] = set()
        self.discarded: set[str] = set()
        self.sends: dict[str, list[Run]] = {}
        self.replayed: set[str] = set()
        self.names = 0
        self.calls = 0
        self.moves: list[tuple[int, Callable[[], object]]] = [
            (20, self.enqueue), (30, self.take), (35, self.begin), (30, self.settle), (10, self.beat), (25, self.wait),
            (4, self.act_late), (5, self.die), (1, self.jump), (3, self.replay), (1, self.discard), (3, self.cancel),
            (2, self.configure), (1, self.sweep),
        ]  # fmt: skip

    def step(self) -> None:
        """One move, sometimes with its reply lost, so that it is made again."""
        weights = [weight for weight, _ in self.moves]
        (_, move) = self.chance.choices(self.moves, weights)[0]
        move()

    def call(self, act: Callable[[], object]) -> object:
        """Call a script; one reply in ten is lost, and then the call is made again, maybe somewhat later."""
        if self.chance.random() < 0.1:
            act()
            if self.chance.random() < 0.3:
                self.wait()
        return act()

    def enqueue(self) -> None:
        """A new job, or one that exists; some delayed, some about to expire, some with an idempotency key."""
        self.names += 1
        name = f"job-{self.names}" if self.chance.random() < 0.9 else f"job-{self.chance.randint(1, self.names)}"
        key = f"key-{self.chance.randint(1, 200)}" if self.chance.random() < 0.2 else ""
        job = a_job(
            name,
            lane=self.chance.choice(list(Lane)),
            delay_ms=self.chance.choice([0, 0, 0, 500, 20_000]),
            expires_at_ms=self.chance.choice([0, 0, 0, self.seed.now + 15_000]),
            idempotency=key,
            digest=self.chance.choice("ab") if key else "",
            indexes=self.chance.choice([(), (f"order:{self.chance.randint(1, 40)}", "to:ab")]),
        )
        answer = self.seed.scripts.enqueue(job)
        if self.chance.random() < 0.1:
            again = self.seed.scripts.enqueue(job)
            assert again.job_id == answer.job_id
        if answer.status is Enqueuing.QUEUED:
            self.jobs.add(name)

    def take(self) -> None:
        """Some jobs; after a lost reply, the same ones."""
        worker = self.chance.choice(self.workers)
        wanted, rate = self.chance.randint(0, 6), self.chance.choice(RATES)
        batch = self.seed.take(worker.name, worker.sequence + 1, wanted, rate)
        if self.chance.random() < 0.15:
            first = {job.job_id for job in batch.jobs}
            if self.chance.random() < 0.3:
                self.wait()
            batch = self.seed.take(worker.name, worker.sequence + 1, wanted, rate)
            assert not first or {job.job_id for job in batch.jobs} <= first
        worker.sequence += 1
        worker.runs += [Run(job.job_id, job.token, job.possible_duplicate, job.look) for job in batch.jobs]
        if batch.lost:
            self.call(lambda: self.seed.reclaim(self.chance.choice([0, 1_000, 60_000])))

    def _some_run(self) -> tuple[Worker, Run] | None:
        worker = self.chance.choice(self.workers)
        return (worker, self.chance.choice(worker.runs)) if worker.runs else None

    def begin(self) -> None:
        """A send starts, if the lease holds."""
        if (found := self._some_run()) is None:
            return
        worker, run = found
        if run.look:
            return
        answer = self.call(lambda: self.seed.scripts.begin(run.job_id, run.token, "sendgrid", "100/1000"))
        assert isinstance(answer, int)
        if answer < 0:
            worker.runs.remove(run)
        elif not run.begun:
            run.begun = True
            self.sends.setdefault(run.job_id, []).append(run)

    def settle(self) -> None:
        """A run ends in one way or another; some workers forget to say so for a while."""
        if (found := self._some_run()) is None:
            return
        worker, run = found
        worker.runs.remove(run)
        if self.chance.random() < 0.1:
            self.late.append(run)
            return
        self.end(run)

    def end(self, run: Run) -> None:
        """Tell how a run ended: that nothing was sent, or that something was or may have been."""
        if run.look:
            self.end_look_up(run)
            return
        scripts, token = self.seed.scripts, run.token
        evidence = ("sendgrid", f"id-{token}") if run.begun else ("", "")
        known = [
            lambda: scripts.retry(run.job_id, token, self.chance.choice([0, 2_000, 8_000]), "{}"),
            lambda: scripts.bury(run.job_id, token, "permanent", "{}"),
            lambda: scripts.release([(run.job_id, token)], self.chance.choice([0, 0, 3_000]), "throttled")[0],
            lambda: scripts.cancel(run.job_id, "suppressed", RETENTION.cancelled_ms, token=token),
        ]
        unknown: list[Callable[[], object]] = [
            lambda: scripts.complete([Completion(run.job_id, token, *evidence)], RETENTION.completed_ms)[0]
        ]
        if run.begun:
            unknown.append(lambda: scripts.doubt(run.job_id, token, 2_000, "{}"))
            if not run.flagged:
                unknown.append(lambda: scripts.resend(run.job_id, token, "{}"))
        if self.chance.random() < 0.5:
            run.unsent = self.call(self.chance.choice(known)) == "done"
        else:
            self.call(self.chance.choice(unknown))

    def end_look_up(self, run: Run) -> None:
        """Tell what a look-up found: nothing, mostly."""
        scripts, token = self.seed.scripts, run.token
        evidence = ("sendgrid", f"found-{token}")
        found: list[Callable[[], object]] = [
            lambda: scripts.doubt(run.job_id, token, 1_000, "{}", run.look + 1),
            lambda: scripts.doubt(run.job_id, token, 1_000, "{}", run.look + 1),
            lambda: scripts.release([(run.job_id, token)])[0],
            lambda: scripts.complete([Completion(run.job_id, token, *evidence)], RETENTION.completed_ms)[0],
            lambda: scripts.bury(run.job_id, token, "unknown_outcome", "{}"),
        ]
        if not run.flagged:
            found.append(lambda: scripts.resend(run.job_id, token, "{}"))
        self.call(self.chance.choice(found))

    def act_late(self) -> None:
        """A worker that was away tells an outcome, long after its lease."""
        if self.late:
            self.end(self.late.pop(self.chance.randrange(len(self.late))))

    def beat(self) -> None:
        """A worker lives; what it has lost, it knows now."""
        worker = self.chance.choice(self.workers)
        lost = self.call(lambda: self.seed.scripts.beat([(r.job_id, r.token) for r in worker.runs], LEASE_MS, GAP_MS))
        assert isinstance(lost, list)
        worker.runs = [run for run in worker.runs if run.job_id not in lost or run.begun]

    def wait(self) -> None:
        """Time goes by."""
        self.seed.clock.advance(self.chance.choice([1, 40, 300, 1_500, 4_000]))

    def jump(self) -> None:
        """An outage, a clock set back, or a weekend."""
        self.seed.clock.advance(self.chance.choice([-5_000, -600, 12_000, 60_000, 26 * 3_600_000]))

    def die(self) -> None:
        """A worker is killed, and another starts in its place."""
        place = self.chance.randrange(len(self.workers))
        self.late += self.workers[place].runs if self.chance.random() < 0.5 else []
        self.names += 1
        self.workers[place] = Worker(f"w-{self.names}")

    def _any(self) -> str:
        return f"job-{self.chance.randint(1, max(self.names, 1))}"

    def _dead(self) -> str:
        dead = self.seed.ids("dead")
        return self.chance.choice(dead) if dead else self._any()

    def _call_name(self) -> str:
        self.calls += 1
        return f"call-{self.calls}"

    def replay(self) -> None:
        """An operator sends a dead letter again."""
        job_id = self._dead()
        call, lane = self._call_name(), self.chance.choice([-1, 0, 2])
        if self.call(lambda: self.seed.scripts.replay(job_id, call, lane)) == "done":
            self.replayed.add(job_id)
            assert self.seed.scripts.replay(job_id, self._call_name()) == "waiting"

    def discard(self) -> None:
        """An operator gives one up."""
        job_id = self._dead()
        call = self._call_name()
        if self.call(lambda: self.seed.scripts.discard(job_id, call)) == "done":
            self.discarded.add(job_id)

    def cancel(self) -> None:
        """An operator stops one."""
        job_id = self._any()
        call = self._call_name()
        self.call(lambda: self.seed.scripts.cancel(job_id, "operator", RETENTION.cancelled_ms, call=call))

    def configure(self) -> None:
        """An operator pauses, resumes, limits."""
        self.seed.scripts.configure(
            {
                "paused": self.chance.choice(["", "", "", "1"]),
                "max_active": self.chance.choice(["", "", "5"]),
                "blocked_until": "",
            }
        )

    def sweep(self) -> None:
        """Any worker, now and then."""
        self.seed.scripts.sweep(RETENTION)

    def finish(self) -> None:
        """Resume, and work until nothing is left to do."""
        self.seed.scripts.configure({"paused": "", "max_active": "", "blocked_until": ""})
        for _ in range(2_000):
            if not any(self.seed.ids(state) for state in ("waiting", "delayed", "active")):
                return
            self.seed.clock.advance(2_000)
            worker = self.workers[0]
            worker.sequence += 1
            batch = self.seed.take(worker.name, worker.sequence, 50)
            if batch.lost:
                self.seed.reclaim(0)
            for job in batch.jobs:
                self.seed.scripts.complete([Completion(job.job_id, job.token)], RETENTION.completed_ms)
        raise AssertionError("the queue does not run empty")


@pytest.mark.timeout(90)
def test_invariants_hold_on_a_random_walk(seed: Seed) -> None:
    """Some thousand random moves, checked on the way; then nothing is lost, and no duplicate went out unflagged."""
    number = int(os.environ.get("NOTIFYCTL_TEST_WALK", secrets.randbelow(10**9)))
    walk = Walk(seed, number)
    try:
        for step in range(STEPS):
            walk.step()
            if step % CHECK_EVERY == 0:
                seed.check()
        walk.finish()
        seed.check()
        _check_promises(walk)
        _check_totals(walk)
    except Exception as error:
        raise AssertionError(f"NOTIFYCTL_TEST_WALK={number}") from error


def _check_totals(walk: Walk) -> None:
    """What the scripts counted is what happened, however many replies were lost and calls were stale."""
    state = walk.seed.read_all()
    counted = Totals.parse({name.encode(): value.encode() for name, value in state["totals"].items()})
    assert counted.of("enqueued") == len(walk.jobs)
    assert counted.of("discarded") == len(walk.discarded)
    died, rose = counted.of("buried"), counted.of("replayed") + counted.of("discarded")
    assert 0 <= died - rose - len(state.get("dead", ())) <= counted.of("completed"), "late evidence completes some"
    ended = counted.of("completed") + counted.of("cancelled") + len(state.get("dead", ())) + len(walk.discarded)
    assert ended == len(walk.jobs), "each job ended once"


def _check_promises(walk: Walk) -> None:
    seed = walk.seed
    ended = {job_id for state in END_STATES for job_id in seed.ids(state)}
    # what was forgotten after its retention has been in an end state; its hash lives on in real time
    ended |= {name for name in walk.jobs if seed.job(name).get("state") in END_STATES}
    assert walk.jobs - ended <= walk.discarded, "jobs were lost"
    for job_id in walk.sends.keys() - walk.replayed - walk.discarded:  # what a person has had a hand in, is his
        sends = [run for run in walk.sends[job_id] if not run.unsent]
        assert len(sends) <= 2, f"{job_id} was sent {len(sends)} times"
        assert all(run.flagged for run in sends[1:]), f"{job_id} was sent again unflagged: {sends}"
