"""Decides what becomes of a job whose outcome is unknown: looked up some times, then sent once more or held.

No provider takes an idempotency key, so a lost answer leaves nothing but evidence: the worker's own, told late, or what
the provider says when it is asked. Where there is none, the owner's policy decides. Never talks to Redis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from notifyctl.engine.states import Bury, Doubt, Resend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notifyctl.engine.message import NotifyMessage

__all__ = ["DoubtRule", "Doubts"]


@dataclass(frozen=True, slots=True)
class DoubtRule:
    """What is done about sends in doubt.

    Attributes:
        look_ups: When the outcome is looked up, counted from the moment at which it came into doubt, ascending.
        resend: Where nothing is found: once more, flagged; otherwise the job is held for a person.
    """

    look_ups: Sequence[timedelta] = (timedelta(seconds=60), timedelta(seconds=120))
    resend: bool = True


class Doubts:
    """The rules of all queues.

    Args:
        rules: By queue.
        default: Of queues that have none of their own.
    """

    def __init__(self, rules: Mapping[str, DoubtRule] | None = None, default: DoubtRule | None = None) -> None:
        self._rules = dict(rules or {})
        self._default = default or DoubtRule()

    def _rule(self, queue: str) -> DoubtRule:
        return self._rules.get(queue, self._default)

    def first_look_ms(self, queue: str) -> int:
        """Until a send that came into doubt is first looked up; at once where it never would be."""
        look_ups = self._rule(queue).look_ups
        return _in_ms(look_ups[0]) if look_ups else 0

    def decide(self, message: NotifyMessage) -> Doubt | Resend | Bury:
        """Return what follows from a send, or a look-up, that left the outcome unknown.

        A message's own option ``unknown_outcome`` (``resend`` or ``hold``) wins over its queue's rule.
        """
        rule, made = self._rule(message.queue_name), message.job.look
        if made < len(rule.look_ups):
            before = rule.look_ups[made - 1] if made else timedelta()
            return Doubt(_in_ms(rule.look_ups[made] - before), made + 1)
        policy = message.options.get("unknown_outcome") or ("resend" if rule.resend else "hold")
        if policy == "resend" and not message.job.possible_duplicate:
            return Resend()
        return Bury("unknown_outcome")


def _in_ms(wait: timedelta) -> int:
    return round(wait.total_seconds() * 1000)
