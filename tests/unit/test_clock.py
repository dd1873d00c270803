"""Moments between milliseconds and datetimes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifyctl.clock import from_ms, to_ms


@pytest.mark.parametrize("ms", [0, 1_700_000_000_123, -1, 10**15, -(10**15)])
def test_moment_is_the_same_after_a_round_trip(ms: int) -> None:
    """Or the nearest there is: a list with one impossible moment in it can be read all the same."""
    assert to_ms(from_ms(ms)) == min(max(ms, to_ms(datetime.min.replace(tzinfo=UTC))), 253_402_300_799_000)
