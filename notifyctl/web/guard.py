"""What holds for every request: which host it is for, how long it may be, which headers its answer has, what is logged.

Pure ASGI, as each request goes through it. A log line names the route, never the path or the query: those may hold an
address.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from notifyctl.settings import Settings

__all__ = ["Guard", "Limits"]

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
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]", "::1")

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


class Guard:
    """Goes around the whole application.

    Args:
        app: The application.
        limits: What requests may be like.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message.get("headers", ()), scope)
            await send(message)

        try:
            await self._guarded(scope, receive, answer)
        finally:
            _tell(scope, status, time.monotonic() - started)

    async def _guarded(self, scope: Scope, receive: Receive, answer: Send) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if self._limits.hosts and not self._is_ours([value for name, value in headers if name == b"host"]):
            await _refuse(answer, 421, "Misdirected Request", "this server does not serve that host")
            return
        most = self._limits.max_body_bytes
        said = next((value for name, value in headers if name == b"content-length"), b"0")
        if not said.isdigit() or int(said) > most:
            await _refuse(answer, 413, "Content Too Large", f"a request may have {most} bytes at most")
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:  # of a body that did not say how long it is
                raise HTTPException(413, f"a request may have {most} bytes at most", {"connection": "close"})
            return message

        await self._app(scope, limited, answer)

    def _is_ours(self, hosts: list[bytes]) -> bool:
        if len(hosts) != 1:
            return False
        host = hosts[0].decode("latin-1").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name in self._limits.hosts or host in self._limits.hosts


def _with_ours(headers: Any, scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, and ours, where it does not say otherwise itself."""
    given = list(headers)
    names = {name.lower() for name, _ in given}
    given += [header for header in _HEADERS.items() if header[0] not in names]
    if scope["scheme"] == "https":
        given.append(_TLS_ONLY)
    return given


async def _refuse(send: Send, status: int, title: str, detail: str) -> None:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
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
