"""One worker process: a broker, Dramatiq's Worker with its threads, and a way to end.

    python -m notifyctl.worker.process MODULE [--queues Q,…] [--threads N] [--drain-timeout-ms N] [--ready-fd N]
        [--worker-id ID]

MODULE is imported and must hold a `broker` with its actors declared (`actors.worker` does). The supervisor starts
this with its standard input on a pipe: when that closes, the supervisor is gone, and the process drains by itself.
Where it is given a file descriptor, it writes a byte there as soon as it takes work.
SIGTERM or SIGINT drains; a second one hurries: what was not begun goes back, a send in progress is in doubt.
A process one of whose threads died drains, too, and says by its exit code that another one is needed.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from dramatiq import Worker

from notifyctl.connection import translated
from notifyctl.engine.broker import NotifyBroker
from notifyctl.errors import ConfigError, NotifyError
from notifyctl.worker.health import LOOK_EVERY_S, Health

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["EXIT_CONFIG", "EXIT_ILL", "main"]

log = logging.getLogger(__name__)

#: The exit code for "starting again would not help".
EXIT_CONFIG = 4
#: And for "this process could not go on, another one may" (EX_SOFTWARE).
EXIT_ILL = 70
#: How often an idle thread looks whether it is to end.
_LOOK_ROUND_MS = 250


class _Ending:
    """Counts the calls to end: the first drains, the second hurries."""

    def __init__(self) -> None:
        self.drain = threading.Event()
        self.hurry = threading.Event()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        (self.hurry if self.drain.is_set() else self.drain).set()

    def when_orphaned(self) -> None:
        """Drain when standard input ends: nobody is left to supervise this process."""
        while os.read(sys.stdin.fileno(), 1024):
            pass
        if not self.drain.is_set():
            log.warning("the supervisor is gone: draining")
            self.drain.set()


def main(argv: list[str] | None = None) -> int:
    """Work until a signal or the supervisor's end; the process's exit code."""
    options = _options(argv)
    ending = _Ending()
    signal.signal(signal.SIGTERM, ending.on_signal)
    signal.signal(signal.SIGINT, ending.on_signal)
    if options.supervised:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it asks for new processes: the supervisor's to give
    try:
        broker = importlib.import_module(options.module).broker
    except NotifyError as error:
        log.error("%s %s", error.message, error.hint)  # noqa: TRY400 - an operator's message, no bug
        return EXIT_CONFIG if isinstance(error, ConfigError) else 1
    if not isinstance(broker, NotifyBroker):
        log.error("%s.broker is not a NotifyBroker", options.module)
        return EXIT_CONFIG
    if options.worker_id:
        broker.worker_id = options.worker_id
    if ending.drain.is_set():
        return 0
    queues = set(options.queues.split(",")) if options.queues else None
    broker.emit_after("process_boot")
    worker = Worker(broker, queues=queues, worker_threads=options.threads, worker_timeout=_LOOK_ROUND_MS)
    worker.start()
    if options.ready_fd is not None:
        os.write(options.ready_fd, b".")
        os.close(options.ready_fd)
    if options.supervised:
        threading.Thread(target=ending.when_orphaned, name="notifyctl-orphan-watch", daemon=True).start()
    code = _work(ending.drain, Health(worker, broker), broker)
    _drain(worker, broker, ending, options.drain_timeout_ms, code)
    return code


def _work(drain: threading.Event, health: Health, broker: NotifyBroker) -> int:
    """Wait until it is time to drain; the exit code for the end after it."""
    # a wait without a timeout would keep Python from running signal handlers on some platforms
    while not drain.wait(LOOK_EVERY_S):
        fault = health.fault()
        if fault:
            log.error("%s: this process drains, and ends with %d", fault, EXIT_ILL)
            if not broker.beats:
                broker.start_heartbeat()  # what is in progress is ours until it has ended
            return EXIT_ILL
    return 0


def _drain(worker: Worker, broker: NotifyBroker, ending: _Ending, timeout_ms: int, code: int) -> None:
    """Stop taking, let what is in progress end, and give up the rest at the deadline or the second signal."""
    stopping = threading.Thread(target=worker.stop, args=(timeout_ms,), name="notifyctl-drain", daemon=True)
    stopping.start()
    while stopping.is_alive() and not ending.hurry.is_set():
        stopping.join(0.05)
    if not any(held.jobs for held in broker.held.values()):
        return
    try:
        with translated():
            doubts = broker.abandon()
    except NotifyError as error:
        log.warning("could not give back what is in progress, its leases run out by themselves: %s", error.message)
    else:
        log.warning("stopped before all was done: %d sends in doubt, the rest is back in line", doubts)
        broker.stop_heartbeat()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads are still inside their sends, and must not tell an outcome any more


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m notifyctl.worker.process")
    parser.add_argument("module")
    parser.add_argument("--queues", default="")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--drain-timeout-ms", type=int, default=30_000)
    parser.add_argument("--supervised", action="store_true")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--worker-id", default="")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
