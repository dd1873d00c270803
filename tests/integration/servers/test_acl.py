"""Users with few rights: those of the documentation can do all that they are for, and no less would do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notifyctl.app import build
from notifyctl.connection import connect
from notifyctl.doctor.permissions import COMMANDS, ask_permissions
from notifyctl.errors import BrokerRefused
from notifyctl.settings import Settings
from tests.support.cli import run
from tests.support.documentation import ROOT, blocks
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cluster import Nodes

PAGE = "docs/how-to/redis-servers.md"
#: The words of ACL SETUSER, by user.
USERS = {
    line.split()[1]: line.split()[2:]
    for block in blocks(PAGE)
    if block.language == "text"
    for line in block.text.splitlines()
}
OF_A_CLUSTER = ("+command", "+cluster|slots", "+asking")
PASSWORD = "not-a-real-password"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server whose users a test may change."""
    server = Server()
    yield server
    server.close()


def url_of(server: Server, user: str, *more: str) -> str:
    """Make a user, and return what it connects to."""
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", user, *USERS[user], *more)
    return f"{server.url}?username={user}&password={PASSWORD}"


def refusals(server: Server) -> list[str]:
    """What was refused since the server started."""
    with server.client() as admin:
        return [f"{entry['reason']} {entry['object']}" for entry in admin.acl_log()]


def use_everything(url: str) -> None:
    """Queue, send, fail, look, repair, as operators and workers do."""
    variables = {"REDIS_URL": url, "NOTIFYCTL_EMAIL_RATE": "off", "NOTIFYCTL_WHATSAPP_RATE": "off"}
    example = str(ROOT / "docs" / "examples" / "orders.jsonl")
    for words in (
        "order test --count 4 --fail-rate 0.5", f"order import {example}", "worker --drain", "stats", "job list",
        "job list --order 10482 --to ada@example.com", "order show 10482", "dlq list", "dlq retry --all --yes",
        "worker --drain", "dlq purge --all --yes", "queue pause email", "queue limit email --rate 1/s",
        "queue resume email", "send email ada@example.com -t test_message --in 1h", "worker list",
        "job cancel --queue email --yes", "provider trip outbox --for 1ms", "worker --drain", "provider list",
        "provider trip outbox --for 1m", "provider reset outbox", "doctor",
    ):  # fmt: skip
        done = run(*words.split(), **variables, NOTIFYCTL_EMAIL_RETRY_DELAYS="", NOTIFYCTL_WHATSAPP_RETRY_DELAYS="")
        assert done.code == 0, f"{words}: {done.err}"


def test_user_of_the_documentation_can_do_everything(own_server: Server) -> None:
    """Nothing that a worker or an operator does is refused."""
    use_everything(url_of(own_server, "notifyctl"))

    assert refusals(own_server) == []


def test_user_of_the_documentation_can_use_a_cluster(cluster: Nodes) -> None:
    """With three commands more."""
    for node in cluster.all:
        node.ask("ACL", "SETUSER", "notifyctl", *USERS["notifyctl"], *OF_A_CLUSTER)
    scheme, _, rest = cluster.url.partition("://")

    use_everything(f"{scheme}://notifyctl:{PASSWORD}@{rest}")


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
    assert refusals(own_server) == []
    with pytest.raises(BrokerRefused):
        app.inspector.stats("email")


def test_commands_that_scripts_use_are_asked_about() -> None:
    """The doctor's list has every command of every script, and the documented user has every command of the list."""
    used = {
        word
        for script in Path(ROOT / "notifyctl").rglob("*.lua")
        for word in re.findall(r"redis\.p?call\('([A-Z]+)'", script.read_text())
    }
    asked = {command[0] if command[0] != "MEMORY" else "MEMORY|USAGE" for command in COMMANDS}

    assert used <= asked
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
