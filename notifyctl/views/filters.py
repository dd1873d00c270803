"""Which jobs are meant: what the filters say that every door takes, in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifyctl.clock import to_ms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from notifyctl.engine.search import JobFilter
    from notifyctl.engine.states import State

__all__ = ["Chosen", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What filters say.

    Attributes:
        where: Which jobs.
        queues: Of these queues; of all where there is none.
        given: Whether any filter was given.
    """

    where: JobFilter
    queues: tuple[str, ...]
    given: bool


def choose(
    states: Sequence[State] = (),
    *,
    queues: Sequence[str] = (),
    order: str = "",
    to: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    region: str | None = None,
    fixed: bool = False,
    **more: Any,
) -> Chosen:
    """Return what filters say.

    Args:
        states: In one of these.
        queues: Of these queues.
        order: About this order.
        to: To this address or number.
        since: When they ended, or else were queued.
        until: The same.
        region: The country of a number that does not say so itself.
        fixed: The states are the door's own choice and no filter.
        more: `code`, `error`, `provider`, `template` and `attempts`, as `JobFilter` has them.

    Raises:
        InvalidRecipient: The address is none.
    """
    from notifyctl.engine.search import JobFilter

    where = JobFilter(
        states=tuple(states),
        order_id=order,
        recipient=_address(to, region) if to else "",
        since_ms=to_ms(since) if since else 0,
        until_ms=to_ms(until) if until else 0,
        **more,
    )
    nothing = JobFilter(states=tuple(states) if fixed else ())
    return Chosen(where, tuple(queues), given=bool(queues) or where != nothing)


def _address(text: str, region: str | None) -> str:
    """Return an address as its channel writes it."""
    from notifyctl.channels.email import parse_address
    from notifyctl.channels.whatsapp import parse_number

    return parse_address(text) if "@" in text else parse_number(text, region)
