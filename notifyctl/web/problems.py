"""From an error to what the caller gets: problem details (RFC 9457), or a page of the same content for a browser."""

from __future__ import annotations

import html
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException

from notifyctl.errors import (
    BrokerUnavailable,
    ConfigError,
    EngineError,
    Forbidden,
    HookRejected,
    HookUnverified,
    IdempotencyConflict,
    InvalidInput,
    InvalidOrder,
    InvalidOrders,
    JobNotFound,
    NotifyError,
    Overtaken,
    RequestUnderWay,
    ServerError,
    SpoolError,
    Suppressed,
    TooManyFailures,
    Unauthorized,
    UnknownHook,
    UnknownProvider,
    UnknownQueue,
    UnknownToken,
    WrongState,
)
from notifyctl.web.answers import Described, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI, Request

__all__ = ["RESPONSES", "bug", "install", "status_of"]

#: The first kind that fits says which status an error has; mirrors the exit codes of commands.
_STATUS: tuple[tuple[tuple[type[NotifyError], ...], int], ...] = (
    ((Unauthorized, HookRejected), 401),
    ((Forbidden,), 403),
    ((TooManyFailures,), 429),
    ((JobNotFound, UnknownQueue, UnknownProvider, UnknownToken, UnknownHook), 404),
    ((WrongState, IdempotencyConflict, RequestUnderWay, Overtaken, Suppressed), 409),
    ((InvalidInput,), 422),
    ((BrokerUnavailable, ServerError, SpoolError, HookUnverified), 503),
    ((ConfigError, EngineError), 500),
)
_RETRY_AFTER_S = 5
#: Names of statuses as RFC 9110 has them; those of older Pythons differ.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

#: What every route of the API may answer, beside what is its own.
RESPONSES: Described = {
    **problem(401, "No valid token was shown."),
    **problem(403, "The token's role may not do this."),
    **problem(422, "What was sent cannot be used; `errors` says where and why."),
    **problem(429, "Too many failed sign-ins from this address."),
    **problem(503, "Redis cannot be reached now; `Retry-After` says when to try again."),
}


def install(web: FastAPI) -> None:
    """Have every error of an application answered here."""
    web.add_exception_handler(NotifyError, _notify_error)
    web.add_exception_handler(RequestValidationError, _invalid)
    web.add_exception_handler(HTTPException, _http)


def status_of(error: NotifyError) -> int:
    """The HTTP status that an error has."""
    return next((status for kinds, status in _STATUS if isinstance(error, kinds)), 500)


async def _notify_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotifyError)  # noqa: S101 - it was installed for these
    headers = {}
    more: dict[str, Any] = {}
    status = status_of(error)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
        if _wants_page(request) and request.method == "GET":
            query = request.url.query
            wanted = quote(request.url.path + (f"?{query}" if query else ""), safe="/")
            return RedirectResponse("/sign-in" + (f"?next={wanted}" if wanted != "/" else ""), 303)
    elif isinstance(error, TooManyFailures):
        headers["Retry-After"] = str(error.retry_after_s)
    elif status == 503:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    faults = error.faults if isinstance(error, InvalidOrders) else [error] if isinstance(error, InvalidOrder) else []
    if faults:
        more["errors"] = [{"pointer": fault.path, "detail": fault.message} for fault in faults]
    return _answer(request, status, error.message, hint=error.hint, code=error.code, headers=headers, **more)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [
        {"pointer": _pointer(one["loc"]), "detail": one["msg"].removeprefix("Value error, ")} for one in error.errors()
    ]
    detail = "what was sent cannot be used"
    hint = "See 'errors' for what is wrong, and where."
    return _answer(request, 422, detail, hint=hint, code="invalid_input", errors=errors)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    headers = dict(error.headers or {})
    if error.status_code == 400 and error.__cause__ is not None:  # FastAPI's word for a body that is no text at all
        return _answer(request, 422, "the body cannot be read: expected JSON in UTF-8", code="invalid_input")
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    detail = {404: "there is nothing here", 405: "this cannot be done here"}.get(error.status_code, str(error.detail))
    code = _title(error.status_code).lower().replace(" ", "_")
    return _answer(request, error.status_code, detail, code=code, headers=headers)


def bug(request: Request, error: Exception) -> Response:
    """The answer to a request that a bug of ours has ended; the error's text may hold anything, and is left out."""
    detail = f"unexpected {type(error).__name__}"
    hint = "This is a bug: please report it, with what the server's log says."
    try:
        return _answer(request, 500, detail, hint=hint, code="internal")
    except Exception:  # noqa: BLE001 - pages are what is broken
        return HTMLResponse(_plain_page(request, {"title": _title(500), "detail": detail, "hint": hint}), 500)


def _answer(
    request: Request, status: int, detail: str, *, code: str, hint: str = "", headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:  # fmt: skip
    problem = {
        "type": f"urn:notifyctl:problem:{code}",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": request.scope.get("path", ""),
        **({"hint": hint} if hint else {}),
        **more,
    }
    if _wants_page(request):
        page = getattr(request.app.state, "problem_page", _plain_page)
        return HTMLResponse(page(request, problem), status, headers)
    return JSONResponse(problem, status, headers, media_type="application/problem+json")


def _methods(request: Request) -> list[str]:
    """What can be done at a path, over all routes that it fits."""
    routes = [route for route in iter_route_contexts(request.app.routes) if isinstance(route.original_route, APIRoute)]
    path = request.scope["path"]
    routes = [route for route in routes if route.path == path] or routes  # a name goes before an id
    found = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _title(status: int) -> str:
    return _TITLES.get(status) or HTTPStatus(status).phrase


def _wants_page(request: Request) -> bool:
    path = request.scope.get("path", "")
    return not path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _plain_page(request: Request, problem: dict[str, Any]) -> str:
    """A page of few words, for where there is no other."""
    del request
    title, detail, hint = (html.escape(str(problem.get(key, ""))) for key in ("title", "detail", "hint"))
    return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><p>{detail}</p><p>{hint}</p></html>"


def _pointer(place: Sequence[Any]) -> str:
    """Where something is: a JSON pointer (RFC 6901) into ``{"body": …, "query": …, "path": …}``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)
