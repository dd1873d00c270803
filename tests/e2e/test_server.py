"""`notifyctl server`: the embedded server, started by whoever needs it and stopped by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """No server is left behind."""
    yield
    run("server", "stop")


def test_server_is_started_by_what_needs_it_and_stays() -> None:
    """The first command says so, and what is queued outlives a stop."""
    assert run("server", "status", "-o", "json").code == 3

    first = run("order", "test", "-n", "1")
    second = run("stats", "-o", "json")
    assert "started the embedded server, pid" in first.err
    assert "notifyctl server stop" in first.err
    assert second.err == ""

    status = run("server", "status", "-o", "json").json()
    assert (status["running"], str(status["pid"]) in first.err) == (True, True)
    assert run("server", "start").out == f"runs already, pid {status['pid']}\n"
    assert run("server", "stop").out == "stopped\n"
    assert run("server", "stop").out == "it does not run\n"
    assert [queue["waiting"] for queue in run("stats", "-o", "json").json()] == [1, 1]


def test_dry_run_starts_and_stops_nothing() -> None:
    """It says what would be done, as things are."""
    assert run("server", "start", "--dry-run").out == "would be started\n"
    assert run("server", "stop", "--dry-run").out == "it does not run\n"
    assert run("server", "status").code == 3

    assert run("server", "start").code == 0
    pid = run("server", "status", "-o", "id").out.strip()

    assert run("server", "start", "--dry-run").out == f"runs already, pid {pid}\n"
    assert run("server", "stop", "--dry-run").out == f"pid {pid} would be stopped\n"
    assert run("server", "status", "-o", "id").out.strip() == pid


def test_a_configured_redis_is_mentioned(redis_url: str) -> None:
    """As the embedded server is of no use then."""
    assert "is not used" in run("server", "status").err
