"""TLS: a certificate that is trusted or not, on one server, behind Sentinels and in a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.connection import connect, pipelined, translated
from notifyctl.errors import BrokerUnavailable
from tests.support.certificate import make_certificate
from tests.support.cluster import Nodes
from tests.support.node import tls_binary
from tests.support.sentinel import Sentinels
from tests.support.tls import TlsProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.certificate import Certificate
    from tests.support.server import Server


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """For localhost and 127.0.0.1, signed by itself."""
    return make_certificate(tmp_path, "localhost", "127.0.0.1")


@pytest.fixture
def proxy(server: Server, certificate: Certificate) -> Iterator[TlsProxy]:
    """The session's server, by TLS."""
    proxy = TlsProxy(server.socket, certificate)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_server_is_trusted_by_its_ca(proxy: TlsProxy, certificate: Certificate, host: str) -> None:
    """By its name, and by its address."""
    with connect(f"rediss://{host}:{proxy.port}?ssl_ca_certs={certificate.ca_file}", role="worker") as mine:
        assert mine.echo("hello") == b"hello"


def test_server_is_not_trusted_by_default(proxy: TlsProxy) -> None:
    """Its CA is nobody's: the hint names the option."""
    with (
        pytest.raises(BrokerUnavailable, match="certificate of Redis is not trusted") as caught,
        translated(),
        connect(f"rediss://localhost:{proxy.port}", role="worker") as mine,
    ):
        mine.ping()

    assert "ssl_ca_certs" in caught.value.hint
    assert "localhost" not in caught.value.message + caught.value.hint


def test_server_of_another_name_is_not_trusted(server: Server, tmp_path: Path) -> None:
    """Unless the names are not looked at, or nothing is."""
    certificate = make_certificate(tmp_path, "redis.example.com")
    proxy = TlsProxy(server.socket, certificate)
    url = f"rediss://localhost:{proxy.port}?ssl_ca_certs={certificate.ca_file}"
    try:
        with (
            pytest.raises(BrokerUnavailable, match="for another host") as caught,
            translated(),
            connect(url, role="worker") as mine,
        ):
            mine.ping()
        for lenient in (f"{url}&ssl_check_hostname=no", f"rediss://localhost:{proxy.port}?ssl_cert_reqs=none"):
            with connect(lenient, role="worker") as mine:
                assert mine.echo("hello") == b"hello"
    finally:
        proxy.close()

    assert "example.com" not in caught.value.message + caught.value.hint


def test_server_without_tls_is_told(sentinels: Sentinels) -> None:
    """It takes the handshake for the beginning of a command, and waits for the rest."""
    with (
        pytest.raises(BrokerUnavailable, match="did not answer in time") as caught,
        translated(),
        connect(f"rediss://{sentinels.primary.address}?ssl_cert_reqs=none", role="operator") as mine,
    ):
        mine.ping()

    assert "TLS" in caught.value.hint


@pytest.mark.skipif(tls_binary() is None, reason="no server here takes TLS")
@pytest.mark.parametrize("kind", [Sentinels, Nodes])
def test_several_servers_take_tls(certificate: Certificate, kind: type[Sentinels | Nodes]) -> None:
    """Sentinels, the primary that they name, and each server of a cluster: one CA for all."""
    several = kind(tls=certificate)
    try:
        with connect(f"{several.url}?ssl_ca_certs={certificate.ca_file}", role="producer") as mine:
            assert pipelined(mine, [("SET", "one", 1), ("SET", "two", 2), ("GET", "one")]) == [True, True, b"1"]
        with pytest.raises(BrokerUnavailable), translated(), connect(several.url, role="producer") as mine:
            mine.get("one")
    finally:
        several.close()
