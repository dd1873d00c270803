"""Signing in to the dashboard with a token, and out again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse

from notifyctl.access import Permission
from notifyctl.errors import Forbidden, Unauthorized
from notifyctl.web.caller import Caller, address_of, came_from_here, cookie_name, signed_in
from notifyctl.web.context import Core
from notifyctl.web.dashboard.pages import local

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_DOOR = "page "


@router.post("/sign-in")
def sign_in(
    request: Request, app: Core, token: Annotated[str, Form()] = "", next_page: Annotated[str, Form(alias="next")] = "/"
) -> RedirectResponse:
    """Begin a session, and go on to the page that was asked for."""
    if not came_from_here(request):
        raise Forbidden("this form did not come from a page of this dashboard", hint="Load the page again.")
    address = address_of(request)
    app.guesses.refuse_above(address, _DOOR)
    try:
        found = app.tokens.check(token.strip())
    except Unauthorized:
        app.guesses.count(address, _DOOR)
        raise
    if not found.role.may(Permission.READ):
        raise Forbidden(f"a {found.role} may not look at the dashboard", hint="Sign in with a token of another role.")
    answer = RedirectResponse(local(next_page), 303)
    answer.set_cookie(
        cookie_name(request),
        app.sessions.start(found),
        max_age=app.sessions.lasts_ms // 1000,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


@router.post("/sign-out")
def sign_out(
    request: Request, app: Core, caller: Annotated[Caller, Depends(signed_in(Permission.READ))]
) -> RedirectResponse:
    """End the session, also for whoever has a copy of its cookie."""
    del caller
    name = cookie_name(request)
    app.sessions.end(request.cookies[name])
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer
