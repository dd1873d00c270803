"""Orders over HTTP while Redis is away, and the trips to it while it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.intake import planned_ids, posted, waiting
from tests.support.order_payloads import a_native_order
from tests.support.proxy import Proxy
from tests.support.serving import Serving
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.server import Server


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the session's server."""
    proxy = Proxy(server.socket)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(proxy: Proxy, tmp_path: Path) -> Iterator[Serving]:
    """An HTTP server whose Redis a test may take away."""
    with Serving(proxy.url, {"state_dir": str(tmp_path), "pseudonym_secret": "keys the hashes of tests"}) as serving:
        yield serving


def test_orders_are_kept_while_redis_is_away_and_queued_once_it_is_back(behind: Serving, proxy: Proxy) -> None:
    """The shop's request is answered as ever, with the ids under which its messages go later."""
    with behind.client("producer") as shop:
        posted(shop, a_native_order(id="before"))
        with proxy.outage():
            kept = posted(shop, a_native_order(), idempotency_key="k-1")
            again = posted(shop, a_native_order(), idempotency_key="k-1")
            taken_back = posted(shop, a_native_order(id="2")), posted(shop, a_native_order(id="2", event="cancelled"))
        wait_until(lambda: waiting(behind.app) == {"email": 3, "whatsapp": 3}, what="the spool to be moved")
        found = shop.get(f"/api/notifications/{planned_ids(kept)[0]}")

    assert kept.status_code == again.status_code == 202
    assert kept.json()["spooled"] is True
    assert planned_ids(again) == planned_ids(kept)
    assert taken_back[1].json()["superseded"] == 2
    assert found.json()["state"] == "waiting"


def test_message_is_refused_where_nothing_is_kept_for_later(proxy: Proxy, tmp_path: Path) -> None:
    """503, and when to try again; its key is free again."""
    settings = {"state_dir": str(tmp_path), "pseudonym_secret": "keys the hashes of tests", "spool": {"enabled": False}}
    with Serving(proxy.url, settings) as serving, serving.client("producer") as shop:
        posted(shop, a_native_order(id="before"))
        with proxy.outage():
            answer = posted(shop, a_native_order(), idempotency_key="k-1")
        again = posted(shop, a_native_order(), idempotency_key="k-1")

    assert (answer.status_code, answer.json()["code"]) == (503, "redis_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert again.status_code == 202


def test_order_takes_one_round_trip(behind: Serving, proxy: Proxy) -> None:
    """For both of its messages; with a key of the request, two more: to claim it, and to keep the answer."""
    with behind.client("producer") as shop:
        posted(shop, a_native_order(id="warm"), idempotency_key="warm")  # which connects
        trips = []
        for number, headers in enumerate(({}, {"idempotency_key": "k-1"})):
            before = proxy.requests
            assert posted(shop, a_native_order(id=f"o-{number}"), **headers).status_code == 202
            trips.append(proxy.requests - before)

    assert trips == [1, 3]
