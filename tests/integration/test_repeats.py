"""Requests that carry a key, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect
from notifyctl.engine.keys import FleetKeys
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.errors import BrokerUnavailable, KeyReused, RequestUnderWay
from notifyctl.reception import Repeated, Repeats
from notifyctl.reception.repeats import Claim
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from tests.support.server import Server

ANSWER = {"orders": [], "superseded": 0}


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the session's server."""
    proxy = Proxy(server.socket)
    yield proxy
    proxy.close()


@pytest.fixture
def repeats(proxy: Proxy) -> Repeats:
    """As one process of a server has it."""
    client = connect(proxy.url, role="producer")
    return Repeats(client, "t", Pseudonyms(client, "t", "keys the hashes of tests"))


def claimed(repeats: Repeats, key: str = "k", body: bytes = b"{}") -> Claim:
    """Claim a key that is free."""
    (claim,) = repeats.claim([(key, body)])
    assert isinstance(claim, Claim)
    return claim


def test_claim_is_one_requests_own_until_it_is_answered(repeats: Repeats) -> None:
    """Whoever comes meanwhile is told to wait; after it, the answer stands for every repetition."""
    claim = claimed(repeats)

    (meanwhile,) = repeats.claim([("k", b"{}")])
    repeats.settle([(claim, ANSWER)])
    (after,) = repeats.claim([("k", b"{}")])

    assert isinstance(meanwhile, RequestUnderWay)
    assert after == Repeated(ANSWER)


def test_claim_of_another_body_is_refused_before_and_after_the_answer(repeats: Repeats) -> None:
    """The key is for repeating the same."""
    claim = claimed(repeats)
    (before,) = repeats.claim([("k", b"[]")])
    repeats.settle([(claim, ANSWER)])
    (after,) = repeats.claim([("k", b"[]")])

    assert isinstance(before, KeyReused)
    assert isinstance(after, KeyReused)


def test_claim_that_is_given_up_is_free_again(repeats: Repeats) -> None:
    """Its request had no effect."""
    repeats.settle([(claimed(repeats), None)])

    claimed(repeats, body=b"[]")


def test_claims_of_one_call_are_looked_at_in_their_order(repeats: Repeats) -> None:
    """Two requests of one key may come at the same moment."""
    first, second, other = repeats.claim([("k", b"{}"), ("k", b"{}"), ("l", b"{}")])

    assert isinstance(first, Claim)
    assert isinstance(second, RequestUnderWay)
    assert isinstance(other, Claim)


def test_claim_is_found_again_after_a_lost_reply(repeats: Repeats, proxy: Proxy) -> None:
    """The client asks once more, and the claim that it finds is its own."""
    claimed(repeats, "before")
    proxy.lose_reply(":request:")

    claimed(repeats)

    assert proxy.lost == 1


def test_claim_ends_with_its_process_and_an_answer_after_a_day(repeats: Repeats, client: redis.Redis) -> None:
    """Nothing is kept for ever, and no key or body is in what is kept."""
    claim = claimed(repeats, "order-4711", b"ada@example.com")
    pending = client.pttl(claim.key)
    repeats.settle([(claim, ANSWER)])

    assert 50_000 < pending <= 60_000
    assert 86_000_000 < client.pttl(claim.key) <= 86_400_000
    stored = b"".join([key + client.get(key) for key in client.scan_iter(FleetKeys("t").request("*"))])
    assert b"4711" not in stored
    assert b"ada" not in stored


def test_claims_cannot_be_made_while_redis_is_away(repeats: Repeats, proxy: Proxy) -> None:
    """Whoever wants one decides what that means."""
    claimed(repeats, "before")

    with proxy.outage(), pytest.raises(BrokerUnavailable):
        repeats.claim([("k", b"{}")])
