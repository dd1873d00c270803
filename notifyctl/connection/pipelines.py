"""Many commands in one round trip, whatever kind of server there is.

redis-py's own cluster pipeline asks the server for the keys of each script call; after a lost connection, it sends each
command on its own, and each with all its retries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import redis
from redis.exceptions import AskError, ClusterDownError, MovedError, ReadOnlyError, TryAgainError

from notifyctl.connection.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    Command = tuple[Any, ...]

__all__ = ["pipelined", "primaries", "server_with"]

#: Where the first key is among a command's words, if not right behind its name.
_KEY_AT: Final = {"EVALSHA": 3, "EVAL": 3, "ZINTER": 2}
#: What has no key, and goes where the command before it went.
_WAIT: Final = "WAIT"
#: Answers of a server that has not got the keys (any more), or cannot use them.
_ELSEWHERE: Final = (MovedError, ClusterDownError, TryAgainError, ReadOnlyError)


def pipelined(client: redis.Redis | Cluster, commands: Sequence[Command], *, raising: bool = False) -> list[Any]:
    """Send commands, each a tuple of its words, in one round trip; in a cluster, in one for each slot of their keys.

    Those of one slot are sent in their order, on one connection; they are no transaction. After a lost connection, and
    where a slot has moved, they are sent again: a command must not mind to be run twice.

    Args:
        client: Any client that `connect` made.
        commands: The commands.
        raising: Raise the first exception that a command ended in, instead of returning it.

    Returns:
        For each command its answer, or the exception that it ended in.

    Raises:
        redis.RedisError: The connection was lost: any of the commands may have run.
    """
    answers = _send_to_slots(client, commands) if isinstance(client, Cluster) else _send(client, commands)
    if raising:
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
    return answers


def _send_to_slots(client: Cluster, commands: Sequence[Command]) -> list[Any]:
    slots: dict[int, list[int]] = {}
    slot = 0
    for place, command in enumerate(commands):
        if command[0] != _WAIT:
            slot = client.keyslot(command[_KEY_AT.get(command[0], 1)])
        slots.setdefault(slot, []).append(place)
    answers: list[Any] = [None] * len(commands)
    for slot, places in slots.items():
        found = _send_to_slot(client, slot, [commands[place] for place in places])
        for place, answer in zip(places, found, strict=True):
            answers[place] = answer
    return answers


def _send(client: redis.Redis, commands: Sequence[Command]) -> list[Any]:
    with client.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        answers: list[Any] = pipe.execute(raise_on_error=False)
    return answers


def _send_to_slot(client: Cluster, slot: int, commands: Sequence[Command]) -> list[Any]:
    answers: list[Any] = []
    for tries_left in range(client.retries, -1, -1):
        node = client.server_of(slot)
        try:
            answers = _send(client.get_redis_connection(node), commands)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            client.look_around(away=node.name)
            if not tries_left or isinstance(error, redis.TimeoutError):
                raise
            continue
        if not any(isinstance(answer, _ELSEWHERE) for answer in answers):
            break
        client.look_around()
    asked = [place for place, answer in enumerate(answers) if type(answer) is AskError]
    for place in asked:  # the slot is on its way to another server, and these keys are there already
        answers[place] = client.execute_command(*commands[place])
    if asked:
        answers = [0 if command[0] == _WAIT else answer for command, answer in zip(commands, answers, strict=True)]
    return answers


def primaries(client: redis.Redis | Cluster) -> list[redis.Redis]:
    """Return a client of each server that takes writes: each primary of a cluster, else the one that there is.

    They share the client's connections; it is the client that is to be closed.

    Raises:
        redis.RedisError: Nobody can tell where they are.
    """
    return client.servers() if isinstance(client, Cluster) else [client]


def server_with(client: redis.Redis | Cluster, key: str) -> redis.Redis:
    """Return a client of the one server that has a key; it is the given client that is to be closed.

    Raises:
        redis.RedisError: Nobody can tell where it is.
    """
    if not isinstance(client, Cluster):
        return client
    return client.get_redis_connection(client.server_of(client.keyslot(key)))
