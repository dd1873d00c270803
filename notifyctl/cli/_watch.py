"""`stats --watch` on a terminal: a screen of its own that is drawn anew, and given back as it was."""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from notifyctl.cli._screen import MOST_MINUTES, Look, columns, screen
from notifyctl.clock import now_ms
from notifyctl.errors import BrokerUnavailable
from notifyctl.notification import Channel
from notifyctl.views.pace import Pace
from notifyctl.views.queues import queue_records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta
    from types import FrameType

    from notifyctl.app import App
    from notifyctl.cli._output import Record
    from notifyctl.engine.totals import Totals

__all__ = ["watch"]

#: Rates are those of the last so many seconds: long enough to be calm, short enough to be live.
_LATELY_S, _LEAST_S = 15.0, 2.0
_EVENTS = 8


def watch(app: App, names: Sequence[str], every: timedelta, is_over: Callable[[Sequence[Record]], bool]) -> None:
    """Show queues again and again, until Ctrl-C or until it is over.

    A server that goes away is told on the screen, which shows what was there until it is back.

    Args:
        app: Where they are.
        names: Which ones; all where there is none.
        every: How often.
        is_over: Told of each look; whether it was the last.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        UnknownQueue: There is no such queue.
        BrokerUnavailable: Redis cannot be reached at the very first look.
    """
    console, watcher = Console(), _Watcher(app, names)
    look, away = watcher.look(console.width), ""
    signal.signal(signal.SIGTERM, _leave)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(screen(look, every, away, console), refresh=True)
            if not away and is_over(look.queues):
                return
            time.sleep(every.total_seconds())
            try:
                look, away = watcher.look(console.width), ""
            except BrokerUnavailable as error:
                away = error.message


def _leave(number: int, frame: FrameType | None) -> None:
    """Give the terminal back before the end."""
    del frame
    sys.exit(128 + number)


@dataclass(slots=True)
class _Watcher:
    """Looks at everything, and remembers what was counted a moment ago."""

    app: App
    names: Sequence[str]
    counted: dict[str, deque[tuple[float, Totals]]] = field(default_factory=dict)

    def look(self, width: int) -> Look:
        """Look once.

        Raises:
            BrokerUnavailable: Redis cannot be reached.
        """
        app, notes = self.app, list[str]()
        records = queue_records(app, self.names or app.inspector.queues(), tell=notes.append)
        providers = dict.fromkeys(name for channel in Channel for name in app.provider_names(channel))
        paces, sent = {}, {}
        for record in records:
            queue = record["queue"]
            minutes = app.inspector.minutes(queue, max(2, min(MOST_MINUTES, columns(width))))
            paces[queue] = self._lately(record, Pace.of(minutes, record["rate"], app.inspector.now_ms(queue)))
            sent[queue] = [minute.completed for minute in minutes]
        circuits = app.circuits.look(list(providers))
        return Look(records, paces, sent, circuits, app.fleet.workers(), app.events.last(_EVENTS), now_ms(), notes)

    def _lately(self, record: Record, pace: Pace) -> Pace:
        """The pace of the last seconds, once it has been watched for so long; until then, that of the last minute."""
        now, totals = time.monotonic(), self.app.inspector.totals(record["queue"])
        counted = self.counted.setdefault(record["queue"], deque())
        counted.append((now, totals))
        while len(counted) > 2 and counted[1][0] < now - _LATELY_S:
            counted.popleft()
        then, before = counted[0]
        return pace.lately(before, totals, now - then, record["rate"]) if now - then >= _LEAST_S else pace
