"""Waiting for a condition instead of for an amount of time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_until(
    condition: Callable[[], object], *, timeout_s: float = 20.0, what: str = "a condition", every_s: float = 0.005
) -> None:
    """Return as soon as the condition holds; fail with its name when the time is over. Looks again `every_s`."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s for {what}")
        time.sleep(every_s)
