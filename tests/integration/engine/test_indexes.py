"""The indexes: which jobs are about an order, or go to an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.jobs import Completion
from tests.support.builders import a_job
from tests.support.seed import LIVES, RETENTION

if TYPE_CHECKING:
    from tests.support.seed import Seed


def test_index_finds_jobs(seed: Seed) -> None:
    """By its order, and by what stands for its address; for as long as it lives."""
    seed.scripts.enqueue(a_job("a", indexes=("order:10482", "to:ab")))
    seed.scripts.enqueue(a_job("b", indexes=("order:10482",)))

    assert seed.read_all()["order:10482"] == {"a": LIVES, "b": LIVES}
    assert seed.read_all()["to:ab"] == {"a": LIVES}


def test_index_forgets_what_has_been_forgotten(seed: Seed) -> None:
    """An index holds no job whose retention is over."""
    seed.ended("old", indexes="order:1")
    seed.clock.advance(RETENTION.completed_ms)
    seed.client.delete(seed.keys.job("old"), seed.keys.completed)

    seed.scripts.enqueue(a_job("a", indexes=("order:1",)))

    assert seed.read_all()["order:1"] == {"a": LIVES}


@pytest.mark.parametrize("end", ["complete", "cancel", "expire"])
def test_index_lives_as_long_as_the_last_of_its_jobs(seed: Seed, end: str) -> None:
    """An ended job can be found for its retention; one that lives keeps the index for good."""
    index = seed.keys.index("order:1")
    seed.scripts.enqueue(a_job("a", indexes=("order:1",), expires_at_ms=seed.now + 1_000))
    seed.scripts.enqueue(a_job("b", indexes=("order:1",), delay_ms=60_000))

    if end == "complete":
        (job,) = seed.take().jobs
        seed.scripts.complete([Completion("a", job.token)], RETENTION.completed_ms)
    elif end == "cancel":
        seed.scripts.cancel("a", "operator", RETENTION.cancelled_ms, call="call")
    else:
        seed.live(1_000)
        seed.take()

    assert seed.read_all()["order:1"] == {"a": seed.now + RETENTION.completed_ms, "b": LIVES}
    assert seed.ttl_ms(index) > 365 * 24 * 3_600_000

    seed.scripts.cancel("b", "operator", RETENTION.cancelled_ms, call="call")

    assert 0 <= RETENTION.cancelled_ms - seed.ttl_ms(index) < 5_000


def test_index_forgets_a_discarded_job(seed: Seed) -> None:
    """What is gone is not found; the last one takes the index along."""
    seed.dead("a", "b", indexes="order:1")

    seed.scripts.discard("a", "call")
    assert seed.read_all()["order:1"] == {"b": LIVES}

    seed.scripts.discard("b", "call")
    assert "order:1" not in seed.read_all()
