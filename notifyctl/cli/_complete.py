"""What the shell offers after Tab: names and ids from the server, quickly or not at all.

Never starts a server, and never prints: a shell would show it in the middle of a line.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from notifyctl.engine.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.inspector import Inspector
    from notifyctl.settings import Settings

__all__ = ["cancellable_ids", "dead_ids", "job_ids", "provider_names", "queue_names", "replay_ids", "template_names"]

#: How long the server may take to answer: to start takes 0.2 s, and what comes after 0.3 s is of no use.
_PATIENCE_S = 0.1
_MOST_IDS = 20


def queue_names(incomplete: str) -> list[str]:
    """The queues there are."""
    return _matching(incomplete, _ask(lambda inspector: inspector.queues()) or _configured_queues())


def provider_names(incomplete: str) -> list[str]:
    """The providers that the settings name."""
    from notifyctl.notification import Channel
    from notifyctl.providers.configured import provider_names as names_of

    settings = _settings()
    found = [name for channel in Channel for name in names_of(settings, channel)] if settings else []
    return _matching(incomplete, list(dict.fromkeys(found)))


def dead_ids(incomplete: str) -> list[str]:
    """The ids of recent dead letters."""
    return _ids(incomplete, State.DEAD)


def job_ids(incomplete: str) -> list[str]:
    """The ids of jobs that an operator may look for: those in trouble first."""
    return _ids(incomplete, State.DEAD, State.DELAYED, State.ACTIVE, State.WAITING)


def cancellable_ids(incomplete: str) -> list[str]:
    """The ids of jobs that have not gone yet."""
    return _ids(incomplete, State.DELAYED, State.WAITING)


def replay_ids(incomplete: str) -> list[str]:
    """The ids of recent bulk replays."""

    def found(inspector: Inspector) -> list[str]:
        from notifyctl.engine.replays import Replays

        return [replay.replay_id for replay in Replays(inspector).list(limit=_MOST_IDS)]

    return _matching(incomplete, _ask(found))


def _ids(incomplete: str, *states: State) -> list[str]:
    def found(inspector: Inspector) -> list[str]:
        from notifyctl.engine.search import JobFilter

        return [job.job_id for job in inspector.find(JobFilter(states=states), limit=_MOST_IDS).jobs]

    return _matching(incomplete, _ask(found))


def template_names(incomplete: str) -> list[str]:
    """The templates of all channels."""
    from notifyctl.templates.catalog import Catalog

    settings = _settings()
    if settings is None:
        return []
    catalog = Catalog(settings.templates_dir)
    return _matching(incomplete, sorted({*catalog.email_names(), *catalog.whatsapp_names()}))


def _matching(incomplete: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _configured_queues() -> list[str]:
    settings = _settings()
    return list(settings.queues) if settings else []


def _settings() -> Settings | None:
    """The settings; the whole application would take too long to load."""
    from notifyctl.settings import Settings

    with suppress(Exception):
        return Settings.load()
    return None


def _ask(question: Callable[[Inspector], list[str]]) -> list[str]:
    """Return the server's answer; nothing where it is away, slow or wrong."""
    settings = _settings()
    if settings is None:
        return []
    found: list[str] = []
    with suppress(Exception):
        url = settings.redis.target() or _embedded_url(settings)
        if url:
            inspector = _hasty_inspector(settings, url)
            # in a thread of its own: nothing else ends a look-up of a host's name that hangs
            asking = Thread(target=lambda: found.extend(_answered(question, inspector)), daemon=True)
            asking.start()
            asking.join(_PATIENCE_S)
    return found


def _answered(question: Callable[[Inspector], list[str]], inspector: Inspector) -> list[str]:
    with suppress(Exception):
        return question(inspector)
    return []


def _embedded_url(settings: Settings) -> str | None:
    from notifyctl import embedded

    running = embedded.status(settings)
    return running.url if running else None


def _hasty_inspector(settings: Settings, url: str) -> Inspector:
    from notifyctl.connection import connect
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.scripts import Retention

    rates = {name: queue.rate for name, queue in settings.queues.items()}
    return Inspector(connect(url, role="operator"), settings.namespace, rates=rates, retention=Retention())
