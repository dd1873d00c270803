"""Clients on a real server: what they cost, how long they wait, what their errors say."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, get_args

import pytest
import redis

from notifyctl.connection import Role, connect, translated
from notifyctl.errors import BrokerRefused, BrokerUnavailable
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "p4ssw0rd-of-the-test"
ROLES = get_args(Role)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may lock, freeze or kill."""
    server = Server()
    yield server
    server.thaw()
    server.close()


@pytest.mark.parametrize("role", ROLES)
def test_client_connects_with_no_command_but_the_first(server: Server, client: redis.Redis, role: Role) -> None:
    """No HELLO, CLIENT SETINFO or PING before what was asked for."""
    client.config_resetstat()

    with connect(server.url, role=role) as mine:
        assert mine.echo("hello") == b"hello"

    assert set(client.info("commandstats")) - {"cmdstat_config|resetstat"} == {"cmdstat_echo"}


def test_blocking_client_outwaits_its_read(server: Server) -> None:
    """A blocking read of 3 s ends with its own answer, not with the socket's timeout."""
    with connect(server.url, role="blocking") as mine:
        assert mine.bzpopmin("nothing", timeout=3) is None


@pytest.mark.parametrize("role", ROLES)
def test_client_outlives_a_restart_of_its_server(own_server: Server, role: Role) -> None:
    """A connection that died is replaced, at the latest when the next command comes."""
    with connect(own_server.url, role=role) as mine:
        mine.ping()
        own_server.kill()
        with pytest.raises(BrokerUnavailable, match="cannot be reached"), translated():
            mine.ping()
        own_server.start()

        assert mine.ping() is True


def test_frozen_server_is_a_timeout_asked_once(own_server: Server) -> None:
    """A timeout is not retried: the caller has waited long enough."""
    with connect(own_server.url, role="producer") as mine:
        mine.ping()
        own_server.freeze()
        with pytest.raises(BrokerUnavailable, match="did not answer in time"), translated():
            mine.incr("n")
        own_server.thaw()

        assert mine.incr("m") == 1
        # twice would be 2
        assert mine.get("n") == b"1"


def test_server_that_is_not_there_is_unavailable() -> None:
    """Nobody listening: the reason is told, and the setting to look at."""
    with (
        pytest.raises(BrokerUnavailable, match=r"cannot be reached \(connection refused\)") as caught,
        translated(),
        connect(f"redis://:{SECRET}@127.0.0.1:1", role="operator") as mine,
    ):
        mine.ping()

    assert "REDIS_URL" in caught.value.hint
    assert SECRET not in told(caught.value)


def test_wrong_password_is_unavailable_and_not_told(own_server: Server) -> None:
    """Neither the password given nor the right one is in anything that could be logged."""
    with own_server.client() as admin:
        admin.config_set("requirepass", "the-right-one")

    for url in (own_server.url, f"{own_server.url}?password={SECRET}"):
        with (
            pytest.raises(BrokerUnavailable, match="user name or password") as caught,
            translated(),
            connect(url, role="worker") as mine,
        ):
            mine.ping()

        assert "REDIS_PASSWORD" in caught.value.hint
        assert SECRET not in told(caught.value)
        assert "the-right-one" not in told(caught.value)


def test_long_call_without_the_password_is_refused(own_server: Server) -> None:
    """The server does not even look at it: it answers that the protocol was broken, and hangs up."""
    with own_server.client() as admin:
        admin.config_set("requirepass", "the-right-one")

    with (
        pytest.raises(BrokerRefused, match="user name or password"),
        translated(),
        connect(own_server.url, role="worker") as mine,
    ):
        mine.delete(*[f"key-{number}" for number in range(20)])


def test_user_without_permission_is_unavailable(own_server: Server) -> None:
    """NOPERM is about the user, not about the command."""
    with own_server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "reader", "on", "nopass", "~*", "+get")

    with (
        connect(f"{own_server.url}?username=reader&password=any", role="worker") as mine,
        pytest.raises(BrokerUnavailable, match="does not let this user"),
        translated(),
    ):
        mine.set("n", 1)


def test_replica_is_unavailable_for_writing(own_server: Server) -> None:
    """After a failover the old primary answers READONLY."""
    with connect(own_server.url, role="worker") as mine:
        mine.replicaof("127.0.0.1", "1")
        with pytest.raises(BrokerUnavailable, match="read-only replica"), translated():
            mine.set("n", 1)


def test_full_server_is_unavailable(own_server: Server) -> None:
    """With noeviction, a server without memory refuses to take more."""
    with connect(own_server.url, role="worker") as mine:
        mine.config_set("maxmemory", "1")
        with pytest.raises(BrokerUnavailable, match="no memory left"), translated():
            mine.set("n", 1)


def test_server_that_cannot_save_is_unavailable(own_server: Server) -> None:
    """A refusal that redis-py has no class for is known by its first word."""
    with connect(own_server.url, role="worker") as mine:
        mine.config_set("min-replicas-to-write", "1")
        with pytest.raises(BrokerUnavailable, match="too few replicas"), translated():
            mine.set("n", 1)


def test_fault_of_the_command_passes_unchanged(client: redis.Redis, server: Server) -> None:
    """A wrong type says nothing about the server."""
    client.set("text", "text")

    with (
        connect(server.url, role="worker") as mine,
        pytest.raises(redis.ResponseError, match="WRONGTYPE"),
        translated(),
    ):
        mine.zcard("text")


def test_translated_decorates_functions() -> None:
    """The same in front of a function."""

    @translated()
    def ask() -> None:
        raise redis.TimeoutError("slow")

    with pytest.raises(BrokerUnavailable, match="did not answer in time"):
        ask()
    with pytest.raises(BrokerUnavailable, match="did not answer in time"):
        ask()


def told(error: BrokerUnavailable) -> str:
    """All that a log could hold of an error: its text, its hint, the errors behind it."""
    return "".join(traceback.format_exception(error)) + error.hint
