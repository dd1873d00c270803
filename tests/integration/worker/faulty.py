"""What a worker process of tests imports: our own, with one fault, once.

FAULT says which, and FAULT_AT is a file: whoever takes it away has the fault. Looks for faults come quickly here.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from actors.worker import broker
from notifyctl.engine.consumer import NotifyConsumer
from notifyctl.engine.presence import Presence
from notifyctl.worker import health

__all__ = ["broker"]

vars(sys.modules["__main__"])["LOOK_EVERY_S"] = 0.1
vars(health)["_LOOKS_WITHOUT_A_MOVE"] = 40


def _is_struck(fault: str) -> bool:
    try:
        if fault == os.environ["FAULT"]:
            Path(os.environ["FAULT_AT"]).unlink()
            return True
    except FileNotFoundError:
        pass
    return False


def _fail() -> NoReturn:
    raise RuntimeError("a fault of this test")


def _before(owner: Any, name: str, fault: Any) -> None:
    real = getattr(owner, name)
    setattr(owner, name, lambda *args: fault(*args) or real(*args))


def _comes_for_a_job(consumer: Any) -> None:
    if _is_struck("consumer"):  # Dramatiq outlives an error here, but for one more when it closes the consumer
        consumer.close = _fail
        _fail()
    if _is_struck("hang"):
        threading.Event().wait()


def _settles(*_: Any) -> None:
    if _is_struck("sender"):
        raise SystemExit


def _tells(*_: Any) -> None:
    if _is_struck("heartbeat"):
        raise SystemExit


_before(NotifyConsumer, "__next__", _comes_for_a_job)
_before(NotifyConsumer, "ack", _settles)
_before(Presence, "tell", _tells)
