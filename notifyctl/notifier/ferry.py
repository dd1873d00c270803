"""Runs a relay in the background, in a process that has spooled something or in a worker.

A server that is away is asked once a second, by this thread and by no caller.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING

from notifyctl.errors import BrokerUnavailable, SpoolError

if TYPE_CHECKING:
    from notifyctl.notifier.relay import Relay

__all__ = ["Ferry"]

log = logging.getLogger(__name__)

#: How long to wait before another look: at a server that is away, while somebody else moves, at a file that is broken.
_AWAY_S, _OTHERS_S, _BROKEN_S = 1.0, 0.1, 10.0
#: How long the end of the process may be held up.
_END_S = 0.5


class Ferry:
    """A relay's thread, started when there is something to do. Safe to use from several threads, also after a fork.

    Args:
        relay: Moves the rows.
        stays: Go on looking for rows of other processes until `stop`.
    """

    def __init__(self, relay: Relay, *, stays: bool = False) -> None:
        self.relay = relay
        self._stays = stays
        self._away = False
        self._told = ""
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @property
    def running(self) -> bool:
        """Whether the thread moves rows, or waits for Redis to do so."""
        return self._pid == os.getpid() and self._thread is not None

    def wake(self, *, away: bool = False) -> None:
        """Begin, if it does not run. Call it after a row was put.

        Args:
            away: Redis was found to be away just now: it is asked in a second.
        """
        if self._pid != os.getpid():  # threads do not outlive a fork, and locks may be held for ever
            self._lock, self._stopping = threading.Lock(), threading.Event()
            self._thread, self._pid = None, os.getpid()
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                pause_s = _AWAY_S if away else 0.0
                thread = threading.Thread(target=self._run, args=(pause_s,), name="notifyctl-ferry", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # no more threads, or the process is ending: the row is safe all the same
                    log.warning("what lies in the spool waits for another call or process: %s", error)
                    return
                self._thread = thread  # the thread itself waits for this lock before it ends
                atexit.register(self.stop)

    def stop(self) -> None:
        """End for good, after the step that it is at; what is left stays in the spool."""
        if self._pid == os.getpid():
            self._stopping.set()
            thread = self._thread
            if thread is not None:
                thread.join(_END_S)

    def _run(self, pause_s: float) -> None:
        while not self._stopping.wait(pause_s):
            pause_s = self._go_on()
            with self._lock:  # whoever puts a row after this look begins the next thread
                if not self._stays and self._is_empty():
                    atexit.unregister(self.stop)
                    self._thread = None
                    return
        with self._lock:
            self._thread = None

    def _is_empty(self) -> bool:
        try:
            return not self.relay.spool.waiting()
        except SpoolError:
            return False

    def _go_on(self) -> float:
        """Move a batch, if there is one; how many seconds to wait before the next."""
        spool = self.relay.spool
        try:
            done = self.relay.step() if spool.waiting() else None
            if done is None:
                return _OTHERS_S if spool.waiting() else _AWAY_S
            if self._away:
                log.info("Redis is back: what lies in the spool is being moved")
            self._away, self._told = False, ""
            if not spool.waiting():
                spool.tidy()
        except BrokerUnavailable as error:
            if not self._away:
                log.warning("%s: what lies in the spool is moved once it is back", error.message)
            self._away = True
            return _AWAY_S
        except SpoolError as error:
            if error.message != self._told:
                log.error("%s. %s", error.message, error.hint)  # noqa: TRY400 - an operator's message, no bug
            self._told = error.message
            return _BROKEN_S
        except Exception:
            log.exception("what lies in the spool could not be moved")
            return _BROKEN_S
        return 0.0
