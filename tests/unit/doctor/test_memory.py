"""What is said of the server's room, and of the dead letters in it."""

from __future__ import annotations

import pytest

from notifyctl.doctor.finding import Status
from notifyctl.doctor.memory import check_dead_letters, check_memory

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("facts", "status", "detail"),
    [
        ([{"used_memory": 5_000_000, "maxmemory": 0}], Status.OK, "5 MB in use, and no maxmemory"),
        ([{"used_memory": GB // 2, "maxmemory": GB}], Status.OK, "500 MB of 1.0 GB in use"),
        ([{"used_memory": 8 * GB, "maxmemory": 10 * GB}], Status.WARN, "8.0 GB of 10.0 GB in use"),
        ([{"used_memory": 95, "maxmemory": 100}], Status.FAIL, "95 B of 100 B in use"),
        ([{"used_memory": 1, "maxmemory": 100}, {"used_memory": 90, "maxmemory": 100}], Status.WARN, "90 B of 100 B"),
    ],
)
def test_memory_of_the_fullest_server_counts(facts: list[dict[str, int]], status: Status, detail: str) -> None:
    """Little room is worth a look; none means that new messages are refused."""
    found = check_memory(facts)

    assert found.status is status
    assert detail in found.detail
    assert bool(found.remedy) == (status is not Status.OK)


@pytest.mark.parametrize(
    ("count", "taken", "maxmemory", "status"),
    [
        (0, 0, 0, Status.OK),
        (100_000, GB, 0, Status.OK),
        (100_001, 1, 0, Status.WARN),
        (10, GB + 1, 0, Status.WARN),
        (10, 100_000_000, GB, Status.OK),
        (10, 100_000_001, GB, Status.WARN),
    ],
)
def test_dead_letters_may_take_so_much(count: int, taken: int, maxmemory: int, status: Status) -> None:
    """A tenth of maxmemory, or what they may be without one."""
    found = check_dead_letters((count, taken), [{"maxmemory": maxmemory}])

    assert found.status is status
    assert ("dlq stats" in found.remedy) == (status is Status.WARN)
