"""A request of a shop's, and what is to come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notifyctl.notification import Channel
    from notifyctl.notifier.drafts import Draft

__all__ = ["Handover", "Plan"]


class Plan(Protocol):
    """What is to be done about a request.

    Attributes:
        drafts: Messages to be queued; each is certain to be usable.
        superseded: Channel and idempotency key of what must not go any more.
    """

    @property
    def drafts(self) -> Sequence[Draft]: ...  # noqa: D102 - see above

    @property
    def superseded(self) -> Sequence[tuple[Channel, str]]: ...  # noqa: D102 - see above

    def answer(self, queued: Sequence[Any] | None, superseded: int) -> dict[str, Any]:
        """Return what the shop hears.

        Args:
            queued: What came of each draft; None where nothing is to be queued.
            superseded: How many messages were cancelled.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handover:
    """A request.

    Attributes:
        plan: Reads it; asked once, in the thread that queues.
        body: What tells it from another of the same key.
        key: The same for each repetition, and nobody else's; empty: none.
        lenient: A repetition that comes too early is done once more, rather than refused: its messages have keys.
        dry_run: Only tell what would be done.
    """

    plan: Callable[[], Plan]
    body: bytes = b""
    key: str = ""
    lenient: bool = False
    dry_run: bool = False
