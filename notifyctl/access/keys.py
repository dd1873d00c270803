"""The keys of tokens, sessions and failed sign-ins, all in one slot."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AccessKeys"]


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """One function for each key: its type, its content, for how long it lives."""

    namespace: str

    @property
    def _prefix(self) -> str:
        return f"{{{self.namespace}:access}}:"

    @property
    def tokens(self) -> str:
        """Sorted set, token id by when it was made (ms); those that are forgotten leave it when it is next listed."""
        return self._prefix + "tokens"

    def token(self, token_id: str) -> str:
        """Hash: a token's name, role, digest and times; expires a month after the token has ended."""
        return f"{self._prefix}token:{token_id}"

    def used(self, token_id: str) -> str:
        """String: when a token was last used (ms), to the minute; expires as the token's hash does."""
        return f"{self._prefix}used:{token_id}"

    def session(self, digest: str) -> str:
        """String: the token of a browser's session, by the digest of its id; expires with the session."""
        return f"{self._prefix}session:{digest}"

    def guesses(self, pseudonym: str = "") -> str:
        """String: how many sign-ins failed, from one address or, without one, from all; expires with its window."""
        return f"{self._prefix}guesses:{pseudonym}"
