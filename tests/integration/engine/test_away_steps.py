"""The connection is lost at each step of a job's life, before the request arrives and after it was carried out.

Nothing is lost, nothing is sent twice, and the worker goes on by itself.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import redis
from dramatiq.errors import ConnectionClosed
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from notifyctl.engine.arrivals import _ENQUEUE
from notifyctl.engine.jobs import NewJob
from notifyctl.engine.scripts import _SCRIPTS
from notifyctl.engine.states import State
from notifyctl.errors import Permanent, Scope, Suppressed, Throttled, Transient
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host
    from tests.support.proxy import Proxy
    from tests.support.seed import Seed

pytestmark = pytest.mark.usefixtures("quick_reconnects")

#: What is lost so often is lost to the client's own retries, too.
FOR_GOOD = 4
#: How soon after the last loss all must be done.
BOUND_S = 8.0

STEPS = ("enqueue", "take", "begin", "complete", "retry", "bury", "release", "cancel")
SIDES = ("request", "reply")
#: How often each is lost; the loop that waits on the marker is its own retry: there, once is for good.
LOSSES = [("wait", 1), *((step, FOR_GOOD) for step in STEPS)]

ENDS = {
    "good": State.COMPLETED,
    "flaky": State.COMPLETED,
    "throttled": State.COMPLETED,
    "unwanted": State.CANCELLED,
    "bad": State.DEAD,
}

#: The entries in its history: what was told twice is there once, and what was never begun is not.
HISTORY = {
    "good": ["sent"],
    "flaky": ["transient", "sent"],
    "throttled": ["sent"],
    "unwanted": [],
    "bad": ["permanent"],
}


_ALL = {"enqueue": _ENQUEUE, **_SCRIPTS}


def _marker(step: str) -> str:
    return "BZPOPMIN" if step == "wait" else _ALL[step].sha1


def _lose(proxy: Proxy, side: str, step: str, times: int) -> None:
    (proxy.lose_request if side == "request" else proxy.lose_reply)(_marker(step), times)


@pytest.fixture(autouse=True)
def taught(client: redis.Redis) -> None:
    """The server knows all scripts: else the reply that is lost is the one that says that it does not."""
    for script in _ALL.values():
        client.script_load(script.source)


def _send(host: Host, job_id: str) -> None:
    """Enqueue as a caller does who is told of a lost connection: the same message, until it is accepted."""

    def accepted() -> bool:
        try:
            host.send(job_id)
        except ConnectionClosed:
            return False
        return True

    wait_until(accepted, what=f"{job_id} to be accepted")


class _Provider:
    """An actor's work that ends in each of the ways that a job can take, and counts what was sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.throttled = False

    def __call__(self, message: NotifyMessage) -> None:
        """Send it, or not, as its id says."""
        kind = message.message_id
        if kind == "unwanted":
            raise Suppressed("asked not to be written to")
        message.begin("sendgrid")
        if kind == "bad":
            raise Permanent("no", provider="sendgrid", scope=Scope.RECIPIENT)
        if kind == "flaky" and message.job.attempt == 1:
            raise Transient("down", provider="sendgrid")
        if kind == "throttled" and not self.throttled:
            self.throttled = True
            raise Throttled("slow down", provider="sendgrid", retry_after_s=0.02)
        self.sent.append(kind)
        message.provider, message.provider_id = "sendgrid", f"sg-{kind}"


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("step", "times"), LOSSES)
def test_away_at_any_step_loses_nothing_and_sends_nothing_twice(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, step: str, side: str, times: int
) -> None:
    """Whatever was on its way: each job ends as it should, after as many attempts, and what is sent is sent once."""
    host, provider = make_host(proxy.url), _Provider()
    host.broker.client.set_retry(
        Retry(ConstantBackoff(0.01), FOR_GOOD - 1, (redis.ConnectionError,))
    )  # sooner than ours
    host.actor(provider)
    host.start(threads=1)  # or what is lost would be one call of each of several jobs, and for good of none
    _lose(proxy, side, step, times)
    for name in ENDS:
        _send(host, name)
    wait_until(lambda: proxy.lost == times, what=f"every {side} to be lost")
    back_at = time.monotonic()
    host.join()

    assert time.monotonic() - back_at < BOUND_S
    jobs = {name: host.job(name) for name in ENDS}
    assert {name: job.state for name, job in jobs.items()} == ENDS
    assert Counter(provider.sent) == {"good": 1, "flaky": 1, "throttled": 1}
    assert {name: [attempt["outcome"] for attempt in job.attempts] for name, job in jobs.items()} == HISTORY
    assert not any(job.duplicates or job.possible_duplicate or "lost" in seed.job(job.job_id) for job in jobs.values())
    assert host.listens


def test_away_at_the_start_of_a_worker_is_waited_for(make_host: Callable[..., Host], proxy: Proxy) -> None:
    """Nothing is there to connect to: its threads try again until there is."""
    host = make_host(proxy.url)
    host.actor()
    with proxy.outage():
        host.start()
        wait_until(lambda: proxy.refused > FOR_GOOD, what="the worker to miss the server")
    host.send("a")
    host.join()

    assert host.runs == ["a"]
    assert host.listens


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("side", SIDES)
def test_away_at_a_beat_costs_no_lease(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, gate: Gate, side: str
) -> None:
    """The next beat comes sooner than usual, and in time: no idle worker gets a job that is being run."""
    host, idle = make_host(proxy.url), make_host()
    host.actor(gate)
    idle.actor(gate)
    host.start(threads=1)
    host.send("slow")
    gate.await_inside(1)
    idle.start(threads=1)
    until = seed.score("active", "slow") or 0
    _lose(proxy, side, "beat", FOR_GOOD)
    wait_until(lambda: proxy.lost == FOR_GOOD)
    wait_until(lambda: (seed.score("active", "slow") or 0) > until + 1_000, what="the lease to be extended")
    gate.open()
    host.join()

    assert (host.runs, idle.runs) == (["slow"], [])
    assert "lost" not in seed.job("slow")
    assert host.listens


def test_away_during_sends_keeps_their_evidence(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed, gate: Gate
) -> None:
    """Every connection is cut while providers are being asked: their answers are told when the server is back."""
    sent: list[str] = []

    def sends(message: NotifyMessage) -> None:
        message.begin("sendgrid")
        gate(message)
        sent.append(message.message_id)
        message.provider, message.provider_id = "sendgrid", f"sg-{message.message_id}"

    host = make_host(proxy.url)
    host.actor(sends)
    host.start(threads=3)
    host.send("a", "b", "c")
    gate.await_inside(3)
    with proxy.outage():
        gate.open()
        wait_until(lambda: len(sent) == 3)
    back_at = time.monotonic()
    host.send("new")
    host.join()

    assert time.monotonic() - back_at < BOUND_S
    assert sorted(sent) == ["a", "b", "c", "new"]
    assert {host.job(name).provider_id for name in sent} == {f"sg-{name}" for name in sent}
    assert not any(seed.job(name).get("possible_duplicate") for name in sent)
    assert host.listens


def test_away_at_the_burial_of_what_cannot_be_read_strands_no_batch(
    make_host: Callable[..., Host], proxy: Proxy, seed: Seed
) -> None:
    """The rest of its batch is asked for again, and runs at once."""
    host = make_host(proxy.url)
    host.actor()
    host.send("before")
    host.broker.scripts("email").enqueue(NewJob("poison", b"\xff"))
    host.send("after")
    proxy.lose_reply(_marker("bury"), FOR_GOOD)
    started = time.monotonic()
    host.start()
    host.join()

    assert time.monotonic() - started < BOUND_S
    assert sorted(host.runs) == ["after", "before"]
    assert seed.ids("dead") == ["poison"]


def test_away_request_that_arrives_late_takes_nothing(seed: Seed) -> None:
    """A take that its worker gave up on, held up on a lost connection: later ones have been answered since."""
    seed.waiting("a", "b", "c")
    seed.take("w1", 7, wanted=1)
    seed.take("w1", 8, wanted=1)

    assert seed.changes_nothing(lambda: seed.take("w1", 7, wanted=1)).jobs == []
