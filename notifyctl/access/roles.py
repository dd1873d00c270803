"""Roles, and what each may do."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Permission", "Role"]


class Permission(StrEnum):
    """Something that a caller may or may not do."""

    READ = "read"
    """Look at everything, addresses and numbers masked."""
    REVEAL = "reveal"
    """See an address or number as it is; each time is kept in the audit log."""
    REPAIR = "repair"
    """Send one job again, change, cancel or give it up."""
    OPERATE = "operate"
    """Act on many jobs at once, and on queues and providers."""
    PRODUCE = "produce"
    """Hand over orders and messages, and ask what became of those."""


class Role(StrEnum):
    """What a token is for."""

    VIEWER = "viewer"
    SUPPORT = "support"
    OPERATOR = "operator"
    PRODUCER = "producer"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it may do."""
        return _PERMISSIONS[self]

    def may(self, permission: Permission) -> bool:
        """Whether it may do this."""
        return permission in _PERMISSIONS[self]


_PERMISSIONS = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.SUPPORT: frozenset({Permission.READ, Permission.REVEAL, Permission.REPAIR}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.REVEAL, Permission.REPAIR, Permission.OPERATE}),
    Role.PRODUCER: frozenset({Permission.PRODUCE}),
}
