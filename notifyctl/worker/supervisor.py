"""Starts worker processes, keeps their number, and ends them in order.

Processes are spawned, never forked: each makes its own connections. Each one leads a process group of its own, so that
a terminal's Ctrl-C reaches the supervisor alone, which tells them once. A child ends by itself when its pipe to the
supervisor closes. SIGTERM and SIGINT end them all in order, a second one hurries; SIGHUP replaces them, one by one.
Knows no queue's contents: whoever starts it says when the work is done, and what is to be done for a worker that died.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from notifyctl.worker.child import Child
from notifyctl.worker.process import EXIT_CONFIG
from notifyctl.worker.reload import Rolling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path
    from types import FrameType

__all__ = ["Supervisor"]

log = logging.getLogger(__name__)

_TICK_S = 0.1
#: What a child may need beyond its drain deadline, before it is killed.
_GRACE_S = 5.0


class Supervisor:
    """Runs so many worker processes until a signal, or until the work is done.

    Args:
        module: What each child imports; it holds a `broker`.
        processes: How many.
        threads: Threads of each.
        queues: The queues to take from; empty = all.
        drain_timeout: How long what is in progress may take to end.
        environment: The children's environment.
        finished: Asked a few times a second; True ends everything in order.
        changed: Asked a few times a second for files that changed: then the processes are replaced, one by one.
        died: Told the worker id of a process that did not end in order, before another one starts in its place. What
            it raises is logged, and costs no other process.
    """

    def __init__(
        self,
        module: str,
        *,
        processes: int,
        threads: int,
        queues: Sequence[str],
        drain_timeout: timedelta,
        environment: Mapping[str, str],
        finished: Callable[[], bool] = lambda: False,
        changed: Callable[[], Sequence[Path]] = lambda: (),
        died: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._command = [
            sys.executable, "-m", "notifyctl.worker.process", module, "--threads", str(threads), "--supervised",
            "--drain-timeout-ms", str(round(drain_timeout.total_seconds() * 1000)), "--queues", ",".join(queues),
        ]  # fmt: skip
        self._children = [Child() for _ in range(processes)]
        self._patience_s = drain_timeout.total_seconds() + _GRACE_S
        self._environment = dict(environment)
        self._finished = finished
        self._died = died
        self._worker_ids: dict[subprocess.Popen[bytes], str] = {}
        self._rolling = Rolling(
            changed,
            lambda ready: self._spawn("--ready-fd", str(ready), pass_fds=(ready,)),
            self._has_ended,
            self._patience_s,
        )
        self._signals = 0
        self._hangups = 0
        self._on_terminal = _has_terminal()

    def run(self) -> int:
        """Supervise until the end; the exit code: 0, or that of children that could not start."""
        handlers = {signal.SIGTERM: self._on_signal, signal.SIGINT: self._on_signal, signal.SIGHUP: self._on_hangup}
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup leaves it
            del handlers[signal.SIGHUP]
        previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            code = self._supervise()
        finally:
            self._end()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._signals += 1

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        """A deploy asks for new processes; or else the terminal was closed, and nobody wants any more."""
        if self._on_terminal and not _has_terminal():
            self._on_signal(number, frame)
        else:
            self._hangups += 1

    def _supervise(self) -> int:
        while not self._signals:
            for child in self._children:
                code = self._keep(child)
                if code is not None:
                    return code
            if self._hangups:
                self._hangups = 0
                self._rolling.begin(self._children, "SIGHUP")
            self._rolling.step(self._children)
            if self._finished():
                return 0
            time.sleep(_TICK_S)
        return 0

    def _keep(self, child: Child) -> int | None:
        """Notice a child that died, start one that is due; a code: starting it again would not help."""
        if child.process is not None:
            code = child.process.poll()
            if code is None or (code == EXIT_CONFIG and not self._outlived(child)):
                return code
            process, pause_s = child.process, child.free()
            when = f"in {pause_s:g} s" if pause_s else "at once"
            log.warning("worker process %d ended (%s); another one starts %s", process.pid, _told_code(code), when)
            self._has_ended(process)
        if time.monotonic() >= child.start_at:
            child.hold(self._spawn(), self._rolling.generation)
        return None

    def _outlived(self, child: Child) -> bool:
        """Whether a process that began before this one's is alive: it works with what the newer one refuses.

        Where all have begun just now and refuse, the first one of them ends it all.
        """
        living = (other for other in self._children if other.process and other.process.poll() is None)
        return any(other.started < child.started for other in living)

    def _spawn(self, *more: str, pass_fds: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        worker_id = f"{socket.gethostname()}-{secrets.token_hex(6)}"
        process = subprocess.Popen(
            [*self._command, "--worker-id", worker_id, *more],
            stdin=subprocess.PIPE,
            env=self._environment,
            process_group=0,
            pass_fds=pass_fds,
        )
        self._worker_ids[process] = worker_id
        return process

    def _has_ended(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a process; where it did not end in order, what it held is others' now."""
        if process.stdin:
            process.stdin.close()
        worker_id = self._worker_ids.pop(process)
        if not process.returncode:
            return
        try:
            self._died(worker_id)
        except Exception:
            log.exception("what worker process %d held goes on when its leases run out", process.pid)

    def _end(self) -> None:
        """Drain all children at once; hurry them at a second signal; kill what outlives its deadline."""
        processes = [child.process for child in self._children if child.process] + self._rolling.processes
        alive = [process for process in processes if process.poll() is None]
        for process in alive:
            process.send_signal(signal.SIGTERM)
        hurried = False
        deadline = time.monotonic() + self._patience_s
        while any(process.poll() is None for process in alive):
            if self._signals > 1 and not hurried:
                hurried = True
                for process in alive:
                    process.send_signal(signal.SIGINT)  # a SIGTERM could become one with the first
            if time.monotonic() > deadline:
                for process in alive:
                    process.kill()
            time.sleep(_TICK_S / 2)
        for process in processes:
            self._has_ended(process)


def _told_code(code: int) -> str:
    """Say how a process ended."""
    if code == EXIT_CONFIG:
        return f"exit code {code}, its settings are wrong: what it wrote says how"
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"


def _has_terminal() -> bool:
    """Whether this process has a terminal that is open."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
