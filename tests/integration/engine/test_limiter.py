"""The limit that take enforces: never more than so many in any window, and hardly less."""

from __future__ import annotations

import random

import pytest

from tests.support.builders import a_job
from tests.support.seed import Seed, ids


def _fill(seed: Seed, count: int) -> None:
    for start in range(0, count, 500):
        seed.scripts.enqueue_many([a_job(f"job-{number}") for number in range(start, min(start + 500, count))])


def _busiest(grants: list[int], period_ms: int) -> int:
    """The most grants in any window that is shorter than the period by a hair."""
    most = first = 0
    for last, at_ms in enumerate(grants):
        while at_ms - grants[first] >= period_ms:
            first += 1
        most = max(most, last - first + 1)
    return most


def _drain(seed: Seed, rate: str, count: int, late_ms: int, workers: int = 2) -> list[int]:
    """When each of so many jobs was granted, by workers that ask again when told, and up to `late_ms` after it."""
    chance = random.Random(f"{rate} {late_ms}")  # noqa: S311 - the same lateness each time
    asks_at = dict.fromkeys(range(workers), seed.now)
    sequences = dict.fromkeys(asks_at, 0)
    grants: list[int] = []
    while len(grants) < count:
        worker = min(asks_at, key=asks_at.__getitem__)
        seed.live(max(0, asks_at[worker] - seed.now))
        sequences[worker] += 1
        batch = seed.take(f"w{worker}", sequences[worker], 10, rate)
        grants += [seed.now] * len(batch.jobs)
        asks_at[worker] = seed.now + max(batch.again_ms, 0) + chance.randint(0, late_ms)
        seed.client.zremrangebyrank(seed.keys.active, 0, -1)  # done: what is left of them does not matter here
    seed.client.flushdb()
    return grants


@pytest.mark.parametrize("late_ms", [0, 4, 200])
@pytest.mark.parametrize(
    ("rate", "limit", "period_ms"),
    [
        ("1/1000", 1, 1_000),
        ("5/1000", 5, 1_000),
        ("10/1000", 10, 1_000),
        ("1000/1000", 1_000, 1_000),
        ("100/60000", 100, 60_000),
        ("1/50", 1, 50),
        ("7/100", 7, 100),
    ],
)
def test_limiter_never_grants_more_in_any_window(
    seed: Seed, rate: str, limit: int, period_ms: int, late_ms: int
) -> None:
    """Whenever a window of one period is laid over the grants, it holds at most the limit, however late workers ask."""
    count = min(limit + 40, 1_200)
    _fill(seed, count)

    grants = _drain(seed, rate, count, late_ms)

    assert _busiest(grants, period_ms) <= limit


@pytest.mark.parametrize("limit", [1, 5, 10, 1_000])
def test_limiter_grants_at_least_95_percent_on_average(seed: Seed, limit: int) -> None:
    """Workers that ask again when told, or some milliseconds later, get what the rate promises."""
    count = min(limit * 3 + 20, 1_500)
    _fill(seed, count)

    grants = _drain(seed, f"{limit}/1000", count, late_ms=3)

    average = (len(grants) - 1) * 1_000 / (grants[-1] - grants[0])
    assert 0.95 * limit <= average <= limit


def test_limiter_saves_up_nothing_while_idle(seed: Seed) -> None:
    """After an hour without work, there is no burst."""
    _fill(seed, 5)
    seed.take("w1", 1, 1, "10/1000")
    seed.live(3_600_000)

    assert len(seed.take("w1", 2, 10, "10/1000").jobs) == 1


def test_limiter_says_when_to_ask_again(seed: Seed) -> None:
    """The next grant's time, and a grant then."""
    _fill(seed, 3)

    first = seed.take("w1", 1, 10, "10/1000")
    seed.live(first.again_ms - 1)
    early = seed.take("w1", 2, 10, "10/1000")
    seed.live(early.again_ms)

    assert (len(first.jobs), ids(early), early.again_ms) == (1, [], 1)
    assert len(seed.take("w1", 3, 10, "10/1000").jobs) == 1


def test_limiter_hands_over_when_a_worker_is_busy(seed: Seed) -> None:
    """Who has all it wanted does not ask again soon: an idle worker is woken to go on. Who has threads free is enough."""
    seed.waiting("a", "b", "c")

    assert ids(seed.take("w1", 1, wanted=2, rate="10/1000")) == ["a"]
    assert not seed.woken

    seed.clock.advance(200)
    assert ids(seed.take("w2", 1, wanted=1, rate="10/1000")) == ["b"]
    assert seed.woken


def test_limiter_is_one_for_the_whole_fleet(seed: Seed) -> None:
    """A second worker gets none of its own."""
    _fill(seed, 3)

    assert len(seed.take("w1", 1, 10, "10/1000").jobs) == 1
    assert len(seed.take("w2", 1, 10, "10/1000").jobs) == 0


def test_limiter_heeds_the_operators_rate(seed: Seed) -> None:
    """A live limit wins over the worker's, `off` too."""
    _fill(seed, 5)
    seed.scripts.configure({"rate": "1/1000"})
    seed.take("w1", 1, 10, "0/1")
    limited = seed.take("w1", 2, 10, "0/1")
    seed.scripts.configure({"rate": "0/1"})

    assert (ids(limited), limited.again_ms) == ([], 1_035)
    assert len(seed.take("w1", 3, 10, "1/1000").jobs) == 4


def test_limiter_raised_takes_effect_within_the_new_distance(seed: Seed) -> None:
    """After an hourly limit was raised, nobody waits for the rest of the hour."""
    _fill(seed, 3)
    seed.take("w1", 1, 10, "1/3600000")
    seed.scripts.configure({"rate": "10/1000"})

    batch = seed.take("w1", 2, 10, "1/3600000")

    assert batch.again_ms == 104
    seed.live(104)
    assert len(seed.take("w1", 3, 10, "1/3600000").jobs) == 1


def test_limiter_does_not_wait_for_a_clock_that_was_set_back(seed: Seed) -> None:
    """A server whose clock was an hour ahead for a moment does not hold up the queue for an hour."""
    _fill(seed, 3)
    seed.clock.advance(3_600_000)
    seed.take("w1", 1, 10, "10/1000")
    seed.clock.advance(-3_600_000)

    assert seed.take("w1", 2, 10, "10/1000").again_ms == 104


def test_limiter_spends_no_grant_on_a_repeated_take(seed: Seed) -> None:
    """A lost reply costs nothing of the rate."""
    _fill(seed, 3)
    seed.take("w1", 1, 10, "10/1000")
    seed.changes_nothing(lambda: seed.take("w1", 1, 10, "10/1000"))
    seed.live(104)

    assert len(seed.take("w1", 2, 10, "10/1000").jobs) == 1
