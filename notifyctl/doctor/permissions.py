"""Whether this user may run what is needed on the keys of the namespace (ACLs). Asks, and does nothing.

Commands are lined up in a MULTI, where the server says of each whether it is allowed, and then given up by DISCARD.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import NoPermissionError

from notifyctl.connection import server_with
from notifyctl.doctor.finding import Finding, Status
from notifyctl.engine.keys import QueueKeys

if TYPE_CHECKING:
    import redis

    from notifyctl.settings import Settings

__all__ = ["COMMANDS", "ask_permissions", "check_permissions"]

#: What workers and operators need, with words that make each a well-formed call; `K` stands for a key.
COMMANDS: Final[tuple[tuple[str, ...], ...]] = (
    ("EVALSHA", "0" * 40, "1", "K"), ("EVAL", "return 1", "1", "K"), ("WAIT", "0", "1"), ("TIME",), ("INFO",),
    ("EXISTS", "K"), ("DEL", "K"), ("UNLINK", "K"), ("EXPIRE", "K", "1"), ("PEXPIRE", "K", "1"),
    ("MEMORY", "USAGE", "K"), ("GET", "K"), ("SET", "K", "v"), ("MGET", "K"),
    ("HGET", "K", "f"), ("HMGET", "K", "f"), ("HGETALL", "K"), ("HSET", "K", "f", "v"), ("HSETNX", "K", "f", "v"),
    ("HDEL", "K", "f"), ("HINCRBY", "K", "f", "1"),
    ("ZADD", "K", "0", "m"), ("ZREM", "K", "m"), ("ZCARD", "K"), ("ZCOUNT", "K", "0", "1"), ("ZRANGE", "K", "0", "0"),
    ("ZRANGEBYSCORE", "K", "0", "1"), ("ZREMRANGEBYSCORE", "K", "0", "1"), ("ZSCORE", "K", "m"),
    ("ZINTER", "1", "K"), ("BZPOPMIN", "K", "1"),
    ("SADD", "K", "m"), ("SMEMBERS", "K"), ("XADD", "K", "*", "f", "v"), ("XREVRANGE", "K", "+", "-", "COUNT", "1"),
    ("XREAD", "COUNT", "1", "STREAMS", "K", "0"),
)  # fmt: skip

_COMMAND = re.compile(r"run the '([\w|-]+)' command")


def ask_permissions(client: redis.Redis, settings: Settings) -> list[str]:
    """Return what is missing: commands, and patterns of keys, as ACL SETUSER takes them.

    Raises:
        redis.RedisError: The server cannot be reached, or does not even let this be asked.
    """
    missing: list[str] = []
    queue, fleet = QueueKeys(settings.namespace, next(iter(settings.queues))).prefix, f"{settings.namespace}:"
    for key in (f"{queue}nothing", f"{fleet}nothing"):
        pattern = f"~{key.partition(':')[0]}:*"
        for refusal in _line_up(server_with(client, key), key):
            named = _COMMAND.search(str(refusal))
            missing.append(f"+{named[1]}" if named else pattern)
    return sorted(set(missing), key=missing.index)


def _line_up(client: redis.Redis, key: str) -> list[NoPermissionError]:
    """Return the refusals among what the server says of each command."""
    commands = [tuple(key if word == "K" else word for word in command) for command in COMMANDS]
    pool = client.connection_pool
    connection: Any = pool.get_connection()
    try:
        connection.send_command("MULTI")
        answers = [_answer(connection)]
        if not isinstance(answers[0], NoPermissionError):  # else what follows would be done
            connection.send_packed_command(connection.pack_commands([*commands, ("DISCARD",)]))
            answers += [_answer(connection) for _ in range(len(commands) + 1)]
    finally:
        connection.disconnect()  # which gives up the MULTI where DISCARD was refused
        pool.release(connection)
    return [answer for answer in answers if isinstance(answer, NoPermissionError)]


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except NoPermissionError as error:
        return error


def check_permissions(missing: list[str]) -> Finding:
    """Return whether anything is missing."""
    if not missing:
        return Finding("permissions", Status.OK, "this user may do what is needed")
    return Finding(
        "permissions",
        Status.FAIL,
        f"this user lacks {' '.join(missing)}",
        f"ACL SETUSER … {' '.join(missing)}, for workers and operators; what only queues messages needs less.",
    )
