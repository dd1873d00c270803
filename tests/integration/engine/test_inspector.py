"""The operator's side: looks, counts, repairs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.connection import connect
from notifyctl.engine.inspector import Inspector
from notifyctl.engine.jobs import Completion, QueueStats
from notifyctl.engine.keys import FleetKeys
from notifyctl.engine.scripts import _SCRIPTS
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import Lane, State
from notifyctl.errors import BrokerUnavailable, JobNotFound, UnknownQueue, WrongState
from notifyctl.units import Rate
from tests.support.seed import NAMESPACE, RETENTION, Seed, ids

if TYPE_CHECKING:
    import redis

    from tests.support.proxy import Proxy

FLEET = FleetKeys(NAMESPACE)


@pytest.fixture
def inspector(seed: Seed) -> Inspector:
    """Of the queue under test, on its clock; `email` is configured with 10/s."""
    return Inspector(
        seed.client, NAMESPACE, rates={"email": Rate(10)}, retention=RETENTION, clock=seed.clock
    )  # fmt: skip


def _audit(client: redis.Redis) -> list[tuple[str, str, str]]:
    """What was done, to what, by whom."""
    entries: Any = client.xrange(FLEET.audit)
    return [(entry[b"verb"].decode(), entry[b"what"].decode(), entry[b"by"].decode()) for _, entry in entries]


def test_inspector_counts_a_queue(inspector: Inspector, seed: Seed) -> None:
    """All of what users know of a queue, in one look."""
    seed.waiting("w1", "w2", created_at=seed.now - 4_000)
    seed.active("a")
    seed.delayed("d", due_in_ms=1_500)
    seed.ended("c")
    seed.ended("x", state=State.CANCELLED)
    seed.dead("dead")

    assert inspector.stats("email") == QueueStats(
        queue="email", waiting=2, active=1, delayed=1, completed=1, failed=1, dlq=1, cancelled=1, possible_duplicates=0,
        paused=False,
        pause_reason="", rate="10/s", rate_origin="settings", max_active=0, blocked_ms=0, trial=False, blocked_reason="",
        oldest_waiting_ms=4_000, next_due_ms=1_500,
    )  # fmt: skip


def test_inspector_counts_failures_that_were_mended(inspector: Inspector, seed: Seed) -> None:
    """`failed` is a count over a history: it outlives replay and discard, for a week; `dlq` is now."""
    seed.dead("a", "b", "c")
    inspector.replay("a")
    inspector.discard("b")

    stats = inspector.stats("email")
    seed.clock.advance(RETENTION.failed_ms)

    assert (stats.failed, stats.dlq) == (3, 1)
    assert (inspector.stats("email").failed, inspector.stats("email").dlq) == (0, 1)


def test_inspector_counts_a_queue_that_nobody_used(inspector: Inspector) -> None:
    """A configured queue is there before its first job."""
    stats = inspector.stats("email")

    assert (stats.waiting, stats.oldest_waiting_ms, stats.next_due_ms) == (0, 0, 0)


def test_inspector_sweeps_while_it_counts(inspector: Inspector, seed: Seed) -> None:
    """Retention holds though no worker runs."""
    seed.ended("c")
    seed.clock.advance(RETENTION.completed_ms)

    inspector.stats("email")

    assert seed.ids("completed") == []


def test_inspector_names_configured_and_used_queues(inspector: Inspector, client: redis.Redis) -> None:
    """In order, each once."""
    client.sadd(FLEET.queues, "email", "whatsapp")

    assert inspector.queues() == ["email", "whatsapp"]
    assert inspector.known("whatsapp") == "whatsapp"


def test_inspector_knows_no_other_queue(inspector: Inspector) -> None:
    """The error says which there are."""
    with pytest.raises(UnknownQueue, match="emial") as caught:
        inspector.stats("emial")

    assert caught.value.hint == "There are: email."


def test_inspector_shows_a_job(inspector: Inspector, seed: Seed) -> None:
    """Everything that is known of it, its history in order."""
    records = {f"attempt:{number}": json.dumps({"attempt": number}) for number in range(1, 12)}
    seed.dead(
        "a", lane=0, template="order", order="10482", provider="sendgrid", provider_id="sg-1", possible_duplicate=1,
        replays=2, expires_at=7, **{**records, "attempt:12": "", "duplicate:w1:1": "smtp m-1"},
    )  # fmt: skip

    job = inspector.job("a")

    assert (job.job_id, job.queue, job.state, job.lane, job.attempt) == ("a", "email", State.DEAD, Lane.HIGH, 1)
    assert (job.created_at_ms, job.finished_at_ms, job.expires_at_ms, job.due_at_ms) == (seed.now, seed.now, 7, 0)
    assert (job.reason, job.template, job.order_id, job.replays) == ("permanent", "order", "10482", 2)
    assert (job.provider, job.provider_id, job.possible_duplicate) == ("sendgrid", "sg-1", True)
    assert [attempt["attempt"] for attempt in job.attempts] == list(range(1, 12))
    assert job.duplicates == ["smtp m-1"]
    assert job.payload == b"p"
    assert "p'" not in repr(job)


def test_inspector_finds_a_job_in_any_queue(inspector: Inspector, client: redis.Redis) -> None:
    """Whoever has an id need not know its queue."""
    other = Seed(client, "whatsapp")
    other.waiting("b")
    client.sadd(FLEET.queues, "whatsapp")

    assert inspector.job("b").queue == "whatsapp"


def test_inspector_knows_no_other_job(inspector: Inspector) -> None:
    """The error says where ids come from."""
    with pytest.raises(JobNotFound, match="nobody"):
        inspector.job("nobody")


def test_inspector_lists_in_the_order_that_matters(inspector: Inspector, seed: Seed) -> None:
    """What goes next comes first; of what has ended, the latest."""
    seed.waiting("normal")
    seed.waiting("high", lane=Lane.HIGH)
    seed.delayed("late", due_in_ms=9_000)
    seed.delayed("soon", due_in_ms=1_000)
    seed.dead("older")
    seed.clock.advance(1)
    seed.dead("newer")

    listed = {state: [job.job_id for job in inspector.jobs("email", state)] for state in State}

    assert listed[State.WAITING] == ["high", "normal"]
    assert listed[State.DELAYED] == ["soon", "late"]
    assert listed[State.DEAD] == ["newer", "older"]
    assert listed[State.ACTIVE] == []


def test_inspector_lists_page_by_page(inspector: Inspector, seed: Seed) -> None:
    """A limit and an offset."""
    seed.waiting(*"abcde")

    assert [job.job_id for job in inspector.jobs("email", State.WAITING, limit=2, offset=2)] == ["c", "d"]
    found = inspector.search(JobFilter(states=(State.WAITING,)), ["email"])
    assert [job.job_id for job in found] == list("abcde")


def test_inspector_replays(inspector: Inspector, seed: Seed) -> None:
    """The job as it is then; it is on record who did it."""
    seed.dead("a", attempt=4)

    job = inspector.replay("a", lane=Lane.HIGH, by="ada")

    assert (job.state, job.attempt, job.lane, job.replays) == (State.WAITING, 0, Lane.HIGH, 1)
    assert _audit(seed.client) == [("retried", "a", "ada")]


def test_inspector_discards(inspector: Inspector, seed: Seed) -> None:
    """The job is gone, the record of who did it is not."""
    seed.dead("a")

    inspector.discard("a", by="ada")

    assert seed.ids("dead") == []
    assert _audit(seed.client) == [("purged", "a", "ada")]


def test_inspector_cancels(inspector: Inspector, seed: Seed) -> None:
    """By an operator, for a reason."""
    seed.waiting("a")

    inspector.cancel("a", by="ada")

    assert (inspector.job("a").state, inspector.job("a").reason) == (State.CANCELLED, "operator")
    assert _audit(seed.client) == [("cancelled", "a", "ada")]


@pytest.mark.parametrize("verb", ["replay", "discard", "cancel"])
def test_inspector_is_not_misled_by_a_lost_reply(seed: Seed, proxy: Proxy, verb: str) -> None:
    """The client asks again by itself, and what was done is a success, on record once."""
    (seed.waiting if verb == "cancel" else seed.dead)("a")
    inspector = Inspector(
        connect(proxy.url, role="operator"), NAMESPACE, rates={"email": Rate(10)}, retention=RETENTION, clock=seed.clock
    )
    proxy.lose_reply(_SCRIPTS[verb].sha1)

    getattr(inspector, verb)("a", by="ada")

    assert proxy.lost == 1
    assert len(_audit(seed.client)) == 1
    inspector.client.close()


def test_inspector_refuses_what_the_state_does_not_allow(inspector: Inspector, seed: Seed) -> None:
    """The error names the state and what was needed; nothing is on record."""
    seed.waiting("waiting")
    seed.dead("dead")

    with pytest.raises(WrongState, match="job waiting is waiting, not dead: it cannot be retried"):
        inspector.replay("waiting")
    with pytest.raises(WrongState, match="not dead: it cannot be purged"):
        inspector.discard("waiting")
    with pytest.raises(WrongState, match="job dead is dead, not waiting or delayed: it cannot be cancelled"):
        inspector.cancel("dead")
    with pytest.raises(JobNotFound):
        inspector.cancel("nobody")

    assert _audit(seed.client) == []


def test_inspector_pauses_and_resumes(inspector: Inspector, seed: Seed) -> None:
    """With a reason; a resume ends a block, too."""
    seed.waiting("a", "b")
    inspector.pause("email", reason="stock take", by="ada")
    paused = inspector.stats("email")
    nothing = ids(seed.take("w1", 1))
    inspector.resume("email")
    token = seed.take("w1", 2, 1).jobs[0].token
    seed.scripts.release([("a", token)], 60_000, "throttled by sendgrid")
    blocked = inspector.stats("email")
    inspector.resume("email")

    assert (paused.paused, paused.pause_reason, nothing) == (True, "stock take", [])
    assert (blocked.paused, blocked.blocked_ms, blocked.blocked_reason) == (False, 60_000, "throttled by sendgrid")
    assert ids(seed.take("w1", 3)) == ["a", "b"]
    assert [verb for verb, _, _ in _audit(seed.client)] == ["paused", "resumed", "resumed"]


def test_inspector_tells_of_a_trial_while_it_lasts(inspector: Inspector, seed: Seed) -> None:
    """The reason of a block is told until one job has been completed after it, and of an empty queue not at all."""
    seed.waiting("a", "b")
    token = seed.take("w1", 1, 1).jobs[0].token
    seed.scripts.release([("a", token)], 60_000, "throttled by sendgrid")

    seed.clock.advance(60_000)
    tried = inspector.stats("email")
    token = seed.take("w1", 2).jobs[0].token
    trying = inspector.stats("email")
    inspector.cancel("b")
    seed.scripts.retry("a", token, 500, "")
    nothing = inspector.stats("email")

    assert [(one.blocked_ms, one.trial, one.blocked_reason) for one in (tried, trying, nothing)] == [
        (0, True, "throttled by sendgrid"), (0, True, "throttled by sendgrid"), (0, False, "")
    ]  # fmt: skip


def test_inspector_ends_a_block_without_a_trace(inspector: Inspector, seed: Seed) -> None:
    """Nothing of it is left that a later block would meet."""
    seed.active("a", token="w1:1")
    seed.scripts.release([("a", "w1:1")], 60_000, "throttled by sendgrid")

    inspector.unblock("email")

    assert "config" not in seed.read_all()


def test_inspector_limits_and_unlimits(inspector: Inspector) -> None:
    """A live limit is shown as such, until it is cleared; what is not named stays."""
    inspector.limit("email", rate=Rate(600, 60_000))
    inspector.limit("email", max_active=3)
    limited = inspector.stats("email")
    inspector.limit("email", max_active=0)
    half = inspector.stats("email")
    inspector.unlimit("email")
    cleared = inspector.stats("email")

    assert (limited.rate, limited.rate_origin, limited.max_active) == ("600/min", "redis", 3)
    assert (half.rate, half.max_active) == ("600/min", 0)
    assert (cleared.rate, cleared.rate_origin, cleared.max_active) == ("10/s", "settings", 0)


def test_inspector_tells_retries_from_scheduled_jobs(inspector: Inspector, seed: Seed) -> None:
    """Whoever waits for a queue to run empty waits for retries, however late, and for nothing else."""
    seed.delayed("scheduled", due_in_ms=1_000)
    scheduled_only = inspector.between_attempts("email")
    seed.delayed("retried", due_in_ms=3_600_000, runs=1)

    assert not scheduled_only
    assert inspector.between_attempts("email")


def test_inspector_shows_a_completed_job_with_its_evidence(inspector: Inspector, seed: Seed) -> None:
    """Who took it, and under which id."""
    token = seed.active("a")
    seed.scripts.complete([Completion("a", token, "sendgrid", "sg-1", "{}")], RETENTION.completed_ms)

    job = inspector.job("a")

    assert (job.state, job.provider, job.provider_id) == (State.COMPLETED, "sendgrid", "sg-1")


def test_inspector_says_that_the_server_is_away(seed: Seed, proxy: Proxy) -> None:
    """In our words, whatever is asked."""
    from notifyctl.connection import connect

    client = connect(proxy.url, role="operator")
    away = Inspector(client, NAMESPACE, rates={"email": Rate(10)}, retention=RETENTION)

    with proxy.outage():
        for ask in (lambda: away.stats("email"), lambda: away.job("a"), lambda: away.pause("email"), away.queues):
            with pytest.raises(BrokerUnavailable):
                ask()
    client.close()
