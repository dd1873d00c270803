"""A queue under test, whose invariants are checked after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.seed import Seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis


@pytest.fixture
def seed(client: redis.Redis) -> Iterator[Seed]:
    """An empty queue; whatever the test did with it, its invariants hold afterwards."""
    seed = Seed(client)
    yield seed
    seed.check()
