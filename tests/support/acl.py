"""The users of the documentation: the least rights that are said to be enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.documentation import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.node import Node
    from tests.support.server import Server

PASSWORD = "not-a-real-password"
#: The words of ACL SETUSER, by user.
USERS = {
    line.split()[1]: line.split()[2:]
    for block in blocks("docs/how-to/redis-servers.md")
    if block.language == "text"
    for line in block.text.splitlines()
}
#: What the page says a cluster needs beside.
OF_A_CLUSTER = ("+command", "+cluster|slots", "+asking")


def make_user(servers: Iterable[Node | Server], name: str, *more: str) -> None:
    """Make the user of this name on each server, changed as told."""
    for server in servers:
        with server.client() as admin:
            admin.execute_command("ACL", "SETUSER", name, "reset", *USERS[name], *more)
            admin.acl_log_reset()


def refusals(servers: Iterable[Node | Server]) -> list[str]:
    """What was refused to anybody since."""
    found = []
    for server in servers:
        with server.client() as admin:
            found += [f"{entry['reason']} {entry['object']}" for entry in admin.acl_log()]
    return found
