"""Users with few rights: those of the documentation can do all that they are for; the doctor says what others lack.

That workers and operators can do everything is shown by `test_commands`, whose commands all run as that user.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import build
from notifyctl.connection import connect
from notifyctl.doctor.permissions import COMMANDS, ask_permissions
from notifyctl.errors import BrokerRefused
from notifyctl.settings import Settings
from tests.support.acl import PASSWORD, USERS, make_user, refusals
from tests.support.cli import run
from tests.support.documentation import ROOT
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server whose users a test may change."""
    server = Server()
    yield server
    server.close()


def url_of(server: Server, user: str, *more: str) -> str:
    """Make a user, and return what it connects to."""
    make_user([server], user, *more)
    return f"{server.url}?username={user}&password={PASSWORD}"


def test_shop_of_the_documentation_can_queue_and_take_back(own_server: Server) -> None:
    """Nothing that a producer does is refused, and it cannot look at what is queued."""
    url = url_of(own_server, "notifyctl-shop")
    app = build(Settings.load(redis={"url": url, "wait_replicas": 0}))
    data = {"order_number": "1", "currency": "USD", "total": "1.00", "items": []}
    for number in range(2):
        app.notifier.queue_email("order_confirmation", data, to="ada@example.com", idempotency_key=f"key-{number}")
    app.notifier.supersede([("email", "key-1")])  # type: ignore[list-item]
    done = run("order", "import", str(ROOT / "docs" / "examples" / "orders.jsonl"), REDIS_URL=url)

    assert done.code == 0, done.err
    assert refusals([own_server]) == []
    with pytest.raises(BrokerRefused):
        app.inspector.stats("email")


#: Methods of redis-py's clients that are no commands, or none of a user with few rights.
_NO_COMMANDS = {"close", "execute_command", "get_redis_connection", "keyslot", "look_around", "pipeline", "server_of"}
_NO_COMMANDS |= {"ping", "servers", "shutdown"}


def test_commands_that_are_used_are_asked_about() -> None:
    """The doctor's list has every command of scripts and code; the documented user has every command of the list."""
    room = ROOT / "notifyctl"
    in_scripts = {
        word for path in room.rglob("*.lua") for word in re.findall(r"redis\.p?call\('([A-Z]+)'", path.read_text())
    }
    in_code = {
        word.replace("delete", "del")
        for path in room.rglob("*.py")
        for word in re.findall(r"\b_?client\.([a-z_]+)\(", path.read_text())
    }
    asked = {"|".join(command[:2]) if command[0] == "MEMORY" else command[0] for command in COMMANDS}

    assert in_scripts | {word.upper() for word in in_code - _NO_COMMANDS} <= asked
    assert {f"+{name.lower()}" for name in asked} | {"+multi", "+discard"} == {
        word for word in USERS["notifyctl"] if word.startswith("+")
    }
    assert set(USERS["notifyctl-shop"]) < set(USERS["notifyctl"])


def test_doctor_names_what_is_missing(own_server: Server) -> None:
    """Each command that the user lacks, and keys of another namespace, as ACL SETUSER takes them."""
    commands = [word for word in USERS["notifyctl"] if word.startswith("+")]
    found = {}
    for command in commands:
        with connect(url_of(own_server, "notifyctl", command.replace("+", "-")), role="operator") as client:
            found[command] = ask_permissions(client, Settings.load())
    with connect(url_of(own_server, "notifyctl", "resetkeys", "~other:*"), role="operator") as client:
        patterns = ask_permissions(client, Settings.load())

    assert found == {command: [command] for command in commands}
    assert patterns == ["~{notifyctl:*", "~notifyctl:*"]


def test_doctor_says_how_to_give_what_is_missing(own_server: Server) -> None:
    """And looks no further: the rest would be refused, too."""
    url = url_of(own_server, "notifyctl", "-xadd", "-wait")

    found = json.loads(run("doctor", "-o", "json", REDIS_URL=url).out)

    (finding,) = [finding for finding in found if finding["name"] == "permissions"]
    assert finding["status"] == "fail"
    assert finding["detail"] == "this user lacks +wait +xadd"
    assert "ACL SETUSER" in finding["remedy"]
