"""The secret that is kept in Redis: one for all processes, also after a server came back without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.keys import FleetKeys
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.errors import BrokerUnavailable
from tests.support.seed import NAMESPACE

if TYPE_CHECKING:
    import redis


def test_lost_secret_is_given_back(client: redis.Redis) -> None:
    """By a process that has it, so that those that start later have the same."""
    now = [0.0]
    old = Pseudonyms(client, NAMESPACE, clock=lambda: now[0])
    before = old.of(b"key")
    client.flushall()
    now[0] += 2

    assert old.of(b"key") == before
    assert Pseudonyms(client, NAMESPACE).of(b"key") == before


def test_server_has_the_last_word(client: redis.Redis) -> None:
    """Where a new process came first, the others follow it within a second."""
    now = [0.0]
    old = Pseudonyms(client, NAMESPACE, clock=lambda: now[0])
    before = old.of(b"key")
    client.flushall()
    new = Pseudonyms(client, NAMESPACE).of(b"key")
    now[0] += 2

    assert before != new == old.of(b"key")


def test_empty_secret_is_never_used(client: redis.Redis) -> None:
    """A hash with an empty key could be guessed by everybody."""
    client.set(FleetKeys(NAMESPACE).secret, b"")
    with pytest.raises(BrokerUnavailable, match="has lost the secret"):
        Pseudonyms(client, NAMESPACE).of(b"key")
