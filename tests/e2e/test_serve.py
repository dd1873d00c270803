"""`notifyctl serve`: the HTTP API and the dashboard, in a process of their own."""

from __future__ import annotations

import re
import signal
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.certificate import make_certificate
from tests.support.cli import run, start
from tests.support.sockets import unused_port
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.cli import Result


@contextmanager
def served(*words: str, **variables: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve somewhere for as long as the block runs; yields the URL."""
    process = start("serve", "--port", "0", *words, **variables)
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if found := re.search(r"serving (https?://\S+) on", line):
            break
    else:
        raise AssertionError(told)
    try:
        yield found[1], process
    finally:
        process.kill()
        process.communicate()


def token(ok: Callable[..., Result], role: str = "operator") -> dict[str, str]:
    """The header of a new token."""
    return {"Authorization": f"Bearer {ok('token', 'create', 'tests', '--role', role).out.strip()}"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_until_a_signal_and_ends_in_order(number: signal.Signals, ok: Callable[..., Result]) -> None:
    """Exit code 0, no traceback, nothing on standard output, and no personal data in the log."""
    shown = token(ok)
    with served() as (url, process):
        answer = httpx.get(f"{url}/api/admin/jobs?to=ada@example.com", headers=shown, trust_env=False)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert answer.json() == {"items": [], "cursor": None}
    assert (process.returncode, out) == (0, "")
    assert "GET /api/admin/jobs 200" in err
    assert "Traceback" not in err
    assert "example.com" not in err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3"])
def test_serve_refuses_to_be_public_without_tls(host: str, redis_url: str) -> None:
    """And names the ways out; nothing listens then."""
    result = run("serve", "--host", host, "--port", "0")

    assert result.code == 1
    assert "there is no TLS" in result.err
    for way in ("NOTIFYCTL_SERVE_CERTIFICATE", "--behind-tls-proxy", "--insecure-public"):
        assert way in result.err


def test_serve_is_public_where_that_is_said(redis_url: str) -> None:
    """With a warning; and without a token, it says how one is made."""
    # a way to write 127.0.0.1 that is not taken for it
    process = start("serve", "--port", "0", "--host", "127.1", "--insecure-public")
    assert process.stderr is not None
    told = [process.stderr.readline() for _ in range(3)]
    process.kill()
    process.communicate()

    assert "warning: what is sent here can be read on its way" in told[0]
    assert "there is no token yet: 'notifyctl token create NAME --role operator'" in told[1]
    assert "serving http://127.1:" in told[2]


def test_serve_with_a_certificate_ties_sessions_to_tls(ok: Callable[..., Result], tmp_path: Path) -> None:
    """The cookie is Secure and of this host alone, and browsers are told to come by TLS from then on."""
    made = make_certificate(tmp_path, "localhost", "127.0.0.1")
    text = token(ok)["Authorization"].removeprefix("Bearer ")
    files = {"NOTIFYCTL_SERVE_CERTIFICATE": str(made.ca_file), "NOTIFYCTL_SERVE_PRIVATE_KEY": str(made.key_file)}
    with served(**files) as (url, _):
        trust = ssl.create_default_context(cafile=str(made.ca_file))
        answer = httpx.post(f"{url}/sign-in", data={"token": text}, verify=trust, trust_env=False)

    assert url.startswith("https://")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-notifyctl_session=")
    assert "; secure" in cookie.lower()
    assert "max-age" in answer.headers["strict-transport-security"]


def test_serve_believes_a_proxy_only_where_that_is_said(ok: Callable[..., Result]) -> None:
    """Of where a request came from, and that it came by TLS."""
    text = token(ok)["Authorization"].removeprefix("Bearer ")
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    cookies = []
    for words in ((), ("--behind-tls-proxy",)):
        with served(*words) as (url, _):
            answer = httpx.post(f"{url}/sign-in", data={"token": text}, headers=forwarded, trust_env=False)
            cookies.append(answer.headers["set-cookie"].partition("=")[0])

    assert cookies == ["notifyctl_session", "__Host-notifyctl_session"]


def test_serve_tells_of_a_port_in_use(redis_url: str) -> None:
    """With what to do about it."""
    with served() as (url, _):
        result = run("serve", "--port", url.rpartition(":")[2])

    assert result.code == 1
    assert "cannot listen at 127.0.0.1:" in result.err
    assert "--port" in result.err


def test_serve_starts_without_redis_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives, is not ready, and tells programs when to come again."""
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{unused_port()}")
    with served() as (url, _):
        healthy = httpx.get(f"{url}/healthz", trust_env=False)
        ready = httpx.get(f"{url}/readyz", trust_env=False)
        asked = httpx.get(
            f"{url}/api/admin/stats", headers={"Authorization": f"Bearer ntf_aaaaaaaa_{'a' * 43}"}, trust_env=False
        )

    assert healthy.status_code == 200
    assert [(answer.status_code, answer.json()["code"]) for answer in (ready, asked)] == [
        (503, "redis_unavailable")
    ] * 2
    assert int(asked.headers["retry-after"]) > 0


def test_serve_ends_though_a_caller_stays(ok: Callable[..., Result]) -> None:
    """Whoever keeps a connection open does not hold up a restart."""
    with served() as (url, process), httpx.Client(base_url=url, headers=token(ok), trust_env=False) as caller:
        assert caller.get("/healthz").status_code == 200
        process.terminate()
        wait_until(lambda: process.poll() is not None, timeout_s=15, what="the server to end")

    assert process.returncode == 0
