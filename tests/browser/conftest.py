"""One browser and one dashboard for the tests of a file; a visitor of its own for each test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.browsing import Visit, chromium, launch
from tests.support.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser

    from tests.support.server import Server

    Visits = Callable[..., AbstractContextManager[Visit]]


expect.set_options(timeout=15_000)  # a page refreshes every two seconds, a worker takes some to start, and CI is slow


# not for the session: Playwright keeps an event loop running in this thread, which other tests would trip over
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for all tests of a file."""
    path = chromium()
    if path is None:
        pytest.skip("no chromium on this machine: .ci/chromium installs Debian's")
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_serving(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One dashboard for the whole session, whose messages go to the outbox; use `serving`, behind which all is empty."""
    state = tmp_path_factory.mktemp("dashboard")
    settings = {"state_dir": state, "outbox_dir": state / "outbox", "provider": "outbox"}
    with Serving(shared_server.url, settings) as serving:
        yield serving


@pytest.fixture
def serving(shared_serving: Serving, server: Server) -> Serving:
    """The session's dashboard, behind which all is empty."""
    return shared_serving.empty()


@pytest.fixture
def visits(browser: Browser, serving: Serving) -> Visits:
    """Begins visits to `serving`, or to another one: with what `Browser.new_context` takes."""

    @contextmanager
    def visit(to: Serving | None = None, **tastes: Any) -> Iterator[Visit]:
        context = browser.new_context(reduced_motion="reduce", **tastes)
        try:
            yield Visit(context, to or serving)
        finally:
            context.close()

    return visit


@pytest.fixture
def visit(visits: Visits) -> Iterator[Visit]:
    """A visitor on a screen of common size, who is told of whatever the browser complained of."""
    with visits(viewport={"width": 1280, "height": 800}) as visit:
        yield visit
    assert visit.complaints == []
