"""Whether a worker process can still do its work: Dramatiq does not bring back a thread that has died.

A process with a dead consumer thread looks well, beats, and never takes another job. Knows no queue's contents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dramatiq import Worker

    from notifyctl.engine.broker import NotifyBroker

__all__ = ["LOOK_EVERY_S", "Health"]

#: How often to ask.
LOOK_EVERY_S: Final = 1.0
#: Looks in a row at which a consumer did not move. The longest that it waits for anything is some ten seconds. Looks
#: are counted instead of seconds: a process that was stopped for a while (SIGSTOP, a frozen machine) is not ill.
_LOOKS_WITHOUT_A_MOVE: Final = 60


class Health:
    """Asked every `LOOK_EVERY_S`, says what is wrong.

    Args:
        worker: Its threads are looked at.
        broker: Its heartbeat, and the consumers' moves.
    """

    def __init__(self, worker: Worker, broker: NotifyBroker) -> None:
        self._worker = worker
        self._broker = broker
        self._moves: dict[str, int] = {}
        self._still: dict[str, int] = {}

    def fault(self) -> str:
        """Why this process has to be replaced; empty while it is well."""
        for queue, thread in self._worker.consumers.items():
            if not thread.is_alive():
                return f"the thread that takes from {queue} has died"
            if self._stands_still(queue):
                return f"the thread that takes from {queue} hangs"
        dead = sum(not thread.is_alive() for thread in self._worker.workers)
        if dead:
            return f"{dead} of {len(self._worker.workers)} threads that send have died"
        return "" if self._broker.beats else "the heartbeat's thread has died"

    def _stands_still(self, queue: str) -> bool:
        moves = self._broker.held[queue].looks
        self._still[queue] = self._still.get(queue, 0) + 1 if moves == self._moves.get(queue) else 0
        self._moves[queue] = moves
        return self._still[queue] >= _LOOKS_WITHOUT_A_MOVE
