"""What holds for every request: which host it is for, how long it may be, which headers its answer has, what is logged.

Pure ASGI, as each request goes through it. A log line names the route, never the path or the query: those may hold an
address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from notifyctl.settings import Settings

__all__ = ["MOST_HEAD_BYTES", "Guard", "Limits", "is_loopback"]

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; frame-src 'self'"
)
_HEADERS: Final = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"cache-control": b"no-store",
}
_TLS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000")
#: How many bytes the headers of a request may have.
MOST_HEAD_BYTES: Final = 65_536
#: So much more than is allowed is read of a body, and thrown away.
_DRAINED_BYTES: Final = 8 * 1024**2
#: So long is waited for the next part of a body.
_SILENCE_S: Final = 20
#: What is logged of a request whose caller went before its end; nobody is there to be answered.
_HUNG_UP: Final = 499
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]", "::1")

#: A name or an address, and maybe a port (RFC 9110, 7.2).
_HOST: Final = re.compile(rb"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")

_log = logging.getLogger("notifyctl.web.access")


@dataclass(frozen=True, slots=True)
class Limits:
    """What requests may be like.

    Attributes:
        max_body_bytes: So long at most.
        hosts: For one of these; for any where there is none.
    """

    max_body_bytes: int
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings, *, behind_proxy: bool = False) -> Limits:
        """Return what the settings say: where only this machine is listened to, only its own names are served."""
        serve = settings.serve
        own = _LOOPBACK if is_loopback(serve.host) and not behind_proxy else ()
        return cls(serve.max_body_bytes, frozenset(name.lower() for name in serve.hosts or own))


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Body:
    """A request's body on its way in.

    Args:
        receive: Where it comes from.
        headers: What its sender says of it.
        most: How many bytes it may have.
    """

    def __init__(self, receive: Receive, headers: list[tuple[bytes, bytes]], most: int) -> None:
        self._receive = receive
        self._most = most
        self._received = 0
        said = [value for name, value in headers if name == b"content-length"]
        self.is_short = all(value.isdigit() and int(value) <= most for value in said)
        chunked = any(name == b"transfer-encoding" for name, _ in headers)
        self.is_coming = chunked or any(value != b"0" for value in said)
        self._waits = any(name == b"expect" for name, _ in headers)  # to be told to go on
        self._worth_draining = all(value.isdigit() and int(value) <= most + _DRAINED_BYTES for value in said)
        self.refusal = f"a request may have {most} bytes at most"

    async def receive(self) -> Message:
        """Return the next part of it.

        Raises:
            HTTPException: It has become too long, or does not come.
        """
        if not self.is_coming:
            return await self._receive()
        message = await self._next()
        if self._received > self._most:  # of a body that did not say how long it is
            await self.drain()
            raise HTTPException(413, self.refusal)
        return message

    async def drain(self) -> None:
        """Read a little more than is allowed: a client that still sends would not see why it is refused."""
        if self._worth_draining and not self._waits:
            with suppress(HTTPException):
                while self.is_coming and self._received < self._most + _DRAINED_BYTES:
                    await self._next()

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(_SILENCE_S):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"nothing came for {_SILENCE_S} s") from None
        self._received += len(message.get("body", b""))
        self.is_coming = message.get("more_body", False)
        return message


class Guard:
    """Goes around the whole application.

    Args:
        app: The application.
        limits: What requests may be like.
        broken: Makes the answer to a request that a bug of ours has ended.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, broken: Callable[[Request, Exception], Response]) -> None:
        self._app = app
        self._limits = limits
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0
        body = _Body(receive, scope["headers"], self._limits.max_body_bytes)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message.get("headers", ()), scope, close=body.is_coming)
            await send(message)

        try:
            # uvicorn leaves the body of its answer out by itself
            asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
            await self._guarded(asked, body, answer)
        except ClientDisconnect:
            status = status or _HUNG_UP
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            # its text may hold anything; the lines of code that it came from do not
            _log.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            if status:
                raise ConnectionAbortedError from None
            await self._broken(Request(scope), error)(scope, receive, answer)
        finally:
            _tell(scope, status, time.monotonic() - started)

    async def _guarded(self, scope: Scope, body: _Body, answer: Send) -> None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEAD_BYTES:
            await _refuse(answer, 431, "Request Header Fields Too Large", f"they may have {MOST_HEAD_BYTES} bytes")
        elif not self._is_ours([value for name, value in scope["headers"] if name == b"host"]):
            await _refuse(answer, 421, "Misdirected Request", "this server does not serve that host")
        elif not body.is_short:
            await body.drain()
            await _refuse(answer, 413, "Content Too Large", body.refusal)
        else:
            await self._app(scope, body.receive, answer)

    def _is_ours(self, hosts: list[bytes]) -> bool:
        if len(hosts) > 1 or not all(map(_HOST.fullmatch, hosts)):
            return False
        if not self._limits.hosts:
            return True
        host = hosts[0].decode().lower() if hosts else ""
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name in self._limits.hosts or host in self._limits.hosts


def _with_ours(headers: Any, scope: Scope, *, close: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, and ours, where it does not say otherwise itself.

    Args:
        headers: Its own.
        scope: What it answers.
        close: Hang up after it: what is still sent would be read for nothing.
    """
    given = list(headers)
    names = {name.lower() for name, _ in given}
    given += [header for header in _HEADERS.items() if header[0] not in names]
    if scope["scheme"] == "https":
        given.append(_TLS_ONLY)
    if close:
        given.append((b"connection", b"close"))
    return given


async def _refuse(send: Send, status: int, title: str, detail: str) -> None:
    code = title.lower().replace(" ", "_")
    problem = {
        "type": f"urn:notifyctl:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    body = json.dumps(problem).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _tell(scope: Scope, status: int, took_s: float) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    route = getattr(scope.get("route"), "path", "-")
    caller = scope.get("state", {}).get("caller")
    who = caller.token_id if caller else "-"
    _log.info("%s %s %d %.1f ms, token %s", scope["method"], route, status, took_s * 1000, who)
