"""What is refused before it reaches anything: too long, for somebody else, or out of the way."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from notifyctl.web.guard import is_loopback
from tests.support.serving import Serving, stored
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import redis

    from tests.support.server import Server

MIB = 1024 * 1024


def connect(serving: Serving) -> socket.socket:
    """A connection, to send by hand what no client would."""
    host, _, port = serving.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def exchange(serving: Serving, *parts: bytes) -> bytes:
    """Send something, and return all that comes back until the server hangs up."""
    with connect(serving) as wire:
        with suppress(ConnectionError):
            for part in parts:
                wire.sendall(part)
        wire.settimeout(5)
        answer = b""
        with suppress(TimeoutError, ConnectionError):
            while more := wire.recv(65_536):
                answer += more
        return answer


def head(serving: Serving, request: str, *headers: str) -> bytes:
    """The head of a request, with a token and the right host."""
    lines = [f"{request} HTTP/1.1", f"Authorization: Bearer {serving.token()}", *headers]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.append(f"Host: {serving.url.removeprefix('http://')}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_a_long_body_is_refused_before_it_is_sent(serving: Serving, client: redis.Redis) -> None:
    """A hundred megabytes, by what their sender says: not one of them is waited for."""
    before = stored(client)

    answer = exchange(
        serving,
        head(
            serving,
            "PUT /api/admin/queues/email/limit",
            f"Content-Length: {100 * MIB}",
            "Content-Type: application/json",
        ),
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in answer.lower()
    assert b"application/problem+json" in answer
    assert stored(client) == before


@pytest.mark.parametrize("path", ["/api/admin/queues/email/limit", "/sign-in", "/healthz"])
def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit(path: str, serving: Serving) -> None:
    """A hundred megabytes in chunks: the server hangs up long before they are sent, and keeps none."""
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    sent = 0
    method = "PUT" if "limit" in path else "POST"
    with connect(serving) as wire:
        wire.sendall(head(serving, f"{method} {path}", "Transfer-Encoding: chunked", "Content-Type: application/json"))
        with suppress(ConnectionError):
            while sent < 100 * MIB:
                wire.sendall(chunk)
                sent += len(chunk)

    assert sent < 20 * MIB  # what the kernel's buffers hold, and the limit


def test_a_body_that_is_a_little_too_long_is_read_so_that_its_sender_hears_why(operator: httpx.Client) -> None:
    """With and without a length."""
    long = b"x" * 2 * MIB

    answers = [
        operator.post("/sign-in", content=long),
        operator.post(
            "/api/admin/queues/email/pause", content=iter([long]), headers={"Content-Type": "application/json"}
        ),
    ]

    assert [answer.status_code for answer in answers] == [413, 413]
    assert [answer.json()["code"] for answer in answers] == ["content_too_large"] * 2


def test_a_bug_is_answered_and_logged_without_what_it_says(
    serving: Serving, operator: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error's text may hold an address; where it came from does not."""
    address = "ada@example.com"

    def break_down(*_: object) -> None:
        raise RuntimeError(address)

    monkeypatch.setattr(serving.app.inspector, "job", break_down)
    answer = operator.get("/api/admin/jobs/x")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "content-security-policy" in answer.headers
    assert address not in answer.text + caplog.text
    assert "unexpected RuntimeError" in caplog.text
    assert "in break_down" in caplog.text


@pytest.mark.parametrize("length", ["-1", "1e3", "12, 13", "0x10", "99999999999999999999999"])
def test_a_length_that_is_none_is_refused(length: str, serving: Serving) -> None:
    """Nothing is guessed of it."""
    answer = exchange(serving, head(serving, "POST /api/admin/queues/email/pause", f"Content-Length: {length}"))

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


def test_two_lengths_are_refused(serving: Serving) -> None:
    """What smuggles a second request past a proxy."""
    hidden = b"0\r\n\r\nGET /api/whoami HTTP/1.1\r\n\r\n"
    answer = exchange(
        serving,
        head(
            serving,
            "POST /api/admin/queues/email/pause",
            f"Content-Length: {len(hidden)}",
            "Transfer-Encoding: chunked",
        ),
        hidden,
    )

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", ""])
def test_a_request_for_another_host_is_refused(host: str, serving: Serving) -> None:
    """A name that leads here by somebody's DNS is not this machine's own."""
    assert exchange(serving, head(serving, "GET /healthz", f"Host: {host}", "Connection: close")).startswith(
        (b"HTTP/1.1 421 ", b"HTTP/1.1 400 ")
    )


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1", "[::1]:8765"])
def test_a_request_for_this_machine_is_served(host: str, serving: Serving) -> None:
    """By each of its names."""
    assert exchange(serving, head(serving, "GET /healthz", f"Host: {host}", "Connection: close")).startswith(
        b"HTTP/1.1 200 "
    )


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "a/b", "a@b", "ä", "shop.example.com:x"])
def test_a_host_that_is_none_is_refused_wherever_this_is_served(host: str, shared_server: Server) -> None:
    """Also where any name is served: pages and forms make URLs of it."""
    with Serving(shared_server.url, {"serve": {"host": "0.0.0.0"}}) as serving:
        refused = exchange(serving, head(serving, "GET /sign-in", f"Host: {host}", "Connection: close"))
        served = exchange(serving, head(serving, "GET /healthz", "Host: shop.example.com:8765", "Connection: close"))

    assert refused.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 "))
    assert served.startswith(b"HTTP/1.1 200 ")


def test_a_bug_in_pages_is_answered_all_the_same(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """In few words, and with the headers that browsers act on."""
    monkeypatch.setattr("notifyctl.web.dashboard.entrance.render", None)
    with serving.client(None, headers={"Accept": "text/html"}) as client:
        answer = client.get("/nothing")

    assert answer.status_code == 500
    assert "<h1>Internal Server Error</h1>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml",
        "/static/../__init__.py",
        "/static/%2e%2e/%2e%2e/__init__.py",
        "/static/..%2f..%2f__init__.py",
        "/static/..%5c..%5c__init__.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/app.js%00.css",
        "/static/%00",
        "/api/admin/jobs/..%2f..%2fqueues",
        "/api/admin/jobs/%00",
        "/api/admin/jobs/%0d%0aX-Evil:%201",
        "/api/admin/outbox/..%2f..%2f..%2fetc%2fpasswd",
        "/api/admin/outbox/%2e%2e%2fvalkey%2fappendonly",
        "/api/admin/templates/..%2f..%2fpyproject",
        "//evil.example/%2e%2e",
        "/sign-in/../api/admin/stats",
        "/healthz/..;/api/whoami",
    ],
)
def test_a_path_leads_nowhere_it_should_not(path: str, serving: Serving, client: redis.Redis) -> None:
    """Neither out of a folder nor into a header, and nothing is changed."""
    before = stored(client)

    answer = exchange(serving, head(serving, f"GET {path}", "Connection: close"))

    status, headers = answer.split(b"\r\n", 1)
    assert status.split()[1] in (b"404", b"400", b"422"), answer[:500]
    assert b"x-evil" not in headers.partition(b"\r\n\r\n")[0].lower()
    assert b"root:" not in answer
    assert b"import annotations" not in answer
    assert stored(client) == before


def test_long_headers_are_refused(serving: Serving) -> None:
    """Also those that never end: nobody keeps megabytes of them in memory."""
    whole = exchange(serving, head(serving, "GET /healthz", f"X-Long: {'x' * 70_000}", "Connection: close"))
    endless = exchange(serving, head(serving, "GET /healthz")[:-2], *[b"X-Long: " + b"x" * 100_000 + b"\r\n"] * 40)

    assert whole.startswith(b"HTTP/1.1 431 ")
    assert b"HTTP/1.1 2" not in endless


def test_a_caller_who_hangs_up_is_no_bug(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """Anybody can, and an error in the log would wake somebody."""
    caplog.set_level(logging.INFO, "notifyctl.web.access")
    with connect(serving) as wire:
        wire.sendall(head(serving, "POST /api/hooks/shopify", "Content-Length: 100") + b"{")

    wait_until(lambda: "/api/hooks/{platform} 499" in caplog.text, what="the request to be logged")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/api/whoami", "/static/app.css", "/nothing"])
def test_a_head_of_what_can_be_read_is_answered(path: str, serving: Serving, operator: httpx.Client) -> None:
    """As what watches over processes likes to ask (RFC 9110, 9.3.2); without a body, also on the wire."""
    got, asked = operator.get(path), operator.head(path)

    assert (asked.status_code, asked.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    assert exchange(serving, head(serving, f"HEAD {path}", "Connection: close")).endswith(b"\r\n\r\n")


def test_blank_lines_keep_no_connection_open(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may come before a request (RFC 9112, 2.2), but not for ever."""
    monkeypatch.setattr("notifyctl.web.wire._HEAD_S", 0.5)
    request = head(serving, "GET /healthz")
    with connect(serving) as wire:
        for sent in (request, b"\r\n" + request):
            wire.sendall(sent)
            assert wire.recv(65_536).startswith(b"HTTP/1.1 200 ")
        wire.sendall(b"\r\n")
        wire.settimeout(3)
        assert wire.recv(1) == b""


def test_every_answer_has_the_headers_that_browsers_act_on(serving: Serving, operator: httpx.Client) -> None:
    """Of pages, of the API, of what is not there and of what was refused."""
    answers = [operator.get(path) for path in ("/sign-in", "/api/whoami", "/nothing", "/static/nothing", "/healthz")]
    answers.append(operator.get("/healthz", headers={"Host": "evil.example"}))

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_access_log_names_routes_and_nothing_personal(
    serving: Serving, operator: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an address in a query nor an id in a path."""
    caplog.set_level(logging.INFO, "notifyctl.web.access")

    operator.get("/api/admin/jobs", params={"to": "ada@example.com"})
    operator.get("/api/admin/orders/ada@example.com")
    operator.get("/ada@example.com")
    wait_until(lambda: len(caplog.messages) >= 3)

    assert "ada" not in caplog.text
    assert caplog.messages[0].startswith("GET /api/admin/jobs 200 ")
    assert caplog.messages[1].startswith("GET /api/admin/orders/{order_id} 404 ")
    assert caplog.messages[2].startswith("GET - 404 ")
    assert "token " in caplog.messages[0]


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.1", False), ("shop.example.com", False), ("", False)],
)  # fmt: skip
def test_what_only_this_machine_can_reach_is_known(host: str, own: bool) -> None:
    """Anything else needs TLS."""
    assert is_loopback(host) is own


@pytest.fixture(autouse=True)
def no_noise() -> Iterator[None]:
    """Uvicorn's own warnings about what it refuses are not a test's concern."""
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(logging.NOTSET)
