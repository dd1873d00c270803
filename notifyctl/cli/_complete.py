"""What the shell offers after Tab: names and ids from the server, quickly or not at all.

Never starts a server, and never prints: a shell would show it in the middle of a line.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from notifyctl.engine.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from notifyctl.engine.inspector import Inspector

__all__ = ["dead_ids", "queue_names", "template_names"]

#: How long the server may take to answer; a completion that comes later is of no use.
_PATIENCE_S = 0.3
_MOST_IDS = 20


def queue_names(incomplete: str) -> list[str]:
    """The queues there are."""
    return _matching(incomplete, _ask(lambda inspector: inspector.queues()) or _configured_queues())


def dead_ids(incomplete: str) -> list[str]:
    """The ids of recent dead letters."""

    def recent(inspector: Inspector) -> list[str]:
        jobs = [job for queue in inspector.queues() for job in inspector.jobs(queue, State.DEAD, limit=_MOST_IDS)]
        return [job.job_id for job in sorted(jobs, key=lambda job: -job.finished_at_ms)[:_MOST_IDS]]

    return _matching(incomplete, _ask(recent))


def template_names(incomplete: str) -> list[str]:
    """The templates of all channels."""
    app = _app()
    if app is None:
        return []
    return _matching(incomplete, sorted({*app.catalog.email_names(), *app.catalog.whatsapp_names()}))


def _matching(incomplete: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _configured_queues() -> list[str]:
    app = _app()
    return list(app.settings.queues) if app else []


def _app() -> App | None:
    from notifyctl.cli._context import load_app

    with suppress(Exception):
        return load_app()
    return None


def _ask(question: Callable[[Inspector], list[str]]) -> list[str]:
    """Return the server's answer; nothing where it is away, slow or wrong."""
    app = _app()
    if app is None:
        return []
    with suppress(Exception):
        url = app.settings.redis.target() or _embedded_url(app)
        if url:
            return question(_hasty_inspector(app, url))
    return []


def _embedded_url(app: App) -> str | None:
    from notifyctl import embedded

    running = embedded.status(app.settings)
    return running.url if running else None


def _hasty_inspector(app: App, url: str) -> Inspector:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    from notifyctl.engine.inspector import Inspector

    client = Redis.from_url(
        url,
        protocol=2,
        driver_info=None,
        socket_connect_timeout=_PATIENCE_S,
        socket_timeout=_PATIENCE_S,
        retry=Retry(NoBackoff(), 0),
    )
    rates = {name: queue.rate for name, queue in app.settings.queues.items()}
    return Inspector(client, app.settings.namespace, rates=rates, retention=app.retention)
