"""How long a message is worth sending, as a template's own file states it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from notifyctl.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["expires_after"]


def expires_after(fields: Mapping[str, Any], *, name: str) -> timedelta | None:
    """Return ``expires_after_h`` of a template's file; None where it sets no limit.

    Raises:
        RenderError: If it is not a number of hours above 0.
    """
    hours = fields.get("expires_after_h")
    if hours is None:
        return None
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= 24 * 365:
        raise RenderError(f"template {name!r}: expires_after_h must be hours, above 0 and at most a year")
    return timedelta(hours=hours)
