"""Every kind of command, on a primary behind Sentinels and on a cluster: keys are where each command looks for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import build
from notifyctl.engine.fleet import Report
from notifyctl.settings import Settings
from tests.support.acl import OF_A_CLUSTER, PASSWORD, make_user, refusals
from tests.support.cli import run, run_here
from tests.support.cluster import Nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sentinel import Sentinels

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture
def redis_url(several: Sentinels | Nodes, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What the commands of the test connect to, as the user of the documentation, to whom nothing is refused."""
    make_user(several.data, "notifyctl", *(OF_A_CLUSTER if isinstance(several, Nodes) else ()))
    scheme, _, rest = several.url.partition("://")
    monkeypatch.setenv("REDIS_URL", f"{scheme}://notifyctl:{PASSWORD}@{rest}")
    for queue in ("EMAIL", "WHATSAPP"):
        monkeypatch.setenv(f"NOTIFYCTL_{queue}_RATE", "off")
    yield several.url
    assert refusals(several.data) == []


def told(*args: str) -> Any:
    """The answer of a command that works."""
    result = run_here(*args, "-o", "json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_orders_go_through_the_queues(redis_url: str) -> None:
    """Imported, sent by a worker, counted, and found by their order."""
    assert run_here("order", "import", str(EXAMPLES / "orders.jsonl")).code == 0
    assert run_here("order", "test", "--count", "5").code == 0
    waiting = sum(queue["waiting"] for queue in told("stats"))
    drained = run("worker", "--drain", "--processes", "2")

    stats = told("stats")
    found = told("job", "list", "--limit", "500")
    assert drained.code == 0, drained.err
    assert waiting > 5
    assert sum(queue["completed"] for queue in stats) == waiting == len(found)
    by_order = told("job", "list", "--order", "10482")
    by_both = told("job", "list", "--order", "10482", "--to", "ada@example.com")
    assert {job["order"] for job in by_order} == {"10482"}
    assert 0 < len(by_both) < len(by_order)
    assert told("order", "show", "10482")


def test_dead_letters_are_repaired(redis_url: str) -> None:
    """Buried, listed, retried one by one and together, purged; and all of it is in the audit log."""
    run_here("order", "test", "--count", "4", "--fail-rate", "1")
    assert run("worker", "--drain", NOTIFYCTL_EMAIL_RETRY_DELAYS="", NOTIFYCTL_WHATSAPP_RETRY_DELAYS="").code == 0

    dead = [job["id"] for job in told("dlq", "list")]

    assert len(dead) >= 3
    assert told("dlq", "stats")
    assert told("dlq", "show", dead[0])
    assert run_here("dlq", "retry", dead[0]).code == 0
    assert run_here("dlq", "purge", dead[1], "--yes").code == 0
    assert run_here("dlq", "retry", *dead[2:]).code == 0
    assert told("dlq", "list") == []
    assert run_here("job", "cancel", dead[0], "--yes").code == 0


def test_dead_letters_are_repaired_in_bulk(redis_url: str) -> None:
    """Each queue's part of a replay is beside its jobs, the record with the fleet; edited, exported, purged by a filter."""
    run_here("order", "test", "--count", "4", "--fail-rate", "1")
    no_retries = {"NOTIFYCTL_EMAIL_RETRY_DELAYS": "", "NOTIFYCTL_WHATSAPP_RETRY_DELAYS": ""}
    assert run("worker", "--drain", **no_retries).code == 0
    dead = [job["id"] for job in told("dlq", "list")]

    assert told("dlq", "retry", "--all", "--dry-run")["will_go"] == len(dead)
    replay = told("dlq", "retry", "--all", "--yes", "--limit", "2")
    assert run("worker", "--drain", **no_retries).code == 0
    done = told("dlq", "replays", replay["id"])
    assert (done["state"], done["replayed"], done["left"]) == ("done", 2, 0)
    held = told("dlq", "retry", "--all", "--yes", "--rate", "1/min")["id"]
    assert told("dlq", "replays", held, "--cancel")["state"] == "cancelled"
    assert told("dlq", "edit", dead[0], "--set", "name=Eve")["changed"] == ["name"]
    assert len(run_here("dlq", "export").out.splitlines()) == len(told("dlq", "list"))
    assert run_here("dlq", "purge", "--all", "--yes").code == 0
    assert told("dlq", "list") == []


def test_what_is_counted_and_what_was_done_is_told(redis_url: str) -> None:
    """Metrics, the audit log and the events, wherever their keys are."""
    run_here("send", "email", "ada@example.com", "-t", "test_message")
    run_here("queue", "pause", "email")

    assert 'notifyctl_jobs_enqueued_total{queue="email"} 1.0\n' in run_here("metrics").out
    assert [act["verb"] for act in told("audit", "list")] == ["paused", "queued"]
    assert [event["kind"] for event in told("events", "tail")] == ["queue_paused"]
    assert build(Settings.load()).inspector.minutes("email", 2)[-1].enqueued <= 1


def test_workers_are_listed(redis_url: str) -> None:
    """Wherever the key of each one is."""
    fleet = build(Settings.load()).fleet
    for name in ("w1", "w2"):
        fleet.tell(name, Report(host=name))

    assert [worker["id"] for worker in told("worker", "list")] == ["w1", "w2"]
    fleet.leave("w1")
    assert [worker["id"] for worker in told("worker", "list")] == ["w2"]


def test_operator_takes_a_provider_out(redis_url: str) -> None:
    """Each circuit is where its provider's name is hashed to, and so are the events."""
    assert run_here("provider", "trip", "sendgrid", "--for", "1m").code == 3
    assert run_here("provider", "trip", "outbox", "--for", "1m").code == 0

    assert {provider["kind"] for provider in told("provider", "list")} == {"tripped"}
    assert told("stats", "email")["circuits"][0]["provider"] == "outbox"
    assert run_here("provider", "reset", "outbox").code == 0
    assert {provider["state"] for provider in told("provider", "list")} == {"closed"}


def test_operator_holds_up_a_queue(redis_url: str) -> None:
    """Pause, limit and resume reach the queue's own server."""
    assert run_here("queue", "pause", "email", "--reason", "a test").code == 0
    assert run_here("queue", "limit", "email", "--rate", "5/s").code == 0

    email = told("queue", "show", "email")

    assert email["paused"]
    assert email["rate"] == "5/s"
    assert run_here("queue", "resume", "email").code == 0
    assert run_here("queue", "limit", "email", "--clear").code == 0
    assert told("worker", "list") == []


def test_doctor_looks_at_every_primary(redis_url: str) -> None:
    """The server's checks end well where the servers are set up as they should be."""
    found = {finding["name"]: finding for finding in json.loads(run_here("doctor", "-o", "json").out)}

    assert {found[name]["status"] for name in ("redis", "version", "eviction", "persistence", "clock")} == {"ok"}


def test_config_shows_servers_and_no_password(redis_url: str) -> None:
    """All servers of the URL are named; user, password and options are not."""
    scheme, _, rest = redis_url.partition("://")

    shown = run_here("config", "show", REDIS_URL=f"{scheme}://worker:hush@{rest}?sentinel_password=hush-too").out

    assert redis_url in shown
    assert "hush" not in shown
