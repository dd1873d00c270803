"""When the circuits of providers open, and for how long; and what their keys are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Keys", "Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """When circuits open, and for how long, in ms.

    Attributes:
        threshold: So many failures of a provider in a row open its circuit. So many sends may be in progress there
            without an answer; more, where answers come while that is too few.
        cool_down_ms: For so long at first; doubled by each probe that fails.
        max_cool_down_ms: The longest that this becomes.
        account_ms: For so long after an account fault.
        throttled_ms: For so long where a provider asks for less, and does not say for how long.
        probe_ms: How long a probe may take; then another one is allowed.
        send_ms: How long a send may take, at most.
    """

    threshold: int = 5
    cool_down_ms: int = 10_000
    max_cool_down_ms: int = 60_000
    account_ms: int = 30_000
    throttled_ms: int = 5_000
    probe_ms: int = 60_000
    send_ms: int = 30_000


class Keys(Protocol):
    """The names of a provider's keys, all in one slot."""

    def circuit(self, provider: str) -> str:
        """Of its circuit."""
        ...

    def sends(self, provider: str) -> str:
        """Of the sends in progress there."""
        ...

    def sends_most(self, provider: str) -> str:
        """Of how many there may be, where that is more than the threshold."""
        ...
