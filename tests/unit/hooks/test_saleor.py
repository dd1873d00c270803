"""Saleor: signatures by its server's own key, and by a secret key."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import HookRejected, HookUnverified
from notifyctl.hooks import Delivery, Request, Saleor
from tests.support.hooks import SaleorServer

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

BODY = b'{"notify_event": "order_confirmation"}'
JWKS = "/.well-known/jwks.json"


class Time:
    """Seconds that go on only when told."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture(scope="module")
def saleor() -> SaleorServer:
    """A Saleor server's key."""
    return SaleorServer()


@pytest.fixture
def time() -> Time:
    """The time that keys age by."""
    return Time()


@pytest.fixture
def hook(httpserver: HTTPServer, saleor: SaleorServer, time: Time) -> Saleor:
    """A hook that asks that server for its keys."""
    httpserver.expect_request(JWKS).respond_with_json(saleor.published())
    return Saleor([], httpserver.url_for("").rstrip("/"), time)


def test_saleor_signature_of_its_server_is_taken(hook: Saleor, saleor: SaleorServer, httpserver: HTTPServer) -> None:
    """Under both names of the header; the keys are fetched once."""
    shown = saleor.signature(BODY)

    for name in ("saleor-signature", "x-saleor-signature"):
        request = Request({name: shown, "saleor-event": "NOTIFY_USER"}, BODY)
        assert hook.read(request) == Delivery(topic="notify_user")
    assert len(httpserver.log) == 1


def test_saleor_signature_of_older_servers_is_taken(hook: Saleor, saleor: SaleorServer) -> None:
    """They do not name the header `b64` as critical, as RFC 7797 wants; what is signed is the same."""
    protected = urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": "1", "b64": False}).encode()).rstrip(b"=")
    signature = saleor.sign(protected + b"." + BODY)

    hook.read(Request({"saleor-signature": f"{protected.decode()}..{signature}"}, BODY))


def test_saleor_forgeries_are_refused(hook: Saleor, saleor: SaleorServer) -> None:
    """Another body, another server, a token that the same key signed for somebody, and what is no signature."""
    stranger = SaleorServer()
    token = saleor.token()
    header, payload, signature = token.split(".")
    good = saleor.signature(BODY)
    forged = [
        ({"saleor-signature": good}, BODY + b" "),
        ({"saleor-signature": stranger.signature(BODY)}, BODY),
        ({"saleor-signature": token}, BODY),
        ({"saleor-signature": f"{header}..{signature}"}, BODY),
        ({"saleor-signature": good.replace("..", f".{payload}.")}, BODY),
        ({"saleor-signature": _unsigned({"alg": "none", "kid": "1"})}, BODY),
        ({"saleor-signature": _unsigned({"alg": "HS256", "kid": "1"})}, BODY),
        ({"saleor-signature": _unsigned({"alg": "RS256"})}, BODY),
        ({"saleor-signature": _unsigned([])}, BODY),
        ({"saleor-signature": "..."}, BODY),
        ({"saleor-signature": "a.b"}, BODY),
        ({"saleor-signature": "[" * 3000 + ".."}, BODY),
        ({}, BODY),
    ]

    for headers, body in forged:
        with pytest.raises(HookRejected):
            hook.read(Request(headers, body))


def test_saleor_keys_are_fetched_again_for_a_new_one_but_not_for_each_forgery(
    hook: Saleor, saleor: SaleorServer, httpserver: HTTPServer, time: Time
) -> None:
    """After a rotation the new key is found within seconds; made-up ids do not make us ask all the time."""
    rotated = SaleorServer("2")
    hook.read(Request(saleor.headers(BODY), BODY))
    httpserver.clear()
    httpserver.expect_request(JWKS).respond_with_json(rotated.published())

    for _ in range(3):
        with pytest.raises(HookRejected):
            hook.read(Request(rotated.headers(BODY), BODY))
    time.now = 11
    hook.read(Request(rotated.headers(BODY), BODY))

    assert len(httpserver.log) == 1


def test_saleor_keys_that_cannot_be_fetched_are_no_forgery(saleor: SaleorServer, httpserver: HTTPServer) -> None:
    """Saleor is to try again; the server is not asked for each delivery."""
    httpserver.expect_request(JWKS).respond_with_data("", 503)
    time = Time()
    hook = Saleor([], httpserver.url_for("").rstrip("/"), time)

    for _ in range(2):
        with pytest.raises(HookUnverified):
            hook.read(Request(saleor.headers(BODY), BODY))
    assert len(httpserver.log) == 1
    httpserver.clear()
    httpserver.expect_request(JWKS).respond_with_json(saleor.published())
    time.now = 11

    hook.read(Request(saleor.headers(BODY), BODY))


def test_saleor_keys_stay_in_use_while_their_server_is_away(
    hook: Saleor, saleor: SaleorServer, httpserver: HTTPServer, time: Time
) -> None:
    """An hour later they are to be looked at again, and cannot be: what they signed is still genuine."""
    hook.read(Request(saleor.headers(BODY), BODY))
    httpserver.clear()
    httpserver.expect_request(JWKS).respond_with_data("", 503)
    time.now = 3_700

    hook.read(Request(saleor.headers(BODY), BODY))


@pytest.mark.parametrize("secrets", [[b"s1"], [b"s0", b"s1"]])
def test_saleor_secret_key_signs_in_hexadecimal(secrets: list[bytes]) -> None:
    """The older way, for webhooks that have one."""
    shown = hmac.new(b"s1", BODY, hashlib.sha256).hexdigest()

    Saleor(secrets).read(Request({"saleor-signature": shown}, BODY))
    for forged in (shown.upper(), hmac.new(b"s2", BODY, hashlib.sha256).hexdigest(), "", "a..b"):
        with pytest.raises(HookRejected):
            Saleor(secrets).read(Request({"saleor-signature": forged}, BODY))


def _unsigned(header: Any) -> str:
    return urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode() + "..AAAA"
