"""One message as a shop asks for it: all that `notifyctl send` can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from notifyctl.errors import IdempotencyConflict, KeyReused
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.notifier import Notifier
    from notifyctl.notifier.drafts import Draft

__all__ = ["MessagePlan", "MessageReader", "SingleMessage"]


def _duration(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("expected a duration with its unit, such as 30s or 2h")  # noqa: TRY004 - pydantic wants it
    return parse_duration(value)


DurationText = Annotated[
    timedelta, BeforeValidator(_duration, json_schema_input_type=str), Field(json_schema_extra={"examples": ["10m"]})
]


class SingleMessage(BaseModel):
    """One message to one recipient."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    channel: Literal["email", "whatsapp"] = Field(description="The way it goes.")
    to: str = Field(description="A mail address, or a number such as +447700900123.", max_length=500)
    template: str = Field(description="The template's name.", max_length=100)
    data: dict[str, Any] = Field(default_factory=dict, description="The template's variables.")
    name: str = Field("", description="What the recipient is called.", max_length=500)
    order: str = Field("", description="The order that it is about.", max_length=200)
    locale: str = Field("en", description="Language of texts and amounts, such as pt-BR.", max_length=50)
    priority: Literal["high", "normal", "low"] = Field("normal", description="Which line it waits in.")
    delay: DurationText | None = Field(None, alias="in", description="Not before so long from now.")
    at: AwareDatetime | None = Field(None, description="Not before this moment: ISO 8601 with its zone.")
    expires: DurationText | None = Field(None, description="Not after so long from its time.")
    key: str = Field(
        "",
        description="Idempotency key of the message, kept for 30 days; the request's own by default.",
        max_length=500,
    )
    unknown_outcome: Literal["resend", "hold"] | None = Field(
        None, description="What if nobody can say whether it was sent; as set for the channel by default."
    )


@dataclass(frozen=True, slots=True)
class MessagePlan:
    """What follows from a request for one message."""

    draft: Draft

    @property
    def drafts(self) -> Sequence[Draft]:
        """The message."""
        return (self.draft,)

    @property
    def superseded(self) -> Sequence[tuple[Channel, str]]:
        """Nothing."""
        return ()

    def answer(self, queued: Sequence[Any] | None, superseded: int) -> dict[str, Any]:
        """Return what the shop hears."""
        del superseded
        about = self.draft.notification
        if queued is None:
            return {"queue": about.channel.value, "template": about.template, "dry_run": True}
        answer = queued[0]
        if isinstance(answer, IdempotencyConflict):
            raise KeyReused(answer.message, hint=answer.hint)
        if isinstance(answer, Exception):
            raise answer
        return {
            "id": answer.id,
            "queue": about.channel.value,
            "template": about.template,
            "known": answer.known,
            "spooled": answer.spooled,
        }


class MessageReader:
    """Reads single messages.

    Args:
        notifier: Checks them.
    """

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def read(self, wanted: SingleMessage, request_key: str = "") -> MessagePlan:
        """Return what follows from a request for one message.

        Args:
            wanted: The message.
            request_key: The request's idempotency key: that of the message where it has none of its own.

        Raises:
            InvalidInput: It cannot be sent as it is.
        """
        notification = Notification(
            Channel(wanted.channel),
            Recipient(wanted.to, wanted.name),
            wanted.template,
            wanted.data,
            wanted.order,
            wanted.locale,
        )
        options = Options(
            idempotency_key=wanted.key or request_key,
            priority=wanted.priority,
            delay=wanted.delay,
            at=wanted.at,
            expires=wanted.expires,
            unknown_outcome=wanted.unknown_outcome or "",
        )
        return MessagePlan(self._notifier.draft(notification, options))
