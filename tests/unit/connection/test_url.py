"""What a Redis URL says, and what is said about one that cannot be used."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect
from notifyctl.connection.url import read_url
from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "p4ssw0rd-of-the-test"


def test_url_of_sentinels_names_them_and_the_service() -> None:
    """Each may have a port of its own; the password is for the servers behind them."""
    place = read_url("redis+sentinel://worker:a%2Fb@one,two:26380,[::1]:1/main/3?sentinel_password=other")

    assert (place.way, place.service) == ("sentinel", "main")
    assert place.nodes == (("one", 26379), ("two", 26380), ("::1", 1))
    assert place.options == {"username": "worker", "password": "a/b", "db": 3, "ssl": False}
    assert place.sentinel_options == {"username": None, "password": "other", "ssl": False}


def test_url_of_a_cluster_names_some_of_its_servers() -> None:
    """With TLS, and no database."""
    place = read_url("rediss+cluster://:hush@one,two:7001/0?ssl_cert_reqs=none")

    assert (place.way, place.nodes) == ("cluster", (("one", 6379), ("two", 7001)))
    assert place.options == {"password": "hush", "ssl": True, "ssl_cert_reqs": "none"}


def test_tls_options_are_the_sentinels_too() -> None:
    """One CA signs for all of them."""
    place = read_url("rediss+sentinel://one/main?ssl_check_hostname=no")

    assert place.sentinel_options == {"username": None, "password": None, "ssl": True, "ssl_check_hostname": False}


@pytest.mark.parametrize(
    ("target", "what"),
    [
        (f"http://:{SECRET}@host", "scheme"),
        (f"unix+cluster://:{SECRET}@host", "scheme"),
        (f"redis+ring://:{SECRET}@host", "scheme"),
        (f"redis://:{SECRET}/x@host", "its database is no number"),
        (f"redis://:{SECRET}@host:port", "cannot be read"),
        (f"redis://:{SECRET}@", "lacks a host"),
        (f"redis://:{SECRET}@host/{SECRET}", "its database is no number"),
        (f"redis://:{SECRET}@one,two", "names several servers"),
        (f"redis://host?{SECRET}=1", "an option that is unknown"),
        (f"redis://host?socket_timeout={SECRET}", "cannot be read"),
        (f"redis://host?ssl_cert_reqs={SECRET}", "an option that is unknown"),
        (f"rediss://host?ssl_cert_reqs={SECRET}", "cannot have this value"),
        (f"redis://host?sentinel_password={SECRET}", "an option for Sentinels"),
        (f"redis+sentinel://:{SECRET}@host", "does not name the service"),
        (f"redis+sentinel://:{SECRET}@one,,two/main", "lacks a host"),
        (f"redis+sentinel://:{SECRET}@one/main/first", "its database is no number"),
        (f"redis+sentinel://one/main?{SECRET}=1", "an option that is unknown"),
        (f"redis+cluster://:{SECRET}@host/1", "no database but 0"),
        (f"redis+cluster://host?{SECRET}=1", "an option that is unknown"),
    ],
)
def test_url_that_cannot_be_used_is_a_setting_to_mend(target: str, what: str) -> None:
    """Found out before anything connects, and told without the URL: it may hold a password."""
    with pytest.raises(ConfigError, match=what) as caught:
        connect(target, role="producer")

    told = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert "REDIS_URL" in caught.value.hint
    assert SECRET not in told


def test_ca_file_that_is_not_there_is_told_before_anything_connects(tmp_path: Path) -> None:
    """Else it would look like a server that cannot be reached."""
    with pytest.raises(ConfigError, match=r"the file that ssl_ca_certs .* cannot be read"):
        connect(f"rediss://host?ssl_ca_certs={tmp_path / 'none.pem'}", role="producer")
