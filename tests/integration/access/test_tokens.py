"""Tokens: who is let in, what is remembered, and what holds while Redis is away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.access import Permission, Role, Sessions, Tokens
from notifyctl.access.tokens import FRESH_S
from notifyctl.clock import now_ms
from notifyctl.connection import connect
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.errors import BrokerUnavailable, Unauthorized, UnknownToken
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

DAY_MS = 86_400_000


class Time:
    """Both clocks of a process, moved by hand."""

    def __init__(self) -> None:
        self.s = float(now_ms() // 1000)  # the server has its own clock for what is to be forgotten

    def monotonic(self) -> float:
        """Seconds."""
        return self.s

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return round(self.s * 1000)


@pytest.fixture
def time() -> Time:
    """The time of all tokens of a test."""
    return Time()


def process(server: Server, time: Time) -> Tokens:
    """The tokens as one process has them."""
    return Tokens(connect(server.url, role="producer"), "ns", clock=time.now_ms, monotonic=time.monotonic)


@pytest.fixture
def tokens(server: Server, time: Time) -> Tokens:
    """The tokens of one process."""
    return process(server, time)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server to be killed."""
    server = Server()
    yield server
    server.close()


def commands(client: redis.Redis) -> int:
    """How many commands the server has run."""
    return int(client.info("stats")["total_commands_processed"])


def test_a_token_is_what_it_was_made_as(tokens: Tokens, time: Time) -> None:
    """Its name, its role and its end; what is stored of it has an end, too."""
    made, text = tokens.create("Ada", Role.SUPPORT, lives_ms=DAY_MS)

    found = tokens.check(text)
    assert (found.id, found.name, found.role) == (made.id, "Ada", Role.SUPPORT)
    assert found.expires_at_ms == time.now_ms() + DAY_MS
    assert tokens.all() == [tokens.get(made.id)]


@pytest.mark.parametrize("spoil", [lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: t + "a", lambda t: t[4:],
                                   lambda _: "", lambda t: f" {t}", lambda t: t + "\n", lambda t: t.swapcase()])  # fmt: skip
def test_what_is_not_exactly_a_token_is_refused(spoil: Any, tokens: Tokens) -> None:
    """Also where most of it is right."""
    _, text = tokens.create("Ada", Role.VIEWER, lives_ms=DAY_MS)

    with pytest.raises(Unauthorized):
        tokens.check(spoil(text))
    assert tokens.remembered(spoil(text)) is None


def test_an_expired_token_is_refused_and_still_listed(tokens: Tokens, time: Time) -> None:
    """From its last millisecond on, also where it is remembered."""
    made, text = tokens.create("Ada", Role.VIEWER, lives_ms=1_000)
    tokens.check(text)
    time.s += 1

    with pytest.raises(Unauthorized, match="expired"):
        tokens.check(text)
    assert tokens.remembered(text) is None
    assert tokens.get(made.id).state(time.now_ms()) == "expired"


def test_a_known_token_costs_no_round_trip(tokens: Tokens, client: redis.Redis) -> None:
    """A process asks again only every few seconds."""
    _, text = tokens.create("shop", Role.PRODUCER, lives_ms=DAY_MS)
    tokens.check(text)
    before = commands(client)

    for _ in range(100):
        assert tokens.remembered(text) is not None
        tokens.check(text)

    assert commands(client) - before == 1  # the one that counts them


def test_a_revocation_reaches_other_processes_within_seconds(tokens: Tokens, server: Server, time: Time) -> None:
    """At once the one that revokes."""
    other = process(server, time)
    made, text = tokens.create("Ada", Role.OPERATOR, lives_ms=DAY_MS)
    tokens.check(text)
    other.check(text)

    tokens.revoke(made.id)

    with pytest.raises(Unauthorized, match="revoked"):
        tokens.check(text)
    assert other.remembered(text) is not None
    time.s += FRESH_S
    assert other.remembered(text) is None
    with pytest.raises(Unauthorized, match="revoked"):
        other.check(text)


def test_what_was_looked_up_long_ago_is_not_believed_while_it_is_asked_for(
    server: Server, tokens: Tokens, time: Time
) -> None:
    """Many requests at once with a token that was revoked hours ago: one asks, and the others wait."""
    made, text = tokens.create("Ada", Role.OPERATOR, lives_ms=DAY_MS)
    tokens.check(text)
    process(server, time).revoke(made.id)
    time.s += 3_600

    with ThreadPoolExecutor(1) as other, tokens._known[made.id].asking:
        late = other.submit(tokens.check, text)
        assert wait([late], 0.2).not_done
    with pytest.raises(Unauthorized, match="revoked"):
        late.result()


def test_an_unknown_token_is_looked_up_once_in_a_while(tokens: Tokens, client: redis.Redis) -> None:
    """Somebody who shows one again and again costs Redis little, and pushes nothing out that is known."""
    _, text = tokens.create("shop", Role.PRODUCER, lives_ms=DAY_MS)
    tokens.check(text)
    before = commands(client)
    for _ in range(50):
        with pytest.raises(Unauthorized):
            tokens.check(f"ntf_aaaaaaaa_{'a' * 43}")

    assert commands(client) - before <= 3
    assert tokens.remembered(text) is not None


def test_the_last_use_is_kept_to_the_minute(tokens: Tokens, time: Time) -> None:
    """Not with every request."""
    made, text = tokens.create("shop", Role.PRODUCER, lives_ms=DAY_MS)
    assert tokens.get(made.id).used_at_ms == 0
    tokens.check(text)
    first = time.now_ms()
    time.s += 30
    tokens.check(text)
    assert tokens.get(made.id).used_at_ms == first
    time.s += 30
    tokens.check(text)
    assert tokens.get(made.id).used_at_ms == time.now_ms()


def test_known_tokens_go_on_while_redis_is_away(own_server: Server, time: Time) -> None:
    """Unknown ones have to wait; a process does not ask with every request."""
    tokens = process(own_server, time)
    made, text = tokens.create("shop", Role.PRODUCER, lives_ms=DAY_MS)
    _, other = tokens.create("other", Role.PRODUCER, lives_ms=DAY_MS)
    tokens.check(text)
    own_server.kill()
    time.s += FRESH_S

    assert tokens.check(text).id == made.id
    assert tokens.remembered(text) is not None
    with pytest.raises(BrokerUnavailable):
        tokens.check(other)
    time.s += DAY_MS
    with pytest.raises(Unauthorized, match="expired"):
        tokens.check(text)


def test_many_unknown_tokens_wait_once_for_a_server_that_hangs(own_server: Server, time: Time) -> None:
    """A known one waits for none of them."""
    tokens = process(own_server, time)
    _, text = tokens.create("shop", Role.PRODUCER, lives_ms=DAY_MS)
    tokens.check(text)
    time.s += 3_600
    own_server.freeze()
    began = monotonic()
    with ThreadPoolExecutor(10) as others:
        unknown = [others.submit(tokens.check, f"ntf_{number:08}_{'a' * 43}") for number in range(10)]
        assert tokens.check(text).name == "shop"
    errors = [one.exception() for one in unknown]
    took_s = monotonic() - began
    own_server.thaw()

    assert {type(error) for error in errors} == {BrokerUnavailable}
    assert took_s < 3


def test_a_role_of_another_release_lets_nobody_in(tokens: Tokens, client: redis.Redis) -> None:
    """What it may do is not known here."""
    made, text = tokens.create("Ada", Role.VIEWER, lives_ms=DAY_MS)
    client.hset(f"{{ns:access}}:token:{made.id}", "role", "emperor")

    with pytest.raises(Unauthorized):
        tokens.check(text)
    with pytest.raises(UnknownToken):
        tokens.get(made.id)


def test_what_is_stored_of_a_token_goes_a_month_after_its_end(tokens: Tokens, client: redis.Redis) -> None:
    """Nothing is left for ever but the list of those that are."""
    made, text = tokens.create("Ada", Role.VIEWER, lives_ms=DAY_MS)
    tokens.check(text)
    Sessions(
        connect(f"unix://{client.connection_pool.connection_kwargs['path']}", role="producer"), "ns", tokens,
        Pseudonyms(client, "ns", "a secret of tests"), lasts_ms=1_000,
    ).start(made)  # fmt: skip

    lives = {key.decode().partition("access}:")[2].partition(":")[0]: client.pttl(key) for key in client.scan_iter()}
    assert lives.pop("tokens") == -1
    assert 30 * DAY_MS < lives["token"] <= 31 * DAY_MS
    assert 30 * DAY_MS < lives["used"] <= 31 * DAY_MS
    assert 0 < lives["session"] <= 1_000
    client.delete(f"{{ns:access}}:token:{made.id}")
    assert tokens.all() == []
    assert client.zcard("{ns:access}:tokens") == 0


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, {Permission.READ}),
        (Role.SUPPORT, {Permission.READ, Permission.REVEAL, Permission.REPAIR}),
        (Role.OPERATOR, {Permission.READ, Permission.REVEAL, Permission.REPAIR, Permission.OPERATE}),
        (Role.PRODUCER, {Permission.PRODUCE}),
    ],
)
def test_a_role_may_what_it_may(role: Role, may: set[Permission]) -> None:
    """And nothing else; an operator hands over no orders, a shop's program changes no queue."""
    assert role.permissions == may
    assert {permission for permission in Permission if role.may(permission)} == may
