"""Six processes for all tests here: a primary behind Sentinels, or a cluster. Each test finds them well, and empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cluster import Nodes
from tests.support.sentinel import Sentinels

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def shared_sentinels() -> Iterator[Sentinels]:
    """A primary, two replicas and three Sentinels; use `sentinels`, which empties them."""
    sentinels = Sentinels()
    yield sentinels
    sentinels.close()


@pytest.fixture
def sentinels(shared_sentinels: Sentinels) -> Sentinels:
    """The primary behind Sentinels, all well, and emptied."""
    shared_sentinels.settle()
    shared_sentinels.primary.ask("FLUSHALL")
    return shared_sentinels


@pytest.fixture(scope="package")
def shared_cluster() -> Iterator[Nodes]:
    """Three primaries, each with a replica; use `cluster`, which empties them."""
    nodes = Nodes()
    yield nodes
    nodes.close()


@pytest.fixture
def cluster(shared_cluster: Nodes) -> Nodes:
    """The cluster, all well, and emptied."""
    shared_cluster.settle()
    for primary in shared_cluster.primaries:
        primary.ask("FLUSHALL")
    return shared_cluster


@pytest.fixture(params=["sentinels", "cluster"])
def several(request: pytest.FixtureRequest) -> Sentinels | Nodes:
    """First the one, then the other."""
    found: Sentinels | Nodes = request.getfixturevalue(request.param)
    return found
