"""Redis clients with timeouts and retries that fit their use, and Redis errors in our words.

A client is of one server, of the primary that Sentinels name, or of a cluster; who has one need not know which.
Knows no setting beyond the URL, no key and no script.
"""

from __future__ import annotations

from notifyctl.connection.clients import Role, connect
from notifyctl.connection.faults import translated
from notifyctl.connection.pipelines import pipelined, primaries, server_with

__all__ = ["Role", "connect", "pipelined", "primaries", "server_with", "translated"]
