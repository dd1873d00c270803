"""Assembly: routes, what guards all of them, and what becomes of errors."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from notifyctl import __version__
from notifyctl.app import App
from notifyctl.web import dashboard, problems
from notifyctl.web.desk import Desk
from notifyctl.web.guard import Guard, Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.reception import Handover

__all__ = ["create_app"]

#: Modules with a `router`, in the order in which the API's reference tells of them.
_ROUTES = (
    "orders", "notifications", "hooks", "timelines", "jobs", "dead_letters_in_bulk", "dead_letters", "replays",
    "queues", "providers", "templates", "outbox", "fleet", "metrics", "acts", "identity", "health", "reference",
    "sign_in",
)  # fmt: skip


def create_app(app: App, limits: Limits | None = None) -> FastAPI:
    """Return the HTTP application over an application's parts.

    Args:
        app: The parts; the caller closes them.
        limits: What requests may be like; by default as the settings say.
    """

    def take(requests: Sequence[Handover]) -> Sequence[Any]:
        return app.doors.reception.take(requests)  # which is built, and connects, when it is first needed

    web = FastAPI(
        title="notifyctl",
        version=__version__,
        summary="The notification queue for shops: email and WhatsApp, nothing lost, nothing sent twice.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    web.state.core = app
    web.state.desk = Desk(take)
    problems.install(web)
    for name in _ROUTES:
        web.include_router(import_module(f"notifyctl.web.routes.{name}").router)
    dashboard.install(web)
    web.add_middleware(Guard, limits=limits or Limits.of(app.settings), broken=problems.bug)
    return web
