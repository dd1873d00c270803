"""The sign-in page, pages about what went wrong, and the choice of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.pages import local, redirect, render, set_theme

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["problem_page", "router"]

router = APIRouter()

_TITLES = {
    401: "You are not signed in",
    403: "You may not do this",
    404: "There is nothing here",
    409: "Too late for that",
    422: "This cannot be used",
    429: "Too many tries",
    503: "Redis is away",
}


@router.get("/sign-in", response_class=HTMLResponse)
def sign_in(request: Request) -> HTMLResponse:
    """Ask for a token."""
    return _sign_in_page(request)


@router.post("/theme")
def theme(
    caller: Visitor,
    theme: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> RedirectResponse:
    """Keep the choice of colours in this browser."""
    del caller
    answer = redirect(back)
    set_theme(answer, theme)
    return answer


def problem_page(request: Request, problem: Mapping[str, Any]) -> str:
    """Return the page that says what went wrong; one about a sign-in is the sign-in page again."""
    status = problem["status"]
    if request.url.path == "/sign-in" and status != 503:
        page = _sign_in_page(request, f"{_sentence(problem['detail'])} {problem.get('hint', '')}")
    else:
        title = _TITLES.get(status, problem["title"])
        detail = "" if problem["detail"].lower() == title.lower() else _sentence(problem["detail"])
        told = {"hint": "", **problem, "title": title, "detail": detail}
        caller = None if status == 503 else getattr(request.state, "caller", None)
        page = render(request, "problem.html.j2", caller, problem=told, heals=status == 503)
    return bytes(page.body).decode()


def _sign_in_page(request: Request, error: str = "") -> HTMLResponse:
    wanted = local(request.query_params.get("next", "/"))
    return render(request, "sign_in.html.j2", next=wanted, error=error)


def _sentence(text: str) -> str:
    """An error's message as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
