"""Messages that no actor can ever run: each is buried with its reason, its bytes are kept, and all others go on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.jobs import NewJob
from notifyctl.engine.states import State
from notifyctl.middleware import retries
from tests.support.builders import a_message
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Host
    from tests.support.seed import Seed
    from tests.support.server import Server

ROOT = Path(__file__).parents[3]


def _with(**changes: Any) -> bytes:
    """An encoded message with these fields in the place of its own."""
    return json.dumps({**json.loads(a_message("poison").encode()), **changes}).encode()


UNREADABLE = {
    "empty": b"",
    "no text": b"\xff\xfe",
    "no JSON": b'{"queue_name": "email"',
    "no object": b"[1]",
    "no fields": b"{}",
    "a pickle": b"\x80\x04N.",
    "another program's job": b'{"class": "HardWorker", "args": ["bob", 5], "jid": "b4a577edbccf1d805744efa9", "retry": true}',
    "a field more": _with(priority=1),
    "another queue's": _with(queue_name="whatsapp"),
    "no queue's": _with(queue_name=None),
    "options null": _with(options=None),
    "options a list": _with(options=[]),
    "args null": _with(args=None),
    "args a number": _with(args=3),
    "nested without end": b"[" * 100_000,
}
#: These hold what Dramatiq or our middleware would trip over: a thread ends, a job is held or run without end.
MISLEADING = {
    "kwargs null": _with(kwargs=None),
    "kwargs a list": _with(kwargs=[1]),
    "actor a list": _with(actor_name=["send"]),
    "throws a text": _with(options={"throws": "ValueError"}),
    "delays a number": _with(options={"retry_delays_ms": 5}),
    "delays of words": _with(options={"retry_delays_ms": ["x"]}),
}


def _fails_unless_good(message: NotifyMessage) -> None:
    if not message.message_id.startswith("good"):
        raise ValueError("poison")


def _check(host: Host, seed: Seed, poison: dict[str, bytes], reason: str) -> None:
    """Each is dead for this reason, with its bytes, and what was before, between and after it has run."""
    seed.scripts.clock = None
    good = [f"good-{number}" for number in range(len(poison) + 1)]
    for name, (poison_id, encoded) in zip(good, poison.items(), strict=False):
        host.send(name)
        seed.scripts.enqueue(NewJob(poison_id, encoded))
    host.send(good[-1])
    host.start(threads=2)
    wait_until(lambda: sorted(seed.ids("dead")) == sorted(poison))
    host.join()

    assert sorted(seed.ids("completed")) == sorted(good)
    jobs = {poison_id: host.job(poison_id) for poison_id in poison}
    assert {poison_id: job.message for poison_id, job in jobs.items()} == poison
    assert {job.reason for job in jobs.values()} == {reason}
    assert host.listens


def test_poison_that_cannot_be_read_is_buried_with_its_bytes(host: Host, seed: Seed) -> None:
    """At once, whatever is wrong with it; nothing is run, and one in a batch holds up neither batch nor queue."""
    host.actor()

    _check(host, seed, UNREADABLE, "decode")

    assert len(host.runs) == len(UNREADABLE) + 1
    assert {len(host.job(name).attempts) for name in UNREADABLE} == {1}
    assert {host.job(name).attempts[0]["outcome"] for name in UNREADABLE} == {"undecodable"}


@pytest.mark.parametrize("name", MISLEADING)
def test_poison_that_would_mislead_the_worker_is_buried_with_its_bytes(host: Host, seed: Seed, name: str) -> None:
    """A message of the right fields, one of which would end a thread, or a run, in a way that nobody foresaw."""
    host.actor(_fails_unless_good)

    _check(host, seed, {"poison": MISLEADING[name]}, "decode")


def test_poison_of_an_unknown_actor_is_buried_with_its_bytes(
    host: Host, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a newer worker has had time to come; others go on meanwhile."""
    monkeypatch.setattr(retries, "_UNKNOWN_ACTOR_S", 0.02)
    host.actor()

    _check(host, seed, {"renamed": _with(actor_name="send_mail")}, "unknown_actor")

    assert len(host.job("renamed").attempts) == 4


def _dies(server: Server, seed: Seed) -> int:
    """Let a worker process take jobs, and be killed by the poison; how many leases it had."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.engine.victim", server.url, "dies"],
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    ) as victim:
        assert victim.wait(20) == -9
    return seed.scripts.lapse(seed.job("poison")["lease"].rpartition(":")[0])


def test_poison_that_kills_its_worker_three_times_is_buried(
    make_host: Callable[..., Host], server: Server, seed: Seed
) -> None:
    """The actor ends its process before any send begins: after the third one a person is asked, and others go on."""
    host = make_host()
    host.actor()
    host.send("poison")
    for deaths in range(3):
        assert _dies(server, seed) == 1
        assert seed.job("poison").get("lost", "0") == str(deaths)
    host.send("good")
    host.start()
    host.join()

    job = host.job("poison")
    assert (job.state, job.reason, host.runs) == (State.DEAD, "lost_worker", ["good"])
    assert [attempt["outcome"] for attempt in job.attempts] == ["lost_worker"] * 3
    assert job.message == a_message("poison").encode()
    assert not job.possible_duplicate


def test_poison_does_not_take_with_it_what_was_beside_it(server: Server, seed: Seed, host: Host) -> None:
    """Two workers were lost with both jobs in hand: before the third they are set apart, and the other one is done."""
    host.actor()
    host.send("poison", "bystander")
    together = [_dies(server, seed), _dies(server, seed)]
    _dies(server, seed)
    host.start()
    host.join()

    assert together == [2, 2]
    assert (seed.job("poison")["reason"], seed.job("poison")["lost"]) == ("lost_worker", "3")
    assert (host.job("bystander").state, seed.job("bystander")["lost"]) == (State.COMPLETED, "2")
