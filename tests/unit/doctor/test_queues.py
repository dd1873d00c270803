"""What is said of queues that hand nothing out."""

from __future__ import annotations

import pytest

from notifyctl.doctor.finding import Status
from notifyctl.doctor.queues import check_queues

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("until_ms", "rests"), [(NOW + 30_000, "30s"), (NOW + 1, "1s"), (NOW + 3_600_000, "1m"), (NOW, ""), (NOW - 1, "")]
)
def test_block_is_told_while_it_lasts(until_ms: int, rests: str) -> None:
    """Never as longer than it was to be: the clock may have been set back."""
    found = check_queues(
        {"email": {"blocked_until": str(until_ms), "blocked_ms": "60000", "blocked_reason": "no"}}, NOW
    )

    assert found.status is (Status.WARN if rests else Status.OK)
    assert found.detail == (
        f"email rests for another {rests}, then one message tries: no" if rests else "none is paused or rests"
    )
