"""Lanes: the higher one goes first, and one grant in ten goes to a lower one that has work."""

from __future__ import annotations

from collections import Counter

import pytest

from notifyctl.engine.states import Lane
from tests.support.seed import Seed, ids

HIGH, NORMAL, LOW = Lane


def _fill(seed: Seed, *lanes: Lane, count: int = 100) -> None:
    for lane in lanes:
        seed.waiting(*[f"{lane.name} {number:03}".replace(" ", "-") for number in range(count)], lane=lane)


def _grants(seed: Seed, count: int, wanted: int = 1) -> list[str]:
    taken: list[str] = []
    sequence = 0
    while len(taken) < count:
        sequence += 1
        taken += ids(seed.take("w1", sequence, wanted))
    return taken[:count]


@pytest.mark.parametrize(
    ("lanes", "shares"),
    [
        ((HIGH, NORMAL, LOW), {"HIGH": 90, "NORMAL": 5, "LOW": 5}),
        ((HIGH, NORMAL), {"HIGH": 90, "NORMAL": 10}),
        ((HIGH, LOW), {"HIGH": 90, "LOW": 10}),
        ((NORMAL, LOW), {"NORMAL": 90, "LOW": 10}),
        ((HIGH,), {"HIGH": 100}),
        ((LOW,), {"LOW": 100}),
    ],
)
@pytest.mark.parametrize("wanted", [1, 7])
def test_lanes_share_grants(seed: Seed, lanes: tuple[Lane, ...], shares: dict[str, int], wanted: int) -> None:
    """Nine in ten to the highest lane with work, one to a lower one that has some: none starves."""
    _fill(seed, *lanes)

    taken = _grants(seed, 100, wanted)

    assert Counter(job_id.partition("-")[0] for job_id in taken) == shares


def test_lanes_keep_their_order_within(seed: Seed) -> None:
    """First come, first served, in each lane."""
    _fill(seed, HIGH, NORMAL, LOW, count=40)

    taken = _grants(seed, 120)

    for lane in Lane:
        own = [job_id for job_id in taken if job_id.startswith(lane.name)]
        assert own == sorted(own)


def test_lanes_let_an_order_confirmation_overtake_a_campaign(seed: Seed) -> None:
    """The very next grant or the one after it is the confirmation's."""
    _fill(seed, LOW, count=50)
    _grants(seed, 9)
    seed.waiting("confirmation", lane=NORMAL)

    taken = [ids(seed.take("w2", sequence, 1))[0] for sequence in (1, 2)]

    assert "confirmation" in taken
