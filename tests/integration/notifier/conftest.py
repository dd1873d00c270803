"""A producer whose server a test may take away, and the same server as an operator sees it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import App, build
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.settings import Settings
from tests.support.proxy import Proxy
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notifyctl.notifier import Queued
    from tests.support.server import Server


class Shop:
    """A shop's process: its notifier, and the spool behind it.

    Attributes:
        app: The application, as that process has it.
    """

    def __init__(self, url: str, *, wait_replicas: int = 0, **settings: Any) -> None:
        self.app = build(Settings.load(redis={"url": url, "wait_replicas": wait_replicas}, **settings))

    def queue(self, key: str = "", *, to: str = "ada@example.com", **options: Any) -> Queued:
        """Queue a test mail."""
        about = Notification(Channel.EMAIL, Recipient(to), "test_message", {})
        return self.app.notifier.queue(about, Options(idempotency_key=key, **options))

    def timed(self, key: str = "") -> float:
        """Queue a test mail that has to go to the spool; how many ms that took."""
        began = time.perf_counter()
        assert self.queue(key).spooled
        return (time.perf_counter() - began) * 1_000

    def supersede(self, *keys: str) -> int:
        """Tell that mails are not wanted any more."""
        return self.app.notifier.supersede([(Channel.EMAIL, key) for key in keys])

    def drained(self) -> None:
        """Wait until its own thread has moved all there is, and ended: what is queued then goes straight."""
        ferry = self.app.notifier._outlet._ferry
        assert ferry is not None
        wait_until(lambda: not (ferry.running or self.app.spool.waiting()), what="the spool to be empty")


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the session's server."""
    proxy = Proxy(server.socket)
    yield proxy
    proxy.close()


@pytest.fixture
def make_shop(proxy: Proxy) -> Iterator[Callable[..., Shop]]:
    """Makes processes of a shop, behind the proxy unless another URL is named."""
    shops: list[Shop] = []

    def make(url: str = "", **settings: Any) -> Shop:
        shops.append(Shop(url or proxy.url, **settings))
        return shops[-1]

    yield make
    for shop in shops:
        shop.app.close()


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """A shop that has queued something before: it is connected."""
    shop = make_shop()
    shop.queue("before")
    return shop


@pytest.fixture
def operator(make_shop: Callable[..., Shop]) -> App:
    """What an operator of the shop sees, from a process of his own."""
    return make_shop().app
