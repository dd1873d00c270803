"""Turns a template and its context into a page, and an action into the way back to one.

Pages are HTML of this server alone: no inline script or style, everything escaped. What a page is told after an action
travels in a cookie that the next page takes away again.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from notifyctl.access import Permission
from notifyctl.web.dashboard import links, words
from notifyctl.web.dashboard.assets import asset_url

if TYPE_CHECKING:
    from fastapi import Request

    from notifyctl.web.caller import Caller

__all__ = ["local", "redirect", "render", "set_theme", "with_query"]

Tone = Literal["good", "warn", "bad"]

#: How a state looks, wherever it stands: of a job, a queue, a circuit, a worker, a finding, a replay.
TONES = {
    "waiting": "info", "delayed": "warn", "active": "accent", "completed": "good", "dead": "bad", "cancelled": "quiet",
    "running": "good", "paused": "warn", "blocked": "warn", "trial": "info",
    "closed": "good", "open": "bad", "half-open": "info",
    "busy": "accent", "idle": "good", "draining": "warn", "sandbox": "info",
    "ok": "good", "warn": "warn", "fail": "bad", "done": "good", "skipped": "quiet",
}  # fmt: skip

#: What a circuit's state means for whoever does not know circuits.
CIRCUIT_WORDS = {"closed": "works", "open": "left alone", "half-open": "on trial"}

_FLASH, _THEME = "notifyctl_flash", "notifyctl_theme"
_THEMES = ("light", "dark")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("notifyctl.web.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": words.ago, "chat": words.chat, "figure": words.figure, "iso": words.iso, "lasting": words.lasting,
        "moment": words.moment,
    }  # fmt: skip
    environment.globals |= {
        "circuit_words": CIRCUIT_WORDS,
        "job_url": links.job_url, "order_url": links.order_url, "pattern": words.pattern, "pretty": words.pretty,
        "spark": words.spark, "static": asset_url, "tones": TONES,
    }  # fmt: skip
    return environment


def render(
    request: Request, template: str, caller: Caller | None = None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """Return a page.

    Args:
        request: What is answered.
        template: Its template, below `templates/`. Beside `context` it knows `me` (the caller), `may` (whether they may
            do something, by a permission's word), `proof` (what forms carry), `query` (the parameters), `here` (path
            and query), `with_query` and what `components.html.j2` needs.
        caller: Who is signed in; None on a page for whoever comes.
        status: The HTTP status.
        context: What the page shows.
    """
    refreshed = "x-live" in request.headers
    flash = None if refreshed else request.cookies.get(_FLASH)
    theme = request.cookies.get(_THEME, "")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    shared = {
        "me": caller,
        "may": lambda word: caller is not None and caller.may(Permission(word)),
        "proof": caller.proof if caller is not None else "",
        "flashes": _read_flash(flash),
        "theme": theme if theme in _THEMES else "",
        "here": here,
        "query": dict(request.query_params),
        "with_query": partial(with_query, request),
        "is_current": partial(_is_current, request.url.path),
        "namespace": request.app.state.core.settings.namespace,
    }
    text = _environment().get_template(template).render({**shared, **context})
    page = HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})
    if flash is not None:
        page.delete_cookie(_FLASH, httponly=True, samesite="lax")
    return page


def redirect(to: str, told: str = "", tone: Tone = "good") -> RedirectResponse:
    """Return the way to a page after an action, which is told there what the action came to."""
    answer = RedirectResponse(local(to), status_code=303)
    if told:
        content = urlsafe_b64encode(json.dumps([told[:1000], tone]).encode()).decode()
        answer.set_cookie(_FLASH, content, max_age=60, httponly=True, samesite="lax")
    return answer


def set_theme(answer: RedirectResponse, theme: str) -> None:
    """Keep in the browser in which colours somebody wants the pages; an empty word leaves it to their system."""
    if theme in _THEMES:
        answer.set_cookie(_THEME, theme, max_age=365 * 24 * 3600, httponly=True, samesite="lax")
    else:
        answer.delete_cookie(_THEME, httponly=True, samesite="lax")


def local(path: str) -> str:
    """Return a path of this server, or the way to the overview for what leads elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"


def with_query(request: Request, **changes: str | int | None) -> str:
    """Return this page's URL with other parameters; None takes one away."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes and value]
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = urlencode([*kept, *added])
    return request.url.path + (f"?{query}" if query else "")


def _is_current(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href + "/"))


def _read_flash(cookie: str | None) -> list[dict[str, str]]:
    """What the last action came to; nothing for a cookie that is none of ours."""
    try:
        text, tone = json.loads(urlsafe_b64decode(cookie or ""))
    except (ValueError, TypeError, RecursionError):
        return []
    return [{"text": str(text), "tone": str(tone) if tone in ("good", "warn", "bad") else "warn"}]
