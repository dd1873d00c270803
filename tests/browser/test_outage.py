"""Redis goes away under the pages, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.server import Server
from tests.support.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Visits


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test may end."""
    server = Server()
    yield server
    server.close()


def test_page_heals_by_itself(visits: Visits, own_server: Server, tmp_path: Path) -> None:
    """A live page says what is away and keeps what it showed; a new one says why it is empty; both come back."""
    with (
        Serving(own_server.url, {"state_dir": tmp_path, "provider": "outbox"}) as serving,
        visits(to=serving) as visit,
    ):
        visit.sign_in()
        page = visit.open("/")
        other = visit.context.new_page()

        own_server.kill()

        expect(page.locator("#away")).to_contain_text("Redis is away")
        expect(page.locator("#queue-email")).to_be_visible()
        other.goto(serving.url + "/workers")
        expect(other.get_by_role("heading", name="Redis is away")).to_be_visible()

        own_server.start()

        expect(page.locator("#away")).to_be_hidden(timeout=15_000)
        expect(other.get_by_role("heading", name="Workers")).to_be_visible(timeout=15_000)
