"""What becomes of a job after its run, under a real worker: each Disposition carried out."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from dramatiq.middleware import Middleware, SkipMessage
from redis.exceptions import ResponseError

from notifyctl.engine.jobs import Completion
from notifyctl.engine.scripts import Scripts
from notifyctl.engine.states import State
from notifyctl.errors import InDoubt, Permanent, Scope, Suppressed, Throttled, Transient
from notifyctl.middleware import retries
from tests.support.seed import RETENTION
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from dramatiq import Broker, MessageProxy

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Gate, Host
    from tests.support.seed import Seed


def _fails(message: NotifyMessage) -> None:
    raise ZeroDivisionError


def test_outcome_retries_and_then_buries_with_the_whole_history(host: Host, seed: Seed) -> None:
    """One run, three retries after their backoffs, then dead, every attempt on record."""
    host.actor(_fails)
    host.send("a")
    host.start()
    host.join()

    job = host.job("a")
    assert (job.state, job.reason, job.attempt) == (State.DEAD, "retries_exhausted", 4)
    assert [attempt["attempt"] for attempt in job.attempts] == [1, 2, 3, 4]
    assert {(attempt["outcome"], attempt["code"]) for attempt in job.attempts} == {("error", "ZeroDivisionError")}
    starts = [attempt["started_at_ms"] for attempt in job.attempts]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert all(backoff <= gap + 2 for backoff, gap in zip((20, 30, 40), gaps, strict=True)), gaps
    assert host.runs == ["a"] * 4


def test_outcome_completes_what_a_retry_mends(host: Host) -> None:
    """The failed run stays in the history of the completed job."""
    host.actor(lambda message: _fails(message) if message.job.attempt == 1 else None)
    host.send("a")
    host.start()
    host.join()

    job = host.job("a")
    assert (job.state, len(job.attempts), host.runs) == (State.COMPLETED, 1, ["a", "a"])


def test_outcome_releases_what_a_provider_throttled(host: Host, seed: Seed) -> None:
    """The queue rests, no attempt is used, and the job goes then."""
    times: list[float] = []

    def throttled_once(message: NotifyMessage) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise Throttled("slow down", provider="sendgrid", retry_after_s=0.3)

    host.actor(throttled_once)
    host.send("a")
    host.start()
    host.join()

    assert times[1] - times[0] >= 0.3
    assert (host.job("a").state, host.job("a").attempt) == (State.COMPLETED, 0)
    assert seed.job("a")["released"] == "1"


def test_outcome_of_an_account_refusal_holds_up_no_other_job(
    host: Host, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider says that it refuses the account, and means one message: the others go, and that one is buried."""
    monkeypatch.setattr(retries, "_REST_S", 0.05)

    def refuses_one(message: NotifyMessage) -> None:
        message.begin("twilio")
        if message.message_id == "refused":
            raise Permanent("no", provider="twilio", scope=Scope.ACCOUNT, provider_code="20003")
        message.provider, message.provider_id = "twilio", "SM1"

    host.actor(refuses_one)
    host.send("refused", "a", "b")
    host.start(threads=1)
    host.join()

    job = host.job("refused")
    assert (job.state, job.reason, job.released) == (State.DEAD, "account", 1)
    assert job.release_reason == "twilio refuses the account: 20003"
    assert [attempt["code"] for attempt in job.attempts] == ["20003"]
    assert host.runs == ["refused", "a", "b", "refused"]
    assert seed.ids("completed") == ["a", "b"]


def test_outcome_of_an_account_refusal_of_all_buries_none(
    host: Host, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is accepted in between: each waits, and goes when the account is good again."""
    monkeypatch.setattr(retries, "_REST_S", 0.02)

    def refuses_for_a_while(message: NotifyMessage) -> None:
        message.begin("twilio")
        if len(host.runs) < 9:
            raise Permanent("no", provider="twilio", scope=Scope.ACCOUNT, provider_code="20003")
        message.provider, message.provider_id = "twilio", "SM1"

    host.actor(refuses_for_a_while)
    host.send("a", "b", "c")
    host.start(threads=1)
    host.join()

    assert sorted(seed.ids("completed")) == ["a", "b", "c"]
    assert {host.job(name).attempt for name in "abc"} == {0}


def test_outcome_holds_a_job_that_is_in_doubt_twice(host: Host) -> None:
    """Looked up twice, sent once more, flagged, looked up twice; then a person decides, with all of it on record."""
    flagged: list[bool] = []

    def doubtful(message: NotifyMessage) -> None:
        flagged.append(message.job.possible_duplicate)
        message.begin("sendgrid")
        raise InDoubt("no answer", provider="sendgrid")

    host.actor(doubtful)
    host.send("a")
    host.start()
    host.join()

    job = host.job("a")
    assert flagged == [False, True]
    assert (job.state, job.reason, job.possible_duplicate) == (State.DEAD, "unknown_outcome", True)
    no_answer, nothing = "no answer", "actor send looks nothing up"
    assert [attempt["outcome"] for attempt in job.attempts] == ["in_doubt"] * 6
    assert [attempt["error"] for attempt in job.attempts] == [no_answer, nothing, nothing] * 2


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Permanent("no such mailbox", provider="smtp", scope=Scope.RECIPIENT), State.DEAD, "permanent"),
        (Suppressed("asked not to be written to"), State.CANCELLED, "suppressed"),
        (SkipMessage(), State.COMPLETED, ""),
    ],
    ids=["permanent", "suppressed", "skipped"],
)
def test_outcome_ends_a_job_as_its_run_ended(host: Host, error: Exception, state: State, reason: str) -> None:
    """Dead, cancelled or completed after one run."""

    def work(message: NotifyMessage) -> None:
        raise error

    host.actor(work)
    host.send("a")
    host.start()
    host.join()

    job = host.job("a")
    assert (job.state, job.reason, host.runs) == (state, reason, ["a"])


def test_outcome_keeps_the_evidence_of_acceptance(host: Host) -> None:
    """Who took it, under which id, and how the run went."""

    def sends(message: NotifyMessage) -> None:
        message.begin("sendgrid")
        message.provider, message.provider_id = "sendgrid", "sg-1"

    host.actor(sends)
    host.send("a")
    host.start()
    host.join()

    job = host.job("a")
    assert (job.provider, job.provider_id, job.state) == ("sendgrid", "sg-1", State.COMPLETED)
    assert [attempt["outcome"] for attempt in job.attempts] == ["sent"]


class _Deaf(Middleware):
    """A middleware with a bug in its hook."""

    def after_process_message(self, broker: Broker, message: MessageProxy, **outcome: Any) -> None:  # noqa: ARG002
        raise LookupError


@pytest.mark.parametrize("middleware", [[], [_Deaf()]], ids=["none", "broken"])
def test_outcome_never_completes_a_failure_that_no_middleware_saw(
    make_host: Callable[..., Host], seed: Seed, middleware: list[Middleware]
) -> None:
    """An exception without a Disposition is another run."""
    host = make_host(middleware=middleware)
    host.actor(_fails)
    host.send("a")
    host.start()
    wait_until(lambda: seed.ids("delayed") == ["a"])
    host.stop()

    assert seed.job("a")["attempt"] == "1"


class _Rejects(Middleware):
    """Fails a message before it runs."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:  # noqa: ARG002
        message.fail()


@pytest.mark.parametrize("decided", [True, False], ids=["with retries", "without"])
def test_outcome_buries_what_a_middleware_rejected(make_host: Callable[..., Host], decided: bool) -> None:
    """Rejected is not done."""
    middleware: list[Middleware] = [_Rejects(), *([retries.Retries()] if decided else [])]
    host = make_host(middleware=middleware)
    host.actor()
    host.send("a")
    host.start()
    host.join()

    assert (host.job("a").state, host.job("a").reason, host.runs) == (State.DEAD, "rejected", [])


def test_outcome_abandons_a_send_in_progress_as_in_doubt(host: Host, seed: Seed, gate: Gate) -> None:
    """A hurried stop: what was begun is in doubt, what was not goes back in line, and cannot begin any more."""
    refused: list[str] = []

    def begins(message: NotifyMessage) -> None:
        if message.message_id == "begun":
            message.begin("sendgrid")
        gate(message)
        if message.message_id != "begun":
            try:
                message.begin("sendgrid")
            except Exception as error:
                refused.append(type(error).__name__)
                raise

    host.actor(begins)
    host.send("begun", "not-begun")
    host.start()
    gate.await_inside(2)
    host.broker.stop_taking()
    doubts = host.broker.abandon()
    states = seed.job("begun")["state"], seed.job("not-begun")["state"]
    gate.open()
    host.stop()

    assert (doubts, states) == (1, ("delayed", "waiting"))
    assert (seed.job("begun")["look"], seed.job("begun")["doubts"]) == ("1", "1")
    (attempt,) = host.job("begun").attempts
    assert (attempt["outcome"], attempt["provider"]) == ("in_doubt", "sendgrid")
    assert attempt["started_at_ms"] > 0
    assert refused == ["StaleLease"]
    assert seed.job("not-begun")["state"] == "waiting"


@pytest.mark.parametrize("error", [Transient, InDoubt], ids=["refused", "in doubt"])
def test_outcome_of_a_resend_whose_first_send_was_accepted_after_all(
    host: Host, seed: Seed, gate: Gate, error: type[Transient | InDoubt]
) -> None:
    """The evidence comes while the second send is under way: whatever becomes of that, nothing is sent any more."""

    def sends(message: NotifyMessage) -> None:
        message.begin("smtp")
        gate(message)
        raise error("no", provider="smtp")

    host.actor(sends)
    host.send("a")
    host.start()
    gate.await_inside(1)
    seed.scripts.clock = None
    words = seed.scripts.complete([Completion("a", "w9:1", "sendgrid", "SG1")], RETENTION.completed_ms)
    gate.open()
    host.join()

    job = host.job("a")
    assert words == ["duplicate"]
    assert (job.state, job.provider, job.provider_id, host.runs) == (State.COMPLETED, "sendgrid", "SG1", ["a"])


def test_outcome_that_a_bug_keeps_from_being_told_is_left_to_the_lease(
    host: Host, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread goes on with other jobs, and the job is no longer held: when its lease runs out, it goes again."""

    def broken(*_: object) -> str:
        raise ResponseError("WRONGTYPE")

    host.actor(lambda message: _fails(message) if message.message_id == "bad" else None)
    monkeypatch.setattr(Scripts, "retry", broken)
    host.send("bad")
    host.start(threads=1)
    wait_until(lambda: host.runs == ["bad"])
    host.send("good")
    wait_until(lambda: seed.ids("completed") == ["good"])
    wait_until(lambda: not host.broker.held["email"].jobs)

    assert seed.ids("active") == ["bad"]


def test_outcome_of_a_job_that_a_thread_finds_after_a_drain_began_is_a_release(
    make_host: Callable[..., Host], seed: Seed, gate: Gate
) -> None:
    """A message that waits for a thread in this process is not begun any more."""
    host = make_host(concurrency={"email": 2})
    host.actor(gate)
    host.send("a", "b")
    host.start(threads=1)
    gate.await_inside(1)
    wait_until(lambda: seed.ids("active") == ["a", "b"])
    host.broker.stop_taking()
    gate.open()
    wait_until(lambda: seed.ids("active") == [])

    assert (host.runs, seed.ids("completed"), seed.ids("waiting")) == (["a"], ["a"], ["b"])
    assert seed.job("b")["attempt"] == "0"
