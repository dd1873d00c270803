"""Tokens as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.access import Token

__all__ = ["token_record"]


def token_record(token: Token, *, at_ms: int) -> dict[str, Any]:
    """A token as a record, as it is at a moment; without its secret, which nobody knows."""
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.value,
        "state": token.state(at_ms),
        "created_at": iso(token.created_at_ms),
        "expires_at": iso(token.expires_at_ms),
        "used_at": iso(token.used_at_ms),
        "revoked_at": iso(token.revoked_at_ms),
    }
