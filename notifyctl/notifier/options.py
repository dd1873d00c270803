"""What a caller of the notifier hands over and gets back, and the reading of it: wrong types are refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifyctl.engine.states import Lane
from notifyctl.errors import InvalidInput
from notifyctl.notification import Notification, Recipient

__all__ = ["Options", "Queued", "lane", "milliseconds", "typed"]


@dataclass(frozen=True, slots=True)
class Queued:
    """The answer to a call.

    Attributes:
        id: The job's id, to look it up with.
        known: The idempotency key was seen before with this content: the id is the first job's, and nothing was added.
        spooled: Redis is away, or what was kept while it was is still being moved: the message is kept on this machine,
            and goes to its queue under this id.
    """

    id: str
    known: bool = False
    spooled: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How one notification is to be queued.

    Attributes:
        idempotency_key: Same key and content: queued once. Kept as long as the job, then 30 days.
        unless: Idempotency keys of the same channel: if one of them is known, a later event has made this message
            wrong, and it is not queued.
        priority: ``high``, ``normal`` or ``low``.
        delay: Not before so long from now; `at`: not before this moment. Not both.
        expires: Not after so long from now; without it, the template's own default.
        unknown_outcome: What follows where nobody can say whether it was sent: ``resend`` it once, or ``hold`` it for a
            person; without it, what is set for the channel.
    """

    idempotency_key: str = ""
    unless: Sequence[str] = ()
    priority: str = "normal"
    delay: timedelta | None = None
    at: datetime | None = None
    expires: timedelta | None = None
    unknown_outcome: str = ""

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            InvalidInput: A value is of the wrong type, or two contradict each other.
        """
        if not isinstance(self.idempotency_key, str | None):
            raise _wrong("the idempotency key", "a text", self.idempotency_key)
        if isinstance(self.unless, str) or not all(isinstance(key, str) for key in self.unless):
            raise _wrong("unless", "a list of texts", self.unless)
        for name, value in (("the delay", self.delay), ("the expiry", self.expires)):
            if not isinstance(value, timedelta | None):
                raise _wrong(name, "a timedelta", value)
        if not isinstance(self.at, datetime | None):
            raise _wrong("the moment", "a datetime", self.at)
        if self.at is not None and self.at.tzinfo is None:
            raise InvalidInput("the moment lacks its time zone", hint="Pass datetime(…, tzinfo=UTC), for example.")
        if self.unknown_outcome not in ("", "resend", "hold"):
            raise InvalidInput(f"unknown_outcome must be resend or hold, not {self.unknown_outcome!r}")
        if self.delay is not None and self.at is not None:
            raise InvalidInput("give either a delay or a moment, not both")


def _wrong(what: str, wanted: str, value: object) -> InvalidInput:
    return InvalidInput(f"{what} must be {wanted}, not {type(value).__name__}")


def typed(given: Notification) -> Notification:
    """Return a notification whose parts are what they are declared to be; None is what is not given."""

    def text(what: str, value: object) -> str:
        if not isinstance(value, str | None):
            raise _wrong(what, "a text", value)
        return value or ""

    order_id: object = given.order_id  # shop systems have numbers
    data: object = given.data
    if not isinstance(data, Mapping | None):
        raise _wrong("the data", "a mapping of variables by name", data)
    return Notification(
        given.channel,
        Recipient(text("the recipient's address", given.to.address), text("the recipient's name", given.to.name)),
        text("the template's name", given.template),
        dict(data or {}),
        str(order_id) if type(order_id) is int else text("the order's id", order_id),
        text("the locale", given.locale) or "en",
    )


def lane(priority: str) -> Lane:
    """Return the lane of a priority.

    Raises:
        InvalidInput: There is none of this name.
    """
    try:
        return Lane.parse(priority)
    except ValueError as error:
        raise InvalidInput(f"the priority cannot be used: {error}") from error


def milliseconds(duration: timedelta | None) -> int:
    """Return a duration in ms; 0 where there is none.

    Raises:
        InvalidInput: It is negative.
    """
    if duration is None:
        return 0
    if duration.total_seconds() < 0:
        raise InvalidInput("a delay or expiry cannot be negative")
    return round(duration.total_seconds() * 1000)
