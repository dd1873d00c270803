"""What a check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Status"]


class Status(StrEnum):
    """How a check ended: fine, worth a look, or nothing will work like this."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was checked, in a word or two.
        status: How it ended.
        detail: What was found.
        remedy: What to do; empty where all is well.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""
