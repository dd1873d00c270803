"""Who calls, and whether they may.

    Reader = Annotated[Caller, Depends(allowed(Permission.READ))]       routes of the API: a token
    Visitor = Annotated[Caller, Depends(signed_in(Permission.READ))]    pages: a session

A page that changes something is a POST: its form carries the session's proof in the field `proof`, and the browser says
itself that the form came from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer

from notifyctl.access import Permission, Role, Session, Token
from notifyctl.app import App
from notifyctl.errors import Forbidden, Unauthorized
from notifyctl.web.context import Core

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COOKIE", "PROOF", "Caller", "address_of", "allowed", "came_from_here", "cookie_name", "known", "signed_in"]

#: The session's cookie; under TLS with the prefix that ties it to this host.
COOKIE = "notifyctl_session"
#: The field of a form that holds the session's proof.
PROOF = "proof"

_BEARER: dict[str, Any] = {
    "scheme_name": "token",
    "bearerFormat": "ntf_<id>_<secret>",
    "description": "A token that `notifyctl token create` made.",
    "auto_error": False,
}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls.

    Attributes:
        name: What their token is called.
        role: What they may do.
        token_id: Their token.
        session: Their browser's session; None for a program.
    """

    name: str
    role: Role
    token_id: str
    session: Session | None = None

    @classmethod
    def of(cls, token: Token, session: Session | None = None) -> Caller:
        """The caller that a token stands for."""
        return cls(token.name, token.role, token.id, session)

    @property
    def by(self) -> str:
        """Who they are, for the audit log."""
        return f"{self.name} (token {self.token_id})"

    @property
    def proof(self) -> str:
        """What each form of their session carries; empty for a program."""
        return self.session.proof if self.session else ""

    def may(self, permission: Permission) -> bool:
        """Whether their role may do this."""
        return self.role.may(permission)


class _Allowed(HTTPBearer):
    """A dependency that depends on no other: each costs every request some microseconds."""

    def __init__(self, permissions: tuple[Permission, ...]) -> None:
        super().__init__(**_BEARER)
        self.permissions = permissions

    async def __call__(self, request: Request) -> Any:  # type: ignore[override]  # there are no sockets here
        """Return the caller."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise Unauthorized("no token was shown", hint="Send it as 'Authorization: Bearer ntf_…'.")
        app: App = request.app.state.core
        token = app.tokens.remembered(text)
        if token is None:
            token = await run_in_threadpool(_checked, app, text, address_of(request))
        return _permitted(request, Caller.of(token), self.permissions)


class _Known(_Allowed):
    async def __call__(self, request: Request) -> Any:  # type: ignore[override]  # there are no sockets here
        """Return the caller."""
        if "authorization" in request.headers or cookie_name(request) not in request.cookies:
            return await super().__call__(request)
        session = await run_in_threadpool(_session, request, request.app.state.core)
        return _permitted(request, Caller.of(session.token, session), self.permissions)


def allowed(*permissions: Permission) -> Callable[..., Any]:
    """Return the dependency of an API route: the caller, who shows a token and may do one of these."""
    return _Allowed(permissions)


def known(*permissions: Permission) -> Callable[..., Any]:
    """Return the dependency of what both programs and browsers read: the caller, by token or session."""
    return _Known(permissions)


def _checked(app: App, text: str, address: str) -> Token:
    """Return a token that Redis may have to be asked for; a wrong one counts as a guess."""
    try:
        return app.tokens.check(text)
    except Unauthorized:
        app.guesses.count(address)
        raise


def signed_in(*permissions: Permission) -> Callable[..., Any]:
    """Return the dependency of a page: the caller, whose browser is signed in and who may do one of these."""

    async def caller(request: Request, session: Annotated[Session, Depends(_session)]) -> Caller:
        if request.method not in _SAFE_METHODS:
            await _require_own_form(request, session)
        return _permitted(request, Caller.of(session.token, session), permissions)

    caller.permissions = permissions  # type: ignore[attr-defined]  # for whoever lists the routes
    return caller


def _permitted(request: Request, caller: Caller, permissions: tuple[Permission, ...]) -> Caller:
    request.state.caller = caller
    if not any(map(caller.may, permissions)):
        roles = [role.value for role in Role if any(map(role.may, permissions))]
        raise Forbidden(f"a {caller.role} may not do this", hint=f"It takes a token of role {' or '.join(roles)}.")
    return caller


def _session(request: Request, app: Core) -> Session:
    cookie = request.cookies.get(cookie_name(request))
    if not cookie:
        raise Unauthorized("nobody is signed in", hint="Sign in with a token.")
    return app.sessions.find(cookie)


async def _require_own_form(request: Request, session: Session) -> None:
    proof = (await request.form()).get(PROOF)
    if not came_from_here(request) or not isinstance(proof, str) or not session.proves(proof):
        raise Forbidden("this form did not come from a page of this dashboard", hint="Load the page again.")


def came_from_here(request: Request) -> bool:
    """Whether the browser says that a request came from a page of this very site, or says nothing of it."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # our pages send no referrer, and with it browsers keep the origin of a form back
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin.lower() == f"{request.scope['scheme']}://{request.headers.get('host', '')}".lower()


def cookie_name(request: Request) -> str:
    """What the session's cookie is called: under TLS no other host can set it."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def address_of(request: Request) -> str:
    """Where a request came from."""
    return request.client.host if request.client else ""
