"""The server is there and is of no use: it refuses, loads, is frozen, or is killed.

Nothing is lost, nothing is sent twice, no thread ends, and the worker goes on by itself when the server is well again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import redis
from dramatiq.errors import ConnectionClosed

from notifyctl.engine.states import State
from notifyctl.errors import Permanent, Scope, Transient
from tests.support.builders import a_message
from tests.support.seed import Seed
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host
    from tests.support.server import Server

pytestmark = pytest.mark.usefixtures("quick_reconnects")

#: How soon after the server is well again all must be done.
BOUND_S = 8.0


@contextmanager
def _configured(server: Server, *, reconnecting: bool = False, **settings: str) -> Iterator[None]:
    """These settings; also for those who are connected already, who have to connect again."""
    with server.client() as admin:
        before = {name: admin.config_get(name)[name] for name in (key.replace("_", "-") for key in settings)}
        for name, value in settings.items():
            admin.config_set(name.replace("_", "-"), value)
        if reconnecting:
            admin.client_kill_filter(_type="normal", skipme=True)
        yield
        for name, value in before.items():
            admin.config_set(name, value)


@contextmanager
def _replica(server: Server) -> Iterator[None]:
    """A failover's old primary: the new one cannot be reached."""
    with server.client() as admin:
        admin.replicaof("127.0.0.1", "1")
        yield
        admin.replicaof("NO", "ONE")


@contextmanager
def _unable_to_save(server: Server) -> Iterator[None]:
    """A snapshot fails, here because a folder is where its file should be."""
    in_the_way = server.folder / "dump.rdb"
    in_the_way.mkdir()
    with _configured(server, save="3600 1"), server.client() as admin:
        admin.bgsave()
        wait_until(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err")
        yield
        in_the_way.rmdir()
        admin.bgsave()
        wait_until(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "ok")


@contextmanager
def _busy(server: Server) -> Iterator[None]:
    """Somebody's script runs and runs."""

    def run_and_run() -> None:
        with server.client() as slow, pytest.raises(redis.ResponseError, match="killed"):
            slow.eval("while true do end", 0)

    with _configured(server, busy_reply_threshold="5"), server.client() as admin:
        script = threading.Thread(target=run_and_run)
        script.start()
        wait_until(lambda: not server.answers())
        yield
        admin.script_kill()
        script.join()


@contextmanager
def _forbidden(server: Server) -> Iterator[None]:
    """Somebody took the user's right to run scripts and to write away."""
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "default", "-@scripting", "-@write")
        yield
        admin.execute_command("ACL", "SETUSER", "default", "+@all")


REFUSALS: dict[str, Callable[[Server], AbstractContextManager[None]]] = {
    "READONLY": _replica,
    "OOM": lambda server: _configured(server, maxmemory="1"),
    "MISCONF": _unable_to_save,
    "NOREPLICAS": lambda server: _configured(server, min_replicas_to_write="1"),
    "BUSY": _busy,
    "NOAUTH": lambda server: _configured(server, reconnecting=True, requirepass="secret"),
    "NOPERM": _forbidden,
    "maxclients": lambda server: _configured(server, reconnecting=True, maxclients="1"),
}


class _Provider:
    """Sends that are in progress until the gate opens; each begins before it or after, and ends as its id says."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.sent: list[str] = []

    def __call__(self, message: NotifyMessage) -> None:
        """Send it, or not."""
        kind = message.message_id
        if kind != "late":
            message.begin("sendgrid")
        if message.job.attempt == 1:
            self.gate(message)
        if kind == "late":
            message.begin("sendgrid")
        if kind == "bad":
            raise Permanent("no", provider="sendgrid", scope=Scope.RECIPIENT)
        if kind == "flaky" and message.job.attempt == 1:
            raise Transient("down", provider="sendgrid")
        self.sent.append(kind)
        message.provider, message.provider_id = "sendgrid", f"sg-{kind}"


IN_PROGRESS = ("good", "flaky", "bad", "late")


def _get_going(host: Host, gate: Gate) -> _Provider:
    """Four sends in progress, and a job that is due while the server is of no use."""
    provider = _Provider(gate)
    host.actor(provider)
    host.start(threads=5)
    host.send(*IN_PROGRESS)
    gate.await_inside(4)
    host.broker.enqueue(a_message("due"), delay=100)
    return provider


def _check(host: Host, server: Server, provider: _Provider) -> None:
    """All is as if the server had been well all the time, and a new job is sent at once."""
    back_at = time.monotonic()
    host.send("new")
    host.join()

    assert time.monotonic() - back_at < BOUND_S
    names = (*IN_PROGRESS, "due", "new")
    assert Counter(provider.sent) == dict.fromkeys(("good", "flaky", "late", "due", "new"), 1)
    assert [name for name in names if host.job(name).state is not State.COMPLETED] == ["bad"]
    assert {name: len(host.job(name).attempts) for name in names} == {**dict.fromkeys(names, 1), "flaky": 2}
    assert not any(host.job(name).possible_duplicate for name in names)
    assert host.listens
    with server.client() as client:
        seed = Seed(client)
        assert not any("lost" in seed.job(name) for name in names)
        seed.check()
    host.close()


@pytest.mark.parametrize("word", REFUSALS)
def test_away_server_that_refuses_delays_outcomes_and_loses_none(
    make_host: Callable[..., Host], own_server: Server, gate: Gate, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    """A producer is told at once; what was in progress is told later, as a lost connection would have it."""
    host = make_host(own_server.url)
    provider = _get_going(host, gate)
    with REFUSALS[word](own_server):
        gate.open()
        until, refused = time.monotonic() + 0.4, 0

        def is_refused() -> bool:
            nonlocal refused
            with pytest.raises(ConnectionClosed):
                host.send("refused")
            refused += 1
            return time.monotonic() > until

        wait_until(is_refused)
    with own_server.client() as admin:
        answers = {name: stat["count"] for name, stat in admin.info("errorstats").items()}
        met = sum(answers.values()) - answers.get("errorstat_NOSCRIPT", 0) + admin.info("stats")["rejected_connections"]

    _check(host, own_server, provider)
    assert met >= refused + len(IN_PROGRESS), "the worker's own calls were not refused"
    assert not [record for record in caplog.records if "unexpected error" in record.message or "bug" in record.message]


def test_away_server_that_is_killed_and_loads_its_data(
    make_host: Callable[..., Host], durable_server: Server, gate: Gate
) -> None:
    """Kill -9, then LOADING for a while: everything that was accepted is in the append-only file."""
    with durable_server.client() as admin:
        for number in range(100):
            admin.set(f"filler-{number}", "x" * 100)
        admin.bgrewriteaof()
        wait_until(lambda: not admin.info("persistence")["aof_rewrite_in_progress"])
    host = make_host(durable_server.url)
    provider = _get_going(host, gate)
    durable_server.kill()
    gate.open()
    # 5 ms for each key, with an ear for clients in between
    durable_server.extra += ("--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024")
    durable_server.start()
    with durable_server.client() as admin:
        loading = admin.info("errorstats").get("errorstat_LOADING", {"count": 0})["count"]

    _check(host, durable_server, provider)
    assert loading >= len(IN_PROGRESS), "nobody met the server while it was loading"


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("freeze_s", [1.0, 2.8], ids=["shorter than the lease", "longer"])
def test_away_server_that_is_frozen_has_nothing_sent_twice(
    make_host: Callable[..., Host], own_server: Server, gate: Gate, freeze_s: float
) -> None:
    """It stops in its tracks, with sends in progress on two workers and calls that it carries out when it goes on."""
    hosts = [make_host(f"{own_server.url}?socket_timeout=0.5") for _ in range(2)]
    names = [f"job-{number}" for number in range(30)]
    sent: list[str] = []

    def sends(message: NotifyMessage) -> None:
        if message.message_id in names[::2]:
            message.begin("sendgrid")
        gate(message)
        if message.message_id not in names[::2]:
            message.begin("sendgrid")
        sent.append(message.message_id)
        message.provider = "sendgrid"

    for host in hosts:
        host.actor(sends)
        host.start(threads=2)
    hosts[0].send(*names)
    gate.await_inside(4)
    own_server.freeze()
    thaw_at = time.monotonic() + freeze_s
    opens_at = thaw_at - freeze_s / 2
    wait_until(lambda: time.monotonic() > opens_at, what="half of the freeze")
    gate.open()
    wait_until(lambda: time.monotonic() > thaw_at, what="the freeze to last")
    own_server.thaw()
    thawed_at = time.monotonic()
    for host in hosts:
        host.join()

    assert time.monotonic() - thawed_at < BOUND_S
    assert Counter(sent) == dict.fromkeys(names, 1)
    assert all(host.listens for host in hosts)
    with own_server.client() as client:
        seed = Seed(client)
        assert len(seed.ids("completed")) == 30
        assert not any(seed.job(name).get("possible_duplicate") for name in names)
        seed.check()
    for host in hosts:
        host.close()
