"""What a Redis URL says: which servers, by which way, and with which options.

    redis://[user:password@]host[:port][/db]                            one server; rediss:// with TLS
    unix:///path/to/socket                                              one server on this machine
    redis+sentinel://[user:password@]host[:port],…/service[/db]         the primary that these Sentinels name
    redis+cluster://[user:password@]host[:port],…                       a cluster, found through any of these

TLS for the last two is `rediss+sentinel://` and `rediss+cluster://`. Options are redis-py's, in the query:
`?ssl_ca_certs=/etc/ssl/redis-ca.pem`; `sentinel_username` and `sentinel_password` are the Sentinels' own. No message
says what stands in the URL: it may hold a password.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from redis.connection import parse_url

from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMED_BY", "Place", "read_url"]

#: What names the server, for hints.
NAMED_BY: Final = "REDIS_URL (or REDIS_HOST, REDIS_PORT and REDIS_PASSWORD)"

_SENTINEL_PORT: Final = 26379
_REDIS_PORT: Final = 6379
_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_FORMS: Final = {
    "": "redis://user:password@host:6379/0",
    "sentinel": "redis+sentinel://user:password@host:26379,host:26379/service/0",
    "cluster": "redis+cluster://user:password@host:6379,host:6379",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where Redis is.

    Attributes:
        way: Empty for one server; `sentinel` or `cluster`.
        nodes: Host and port of each server named: the server, the Sentinels, or some of the cluster.
        tls: Whether all of them are spoken to by TLS.
        service: What the Sentinels call the primary.
        options: Redis-py's, for connections to servers that hold data.
        sentinel_options: The same for connections to Sentinels.
    """

    way: str
    nodes: tuple[tuple[str, int], ...]
    tls: bool
    service: str
    options: Mapping[str, Any]
    sentinel_options: Mapping[str, Any]


def read_url(url: str) -> Place:
    """Return what a URL says.

    Raises:
        ConfigError: It cannot be used; the message says what is wrong, and holds nothing of it.
    """
    scheme, found, rest = url.partition("://")
    tls, _, way = scheme.partition("+")
    if not found or way not in _FORMS or tls not in ("redis", "rediss", "unix") or (tls == "unix" and way):
        raise _wrong("its scheme is none of redis, rediss, unix, redis+sentinel and redis+cluster", "")
    try:
        parts = urlsplit(f"{tls}://{rest}")
        login, at, hosts = parts.netloc.rpartition("@")
        path, service = parts.path, ""
        if way == "sentinel":
            service, _, database = path.removeprefix("/").partition("/")
            path = f"/{database}"
        if tls != "unix":
            _check_database(path, way)
        options = parse_url(f"{tls}://{login}{at}{hosts.partition(',')[0]}{path}?{parts.query}")
    except (ValueError, TypeError):
        # the text of these errors may hold parts of the URL, its password among them
        raise _wrong("it cannot be read", way) from None
    if way == "sentinel" and not service:
        raise _wrong("it does not name the service, as the Sentinels call it", way)
    port = _SENTINEL_PORT if way == "sentinel" else _REDIS_PORT
    nodes = () if tls == "unix" else tuple(_node(host, port, way) for host in hosts.split(","))
    if way == "" and len(nodes) > 1:
        raise _wrong("it names several servers, and neither +sentinel nor +cluster", way)
    return _place(way, nodes, unquote(service), options, tls=tls == "rediss")


def _place(way: str, nodes: tuple[tuple[str, int], ...], service: str, options: dict[str, Any], *, tls: bool) -> Place:
    options = {name: value for name, value in options.items() if name not in ("host", "port")}
    if way:
        # what is found through others is told its address, and by these classes its kind
        options.pop("connection_class", None)
        options["ssl"] = tls
    own = {name: options.pop(f"sentinel_{name}", None) for name in ("username", "password")}
    if any(own.values()) and way != "sentinel":
        raise _wrong("it has an option for Sentinels, and names none", way)
    for name in _FILES:
        if name in options and not os.access(options[name], os.R_OK):
            raise ConfigError(f"the file that {name} of the Redis URL names cannot be read", hint="Check its path.")
    shared = {name: value for name, value in options.items() if name == "ssl" or name.startswith("ssl_")}
    if way == "cluster":
        options.pop("db", None)
    return Place(way, nodes, tls, service, options, {**own, **shared})


def _check_database(path: str, way: str) -> None:
    """Refuse a database that redis-py would take for the first one, and any other than that in a cluster."""
    database = path.strip("/")
    if database and not database.isdigit():
        raise _wrong("its database is no number", way)
    if way == "cluster" and database.strip("0"):
        raise _wrong("a cluster has no database but 0", way)


def _node(text: str, default_port: int, way: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"redis://{text}")
        host, port = unquote(parts.hostname or ""), parts.port or default_port
    except ValueError:
        raise _wrong("one of its ports is none", way) from None
    if not host:
        raise _wrong("it lacks a host", way)
    return host, port


def _wrong(what: str, way: str) -> ConfigError:
    return ConfigError(
        f"the Redis URL cannot be used: {what}",
        hint=f"Check {NAMED_BY}: expected {_FORMS[way]}, with every special character of the password percent-encoded.",
    )
