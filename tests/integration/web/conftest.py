"""One HTTP server for all tests of this folder that run in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.fates import Fates
from tests.support.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.server import Server


#: What shop systems sign with.
HOOKS = {
    "shopify": {"secret": "shopify's secret", "previous_secret": "the one before"},
    "woocommerce": {"secret": "woocommerce's secret"},
    "square": {"secret": "square's key", "url": "https://shop.example.com/api/hooks/square"},
}


@pytest.fixture(scope="session")
def shared_serving(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One for the whole session; use `serving`, behind which all is empty."""
    state = tmp_path_factory.mktemp("web")
    settings = {"state_dir": str(state), "pseudonym_secret": "keys the hashes of tests", "hooks": HOOKS}
    with Serving(shared_server.url, settings) as serving:
        yield serving


@pytest.fixture
def serving(shared_serving: Serving, server: Server) -> Serving:
    """The session's HTTP server, behind which all is empty."""
    return shared_serving.empty()


@pytest.fixture
def fates(serving: Serving) -> Fates:
    """Makes messages that became of what messages become."""
    return Fates(serving.app)


@pytest.fixture
def shop(serving: Serving) -> Iterator[httpx.Client]:
    """A shop: a client of the API with a token that hands over."""
    with serving.client("producer") as client:
        yield client


@pytest.fixture
def operator(serving: Serving) -> Iterator[httpx.Client]:
    """A client of the API with an operator's token."""
    with serving.client() as client:
        yield client
