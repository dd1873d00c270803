"""What is told of an exception that a provider's own code raised: its type and its place.

Its text may hold anything, an address among it, and so may those of the exceptions behind it: they go nowhere.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

__all__ = ["log_crash"]

_log = logging.getLogger(__name__)


def log_crash(crash: Exception, where: str) -> str:
    """Log the way to where it was raised, without its text; return its type and place, for a history.

    Args:
        crash: The exception.
        where: What crashed, for people.
    """
    frames = traceback.extract_tb(crash.__traceback__)
    told = f"{type(crash).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
    _log.error("%s crashed: %s, its text is not shown\n%s", where, told, "".join(frames.format()).rstrip())
    return told
