"""From the settings to the application that a command works with, and what a person should know about it."""

from __future__ import annotations

import getpass
import logging
import socket
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from notifyctl.cli._output import say
from notifyctl.views.places import told_route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from notifyctl.app import App
    from notifyctl.notification import Channel

__all__ = [
    "connected",
    "load_app",
    "noted",
    "operator",
    "producing",
    "progress",
    "say_if_sandboxed",
]


def load_app(**overrides: Any) -> App:
    """Return the application of the settings that hold here and now. Talks to no server yet.

    Args:
        overrides: Settings given as flags; they win over every other place.

    Raises:
        ConfigError: A setting cannot be used.
    """
    from notifyctl.app import App
    from notifyctl.settings import Settings

    return App(Settings.load(**overrides))


def connected(app: App | None = None) -> App:
    """Return the application with a server to talk to: without a configured one, the embedded one is started.

    Raises:
        ConfigError: A setting cannot be used.
        ServerError: The embedded server cannot be started.
    """
    app = app or load_app()
    _ = app.target  # starts the server
    if app.started_server is not None:
        say(f"started the embedded server, pid {app.started_server}; it stays until 'notifyctl server stop'")
    return app


def producing(app: App) -> App:
    """Return the application with a way for messages: a server, as `connected` has it, or the spool until it is there.

    Raises:
        ConfigError: A setting cannot be used.
        ServerError: The embedded server cannot be started, and the spool is turned off.
    """
    logging.getLogger("notifyctl.notifier").setLevel(logging.ERROR)  # an outage is told in the command's own words
    _ = app.notifier
    if app.missing_server is not None:
        say(f"note: {app.missing_server.message}")
        return app
    return connected(app)


def operator() -> str:
    """Who gives this command, for the audit log."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def noted(app: App, verb: str, what: str, *, counts: Mapping[str, int] | None = None) -> None:
    """Keep in the audit log what was done, unless Redis is away: it was done all the same."""
    from notifyctl.errors import NotifyError

    with suppress(NotifyError):
        app.audit.note(verb, what, by=operator(), counts=counts)


def say_if_sandboxed(app: App, *channels: Channel) -> None:
    """Say of channels whose messages nobody will get that they go to the outbox."""
    for channel in channels:
        if app.sandboxed(channel):
            say(f"note: {channel} goes to the {told_route(app, channel)}")


class Bar:
    """A progress bar, or nothing where standard error is no terminal."""

    def __init__(self, shown: Any = None, task: Any = None) -> None:
        self._shown = shown
        self._task = task

    def to(self, done: int) -> None:
        """Show that so much is done."""
        if self._shown is not None:
            self._shown.update(self._task, completed=done)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Bar]:
    """Show a bar on standard error while the block runs, if that is a terminal.

    Args:
        what: A word or two before the bar.
        total: What "done" is; None where nobody knows.
    """
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, shown.add_task(what, total=total))
