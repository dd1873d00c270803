"""The command line against the test server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import Result, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.server import Server


@pytest.fixture
def redis_url(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The emptied server's URL, in the environment of every command; no limits that would slow a drain down."""
    monkeypatch.setenv("REDIS_URL", server.url)
    monkeypatch.setenv("NOTIFYCTL_EMAIL_RATE", "off")
    monkeypatch.setenv("NOTIFYCTL_WHATSAPP_RATE", "off")
    return server.url


@pytest.fixture
def ok(redis_url: str) -> Callable[..., Result]:
    """Run a command that must succeed."""

    def run_well(*args: str, **options: Any) -> Result:
        result = run(*args, **options)
        assert result.code == 0, result.err
        return result

    return run_well
