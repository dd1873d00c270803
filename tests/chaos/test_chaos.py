"""Two short runs: everything fails at once, and both ends agree. `make chaos` has long ones."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.chaos.run import run
from tests.chaos.scenario import Scenario

if TYPE_CHECKING:
    from pathlib import Path


def _seed() -> int:
    """A seed of its own for each run; that of a failure is repeated with NOTIFYCTL_TEST_CHAOS."""
    return int(os.environ.get("NOTIFYCTL_TEST_CHAOS", secrets.randbelow(10**9)))


def _check(scenario: Scenario, folder: Path) -> None:
    outcome = run(scenario, folder)
    told = "\n".join(f"{breach.rule}: {breach.queue} {breach.order} {breach.detail}" for breach in outcome.breaches)
    assert not outcome.breaches, f"NOTIFYCTL_TEST_CHAOS={scenario.seed}, logs in {folder}\n{told}\n{outcome.figures}"
    assert outcome.figures["injected faults"] > 0
    assert outcome.figures["blows"] == len(scenario.events())


@pytest.mark.timeout(150)
def test_chaos_loses_nothing_and_repeats_only_what_is_in_doubt(tmp_path: Path) -> None:
    """240 orders: workers killed, the server restarted and frozen, one send in twenty refused, late or lost."""
    _check(Scenario(_seed(), orders=240, rate="40/s", latest=0.5), tmp_path)


@pytest.mark.timeout(150)
def test_chaos_with_hold_repeats_nothing(tmp_path: Path) -> None:
    """Whatever is in doubt waits for a person, and nothing is sent twice."""
    scenario = Scenario(
        _seed(),
        orders=150,
        policy="hold",
        rate="40/s",
        faults=0.08,
        kills=2,
        drains=0,
        freezes=0,
        outages=0,
        latest=0.4,
    )
    _check(scenario, tmp_path)
