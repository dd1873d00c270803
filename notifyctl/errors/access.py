"""Who may not, and what is not genuine."""

from __future__ import annotations

from notifyctl.errors.base import NotifyError

__all__ = [
    "AccessError",
    "Forbidden",
    "HookError",
    "HookRejected",
    "HookUnverified",
    "TooManyFailures",
    "Unauthorized",
    "UnknownHook",
    "UnknownToken",
]


class AccessError(NotifyError):
    """Whoever asks may not do what they ask for."""

    code = "access"


class Unauthorized(AccessError):
    """No token or session was shown, or none that is valid."""

    code = "unauthorized"


class Forbidden(AccessError):
    """The token or session is valid, and its role may not do this."""

    code = "forbidden"


class TooManyFailures(AccessError):
    """Too many sign-ins failed.

    Args:
        retry_after_s: After so many seconds it may be tried again.
    """

    code = "too_many_failures"

    def __init__(self, message: str, *, retry_after_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class UnknownToken(AccessError):
    """No token of this id."""

    code = "unknown_token"


class HookError(NotifyError):
    """Something is wrong with a delivery of a shop system, or with what is set for it."""

    code = "hook"


class UnknownHook(HookError):
    """No hook is set up for this platform, or there is no such platform."""

    code = "unknown_hook"


class HookRejected(HookError):
    """A delivery is not signed as its platform would sign it."""

    code = "hook_rejected"


class HookUnverified(HookError):
    """Nobody can say at present whether a delivery is genuine: the platform may try again."""

    code = "hook_unverified"
