"""The HTTP side, served for tests as `notifyctl serve` does: uvicorn on loopback, in a thread."""

from __future__ import annotations

import shutil
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx
import uvicorn

from notifyctl.access import Role
from notifyctl.app import App
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts
from notifyctl.settings import Settings
from notifyctl.web import create_app
from notifyctl.web.wire import OPTIONS, Server
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    import redis

__all__ = ["Serving", "stored"]


def stored(client: redis.Redis) -> dict[bytes, bytes | None]:
    """All that Redis holds, but for what tokens, sessions and failed sign-ins leave: the same if nothing was changed."""
    keys = [key for key in client.scan_iter(count=1_000) if b":access}:" not in key]
    return {key: client.dump(key) for key in keys}


@dataclass
class Serving:
    """A server that listens on a free port of 127.0.0.1 for as long as it is entered.

    Attributes:
        redis_url: The Redis behind it.
        overrides: Further settings, as `Settings.load` takes them.
        app: The parts that it serves.
    """

    redis_url: str
    overrides: dict[str, Any] = field(default_factory=dict)
    app: App = field(init=False)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self.app = App(Settings.load(redis={"url": self.redis_url}, **self.overrides))
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(self.app), **OPTIONS, timeout_graceful_shutdown=1)
        self._server = Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started, what="the HTTP server to listen")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End in order."""
        self._server.close_streams()
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        self.app.close()

    def forget(self) -> None:
        """Begin anew, after the server behind it was emptied: no token, session or failed sign-in is remembered."""
        if "notifier" in self.app.__dict__:
            self.app.notifier.close()
        for part in ("tokens", "sessions", "guesses", "_pseudonyms", "notifier", "doors"):
            self.app.__dict__.pop(part, None)

    def empty(self) -> Self:
        """Begin anew for a test: nothing is in the outbox or remembered, as nothing is on the server behind it."""
        shutil.rmtree(self.app.settings.outbox_dir, ignore_errors=True)
        self.forget()
        return self

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def token(self, role: Role | str = Role.OPERATOR, name: str = "tests") -> str:
        """Make a token of a role."""
        return self.app.tokens.create(name, Role(role), lives_ms=3_600_000)[1]

    def client(self, role: Role | str | None = Role.OPERATOR, **options: Any) -> httpx.Client:
        """Return a client of the API with a token of a role; without one for None. The caller closes it."""
        headers = {"Authorization": f"Bearer {self.token(role)}"} if role is not None else {}
        headers |= options.pop("headers", {})
        return httpx.Client(base_url=self.url, headers=headers, timeout=10, trust_env=False, **options)

    def bury(self, count: int = 1, **options: Any) -> list[str]:
        """Make so many dead letters of the email queue; their ids, the oldest first."""
        to = options.pop("to", "ada@example.com")
        ids = [self.app.notifier.queue_email("test_message", {}, to=to, **options).id for _ in range(count)]
        scripts = Scripts(self.app.inspector.client, QueueKeys(self.app.settings.namespace, "email"))
        batch = scripts.take(
            f"w-{ids[0]}", 1, count, lease_ms=10_000, rate="0/1", gap_ms=5_000, block_ms=1_000, cancelled_ms=60_000
        )
        record = '{"attempt": 1, "outcome": "permanent", "code": "550", "error": "no such recipient"}'
        for job in batch.jobs:
            scripts.bury(job.job_id, job.token, "permanent", record)
        assert [job.job_id for job in batch.jobs] == ids
        return ids

    @contextmanager
    def browser(self, role: Role | str = Role.OPERATOR) -> Iterator[httpx.Client]:
        """Yield a client that is signed in to the dashboard."""
        with self.client(None, headers={"Accept": "text/html"}) as client:
            answer = client.post("/sign-in", data={"token": self.token(role)})
            assert answer.status_code == 303, answer.text
            yield client
