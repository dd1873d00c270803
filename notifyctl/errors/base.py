"""What goes wrong apart from input, queues, access and sending; and the root of the tree."""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "NotifyError",
    "ServerError",
    "SpoolError",
    "Suppressed",
    "UnknownProvider",
]


class NotifyError(Exception):
    """Root of all errors raised on purpose.

    Args:
        message: What is wrong, and what was expected.
        hint: What to do about it, one sentence; may be empty.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(NotifyError):
    """A setting is missing or has a value that cannot be used."""

    code = "config"


class Suppressed(NotifyError):
    """The recipient asked not to be sent to, or is known not to exist."""

    code = "suppressed"


class UnknownProvider(NotifyError):
    """No provider of this name is configured."""

    code = "unknown_provider"


class ServerError(NotifyError):
    """The embedded server cannot be started or stopped."""

    code = "server"


class SpoolError(NotifyError):
    """The spool, which keeps messages while Redis is away, cannot be written or read."""

    code = "spool"
