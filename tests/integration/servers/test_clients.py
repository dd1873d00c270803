"""Clients of a primary behind Sentinels and of a cluster: where they look, how long they wait, what they say."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from typing import TYPE_CHECKING, get_args

import pytest

from notifyctl.connection import Role, connect, pipelined, primaries, translated
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.producer import Producer
from notifyctl.engine.scripts import Scripts
from notifyctl.errors import BrokerRefused, BrokerUnavailable
from tests.support.builders import QUEUE, a_job
from tests.support.seed import NAMESPACE

if TYPE_CHECKING:
    from tests.support.cluster import Nodes
    from tests.support.sentinel import Sentinels

ROLES = get_args(Role)
KEYS = QueueKeys(NAMESPACE, QUEUE)


@pytest.mark.parametrize("role", ROLES)
def test_client_writes_to_the_primary(several: Sentinels | Nodes, role: Role) -> None:
    """Whatever the client is for."""
    with connect(several.url, role=role) as mine:
        mine.set(KEYS.meta, "here")

    assert several.owner(KEYS.meta).ask("GET", KEYS.meta) == b"here"


def test_bulk_survives_forgotten_scripts(several: Sentinels | Nodes) -> None:
    """A new primary knows no script: what it refuses is sent again, with its text."""
    with connect(several.url, role="producer") as mine:
        producer = Producer(mine, NAMESPACE)
        for number in range(3):
            several.owner(KEYS.meta).ask("SCRIPT", "FLUSH")
            answers = producer.enqueue_many(QUEUE, [a_job(f"job-{number}-{place}") for place in range(50)])
            assert {getattr(answer, "status", answer) for answer in answers} == {"queued"}

        assert mine.zcard(KEYS.waiting) == 150


def test_blocked_consumer_is_woken(several: Sentinels | Nodes) -> None:
    """A marker and a nudge are two keys, of one slot."""
    with connect(several.url, role="blocking") as mine, connect(several.url, role="producer") as theirs:
        Scripts(theirs, KEYS).enqueue(a_job())

        assert mine.bzpopmin([KEYS.wake, KEYS.nudge("w1")], timeout=3) == (KEYS.wake.encode(), b"w", 0.0)


def test_pipeline_answers_over_several_slots(cluster: Nodes) -> None:
    """Each command goes to its own server, and the answers come in the order of the commands."""
    with connect(cluster.url, role="operator") as mine:
        answers = pipelined(mine, [("INCRBY", f"key-{number}", number) for number in range(100)])

    assert answers == list(range(100))


def test_pipeline_follows_a_slot_that_has_moved(cluster: Nodes) -> None:
    """MOVED: everything of that slot is sent again, to where it is now."""
    with connect(cluster.url, role="worker") as mine:
        mine.set(KEYS.meta, "before")
        old = cluster.owner(KEYS.meta)
        new = next(primary for primary in cluster.primaries if primary is not old)
        cluster.move(KEYS.meta, old, new)
        try:
            assert pipelined(mine, [("SET", KEYS.meta, "after"), ("GET", KEYS.meta)]) == [True, b"after"]
        finally:
            cluster.move(KEYS.meta, new, old)


def test_primaries_are_all_that_take_writes(cluster: Nodes, sentinels: Sentinels) -> None:
    """Three of a cluster, one behind Sentinels."""
    with connect(cluster.url, role="operator") as many, connect(sentinels.url, role="operator") as one:
        assert {client.info("replication")["role"] for client in primaries(many)} == {"master"}
        assert (len(primaries(many)), len(primaries(one))) == (3, 1)


def test_late_answer_is_nobody_elses(several: Sentinels | Nodes) -> None:
    """After a timeout, the connection is closed: what comes late on it is not the answer to the next command."""
    frozen = several.owner(KEYS.meta)
    with connect(f"{several.url}?socket_timeout=0.4", role="operator") as mine:
        mine.set(KEYS.meta, "mine")
        frozen.signal(signal.SIGSTOP)
        thaw = threading.Timer(0.5, frozen.signal, [signal.SIGCONT])
        thaw.start()
        with pytest.raises(BrokerUnavailable, match="did not answer in time"), translated():
            mine.get(KEYS.meta)

        answer = mine.exists(KEYS.waiting)
        thaw.join()

    assert answer == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis+sentinel://:hush@127.0.0.1:1,127.0.0.1:2/main", "the Sentinels know of no primary"),
        ("redis+cluster://:hush@127.0.0.1:1,127.0.0.1:2", "cannot be reached"),
    ],
)
@pytest.mark.parametrize("role", ROLES)
def test_servers_that_are_not_there_are_told_soon(url: str, told: str, role: Role) -> None:
    """When the first command comes, and not before; in words without a host or a password."""
    mine = connect(url, role=role)
    began = time.monotonic()
    with pytest.raises(BrokerUnavailable, match=told) as caught, translated(), mine:
        mine.ping()

    assert time.monotonic() - began < 3
    text = caught.value.message + caught.value.hint
    assert "127.0.0.1" not in text
    assert "hush" not in "".join(traceback.format_exception(caught.value)) + text


def test_service_that_the_sentinels_do_not_know_is_told(sentinels: Sentinels) -> None:
    """The hint names what to look at."""
    with (
        pytest.raises(BrokerUnavailable, match="no primary") as caught,
        translated(),
        connect(sentinels.url + "-other", role="worker") as mine,
    ):
        mine.ping()

    assert "service" in caught.value.hint


def test_server_outside_of_a_cluster_is_told(sentinels: Sentinels) -> None:
    """What answers is asked for its slots, and has none."""
    with (
        pytest.raises(BrokerUnavailable, match="not part of a cluster"),
        translated(),
        connect(f"redis+cluster://{sentinels.primary.address}", role="worker") as mine,
    ):
        mine.ping()


def test_server_of_a_cluster_named_alone_is_told(cluster: Nodes) -> None:
    """It answers MOVED to most keys: the hint says how to name the cluster."""
    other = next(node for node in cluster.primaries if node is not cluster.owner(KEYS.meta))
    with (
        pytest.raises(BrokerUnavailable, match="part of a cluster") as caught,
        translated(),
        connect(f"redis://{other.address}", role="worker") as mine,
    ):
        mine.set(KEYS.meta, 1)

    assert "redis+cluster://" in caught.value.hint


def test_wrong_password_is_refused(several: Sentinels | Nodes) -> None:
    """As credentials, not as an outage: trying again is no use."""
    scheme, _, rest = several.url.partition("://")
    with (
        pytest.raises(BrokerRefused, match="user name or password"),
        translated(),
        connect(f"{scheme}://nobody:hush@{rest}", role="producer") as mine,
    ):
        mine.get(KEYS.meta)
