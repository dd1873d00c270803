"""What a caller hands over and cannot be used as it is."""

from __future__ import annotations

from notifyctl.errors.base import NotifyError

__all__ = [
    "InvalidInput",
    "InvalidOrder",
    "InvalidOrders",
    "InvalidRecipient",
    "KeyReused",
    "RenderError",
]


class InvalidInput(NotifyError):
    """What the caller handed over cannot be used as it is."""

    code = "invalid_input"


class InvalidRecipient(InvalidInput):
    """Not an address or number that a message can be sent to."""

    code = "invalid_recipient"


class InvalidOrder(InvalidInput):
    """An order payload that cannot be understood.

    Args:
        message: What is wrong.
        path: Where in the payload, as a JSON pointer (RFC 6901), such as ``/billing/email``.
        hint: What to do about it.
    """

    code = "invalid_order"

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


class InvalidOrders(InvalidInput):
    """Some orders of a request cannot be understood, and none of them was taken.

    Args:
        faults: What is wrong with each; their paths lead through the whole request.
    """

    code = "invalid_orders"

    def __init__(self, faults: list[InvalidOrder]) -> None:
        what = "an order" if len(faults) == 1 else f"{len(faults)} orders"
        super().__init__(f"{what} cannot be used: {faults[0].message}", hint=faults[0].hint)
        self.faults = faults


class KeyReused(InvalidInput):
    """A request's idempotency key was used before, for another request."""

    code = "key_reused"


class RenderError(InvalidInput):
    """A template is unknown, or one of its variables is missing or cannot be used."""

    code = "render"
