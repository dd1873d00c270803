"""What every test has: a clean environment, and on request an emptied real server."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import redis

# A shell that starts this in its background ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

#: Settings that a developer's shell may hold and that must not reach a test.
FOREIGN = ("NOTIFYCTL_", "REDIS_", "SENDGRID_", "SMTP_", "TWILIO_", "EMAIL_", "SHOP_", "dramatiq_")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's own; state in a temporary folder; current folder there, too."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) and not name.startswith("NOTIFYCTL_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NOTIFYCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    """One server for the whole session; use `server`, which empties it."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The session's server, emptied."""
    with shared_server.client() as client:
        client.flushall()
        client.config_set("maxmemory", "0")
    return shared_server


@pytest.fixture
def client(server: Server) -> Iterator[redis.Redis]:
    """A plain client of the emptied server, bytes in and out."""
    with server.client() as client:
        yield client
