"""What Dramatiq's own suite asks of middleware under a broker, asked of ours: third-party middleware works as it does there.

Hooks, their order and their failures; then each middleware that Dramatiq brings and that we leave out by default. Not
asked here:

- Retries and rate limiters: ours replace them, and `test_outcomes`, `test_limiter` are their tests;
- `before_delay_message`, and an enqueue for each retry: nothing is delayed in memory, and a retry moves the job;
- Prometheus (a port of its own), groups and barriers (need a results backend and a rate limiter's), the timers and the
  ctypes of TimeLimit, of ShutdownNotifications and of the event loop: no broker has part in them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dramatiq
import pytest
from dramatiq.errors import ConnectionClosed, Retry
from dramatiq.middleware import (
    AgeLimit,
    AsyncIO,
    Callbacks,
    CurrentMessage,
    Middleware,
    MiddlewareError,
    Pipelines,
    ShutdownNotifications,
    SkipMessage,
    TimeLimit,
)
from dramatiq.results import Results
from dramatiq.results.backends import StubBackend
from dramatiq.results.errors import ResultFailure

from notifyctl.engine.states import State
from notifyctl.errors import Permanent, Scope
from notifyctl.middleware.rate_limit import RateLimiter
from notifyctl.middleware.retries import Retries
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.engine.message import NotifyMessage
    from tests.integration.engine.conftest import Host
    from tests.support.proxy import Proxy
    from tests.support.seed import Seed

QUICK = [timedelta(milliseconds=10)] * 3


def _refused(message: NotifyMessage) -> None:
    raise Permanent("no", provider="sendgrid", scope=Scope.RECIPIENT)


def _fails(message: NotifyMessage) -> None:
    raise ZeroDivisionError


class _Diary(Middleware):
    """Writes down each hook that is called for a message."""

    HOOKS = ("enqueue", "process_message", "skip_message", "ack", "nack", "delay_message")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.entries: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        when, _, what = name.partition("_")
        if when in ("before", "after") and what in _Diary.HOOKS:
            return lambda *_, **__: self.entries.append(f"{self.name}{name}")
        return super().__getattribute__(name)


class _Trips(Middleware):
    """Raises in one hook."""

    def __init__(self, hook: str, error: type[Exception]) -> None:
        def raises(*_: object, **__: object) -> None:
            raise error

        setattr(self, hook, raises)


ENQUEUED = ["before_enqueue", "after_enqueue"]
RUN = ["before_process_message", "after_process_message"]


@pytest.mark.parametrize(
    ("work", "hooks"),
    [
        (None, [*ENQUEUED, *RUN, "before_ack", "after_ack"]),
        (
            _refused,
            [*ENQUEUED, *RUN, "before_nack", "after_nack"],
        ),
    ],
    ids=["completed", "buried"],
)
def test_contract_hooks_of_a_message_are_called_in_order(
    make_host: Callable[..., Host], work: Callable[[NotifyMessage], None] | None, hooks: list[str]
) -> None:
    """From the enqueue to the end: what is done is acked, what goes to the dead letters is nacked."""
    diary = _Diary()
    host = make_host(middleware=[diary, Retries(default=QUICK)])
    host.actor(work)
    host.send("a")
    host.start()
    host.join()
    host.stop()

    assert diary.entries == hooks


def test_contract_hooks_are_called_from_the_first_middleware_to_the_last_and_back(
    make_host: Callable[..., Host],
) -> None:
    """In the order of the list before, in the reverse order after; `add_middleware` can say where."""
    outer, inner = _Diary("outer "), _Diary("inner ")
    outer.entries = inner.entries
    host = make_host(middleware=[inner])
    host.broker.add_middleware(outer, before=_Diary)
    host.actor()
    host.send("a")
    host.start()
    host.join()
    host.stop()

    assert inner.entries == [
        f"{name} {when}_{what}"
        for what in ("enqueue", "process_message", "ack")
        for name, when in (("outer", "before"), ("inner", "before"), ("inner", "after"), ("outer", "after"))
    ]


def test_contract_enqueue_that_fails_is_not_told_as_done(make_host: Callable[..., Host], proxy: Proxy) -> None:
    """The hook after it is not called: whoever counts there counts what was accepted."""
    diary = _Diary()
    host = make_host(proxy.url, middleware=[diary])
    host.actor()
    with proxy.outage(), pytest.raises(ConnectionClosed):
        host.send("a")

    assert diary.entries == ["before_enqueue"]


@pytest.mark.parametrize("hook", ["before_process_message", "after_process_message", "after_ack", "before_ack"])
def test_contract_hook_that_fails_changes_nothing(make_host: Callable[..., Host], hook: str) -> None:
    """Dramatiq logs it; the job is run, once, and completed."""
    host = make_host(middleware=[_Trips(hook, RuntimeError), Retries(default=QUICK)])
    host.actor()
    host.send("a")
    host.start()
    host.join()

    assert (host.runs, host.job("a").state) == (["a"], State.COMPLETED)
    assert host.listens


def test_contract_hook_that_refuses_a_run_is_a_failed_run(make_host: Callable[..., Host]) -> None:
    """A MiddlewareError before the run, as a limiter raises it: never run, never done, tried as often as others."""
    host = make_host(middleware=[_Trips("before_process_message", MiddlewareError), Retries(default=QUICK)])
    host.actor()
    host.send("a")
    host.start()
    host.join()

    job = host.job("a")
    assert (host.runs, job.state, len(job.attempts)) == ([], State.DEAD, 4)


def test_contract_hook_that_refuses_an_enqueue_keeps_it_out(make_host: Callable[..., Host], seed: Seed) -> None:
    """Its caller is told, and nothing is queued."""
    host = make_host(middleware=[_Trips("before_enqueue", MiddlewareError)])
    host.actor()
    with pytest.raises(MiddlewareError):
        host.send("a")

    assert seed.ids("waiting") == []


def test_contract_hook_that_refuses_an_ack_strands_nothing(make_host: Callable[..., Host]) -> None:
    """A MiddlewareError there makes Dramatiq give the message up: ours tells the outcome all the same."""
    host = make_host(middleware=[_Trips("before_ack", MiddlewareError), Retries(default=QUICK)])
    host.actor()
    host.send("a")
    host.start()
    host.join()

    assert (host.runs, host.job("a").state) == (["a"], State.COMPLETED)


def test_contract_skipped_message_is_not_run(make_host: Callable[..., Host]) -> None:
    """By a middleware, without a reason: it counts as done, and the hook for it is called instead of that after a run."""
    diary = _Diary()
    host = make_host(middleware=[diary, Retries(default=QUICK), _Trips("before_process_message", SkipMessage)])
    host.actor()
    host.send("a")
    host.start()
    host.join()
    host.stop()

    assert (host.runs, host.job("a").state) == ([], State.COMPLETED)
    assert diary.entries == [*ENQUEUED, "before_process_message", "after_skip_message", "before_ack", "after_ack"]


class _FailsAfterwards(Middleware):
    """Rejects what has run."""

    def after_process_message(self, broker: object, message: dramatiq.MessageProxy, **_: object) -> None:  # noqa: ARG002
        message.fail()


@pytest.mark.parametrize(
    "sooner",
    [
        True,
        False,
    ],
    ids=["before Retries decides", "after"],
)
def test_contract_message_that_a_middleware_fails_is_not_done(make_host: Callable[..., Host], sooner: bool) -> None:
    """Wherever in the list it is: it is rejected, and a person is asked."""
    deciding = [Retries(default=QUICK), _FailsAfterwards()]
    host = make_host(middleware=deciding if sooner else deciding[::-1])
    host.actor()
    host.send("a")
    host.start()
    host.join()

    assert (host.job("a").state, host.job("a").reason) == (State.DEAD, "rejected")


def test_contract_failure_that_no_middleware_sees_ends(make_host: Callable[..., Host], seed: Seed) -> None:
    """A broken Retries, or none: not once a second until somebody looks."""
    host = make_host(middleware=[])
    host.actor(_fails)
    host.send("a")
    host.start()
    for run in range(1, 9):
        wait_until(lambda run=run: seed.job("a")["attempt"] == str(run))  # type: ignore[misc]
        if seed.ids("dead") == ["a"]:
            break
        seed.client.zadd(seed.keys.delayed, {"a": 1}, xx=True)
        seed.client.zadd(seed.keys.wake, {"w": 0})

    assert seed.ids("dead") == ["a"]


def test_contract_failure_that_no_middleware_sees_after_a_send_began_is_held(make_host: Callable[..., Host]) -> None:
    """Nobody decides whether it may be sent again: a person does."""

    def work(message: NotifyMessage) -> None:
        message.begin("sendgrid")
        raise ZeroDivisionError

    host = make_host(middleware=[])
    host.actor(work)
    host.send("a")
    host.start()
    host.join()

    assert (host.runs, host.job("a").state, host.job("a").reason) == (["a"], State.DEAD, "unknown_outcome")


def test_contract_actor_knows_no_option_that_no_middleware_reads(host: Host) -> None:
    """A typo, and the options of Dramatiq's Retries, are told where the actor is declared."""
    with pytest.raises(ValueError, match="max_retries"):
        host.actor(max_retries=3)
    with pytest.raises(ValueError, match="retry_delay_ms"):
        host.actor(retry_delay_ms=[10])


def test_contract_actor_and_message_options_reach_retries(make_host: Callable[..., Host]) -> None:
    """The actor's own schedule, and the message's before it; an actor's expected error is not tried again."""
    host = make_host(middleware=[Retries(default=QUICK)])
    host.actor(_fails, retry_delays_ms=[10])
    host.actor(_fails, name="expects", throws=ZeroDivisionError)
    host.send("actor's")
    host.send("message's", retry_delays_ms=[])
    host.send("expected", actor="expects")
    host.start()
    host.join()

    jobs = {name: host.job(name) for name in ("actor's", "message's", "expected")}
    assert {name: (len(job.attempts), job.reason) for name, job in jobs.items()} == {
        "actor's": (2, "retries_exhausted"),
        "message's": (1, "retries_exhausted"),
        "expected": (1, "permanent"),
    }


def test_contract_actor_can_say_when_to_be_retried(host: Host) -> None:
    """Dramatiq's `Retry`: its delay in the place of the schedule's."""
    times: list[float] = []

    def work(message: NotifyMessage) -> None:
        times.append(time.monotonic())
        if message.job.attempt == 1:
            raise Retry("not yet", delay=250)

    host.actor(work)
    host.send("a")
    host.start()
    host.join()

    assert times[1] - times[0] >= 0.25
    assert host.job("a").state is State.COMPLETED


def test_contract_age_limit_buries_what_is_too_old(make_host: Callable[..., Host]) -> None:
    """Failed and skipped: not done, and not run."""
    host = make_host(middleware=[AgeLimit(), Retries(default=QUICK)])
    host.actor(max_age=1_000)
    host.send("old")
    host.start()
    host.join()

    assert (host.runs, host.job("old").state, host.job("old").reason) == ([], State.DEAD, "skipped")


def test_contract_time_limit_ends_a_run_and_not_its_thread(make_host: Callable[..., Host]) -> None:
    """It is a failed run as any other; the thread takes the next job."""

    def work(message: NotifyMessage) -> None:
        end = time.monotonic() + 5
        while message.message_id == "endless" and time.monotonic() < end:
            time.sleep(0.001)

    host = make_host(middleware=[TimeLimit(interval=20), Retries(default=[])])
    host.broker.emit_after("process_boot")
    host.actor(work, time_limit=60)
    host.send("endless", "next")
    host.start(threads=1)
    host.join()

    job = host.job("endless")
    assert (job.state, job.attempts[-1]["code"]) == (State.DEAD, "TimeLimitExceeded")
    assert host.job("next").state is State.COMPLETED
    assert host.listens


def test_contract_shutdown_notification_releases_the_run(make_host: Callable[..., Host], seed: Seed) -> None:
    """An actor that asked for it is interrupted, and goes again without an attempt used; others end by themselves."""
    running = threading.Semaphore(0)
    stopped = threading.Event()

    def work(message: NotifyMessage) -> None:
        running.release()
        end = time.monotonic() + 10
        while time.monotonic() < end and not (message.message_id == "patient" and stopped.is_set()):
            time.sleep(0.001)

    host = make_host(middleware=[ShutdownNotifications(), Retries(default=QUICK)])
    host.actor(work, notify_shutdown=True)
    host.actor(work, name="patient")
    host.send("asked")
    host.send("patient", actor="patient")
    host.start(threads=2)
    assert running.acquire(timeout=10)
    assert running.acquire(timeout=10)
    stopping = threading.Thread(target=host.stop)
    stopping.start()
    wait_until(lambda: seed.ids("waiting") == ["asked"])
    stopped.set()
    stopping.join(10)

    assert (seed.ids("completed"), seed.job("asked")["attempt"]) == (["patient"], "0")


def test_contract_async_actors_run(make_host: Callable[..., Host]) -> None:
    """In the event loop's thread, several at a time, their job at hand; a failed one is retried."""
    host = make_host(middleware=[AsyncIO(), Retries(default=QUICK)])
    together = 0
    most = 0
    seen: list[str] = []

    @dramatiq.actor(queue_name="email", broker=host.broker)
    async def send() -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.05)
        together -= 1
        message: Any = CurrentMessage.get_current_message()
        seen.append(message.message_id)
        if message.message_id == "flaky" and message.job.attempt == 1:
            raise ZeroDivisionError

    host.send("a", "b", "flaky")
    host.start(threads=3)
    host.join()

    assert sorted(seen) == ["a", "b", "flaky", "flaky"]
    assert most == 3
    assert host.job("flaky").state is State.COMPLETED


def test_contract_results_of_runs_are_kept(make_host: Callable[..., Host]) -> None:
    """What an actor returned, also after a retry."""
    results = StubBackend()
    host = make_host(middleware=[Results(backend=results), Retries(default=QUICK)])
    runs: list[int] = []

    @dramatiq.actor(queue_name="email", broker=host.broker, store_results=True)
    def add(x: int, y: int) -> int:
        runs.append(1)
        if len(runs) == 1:
            raise ZeroDivisionError
        return x + y

    message = add.send(1, 2)
    host.start()

    assert message.get_result(backend=results, block=True, timeout=5_000) == 3


def test_contract_results_tell_of_a_burial(make_host: Callable[..., Host]) -> None:
    """Whoever waits for the result hears what the last run raised."""
    results = StubBackend()
    host = make_host(middleware=[Results(backend=results), Retries(default=[])])
    actor = host.actor(_fails, store_results=True)
    message = actor.send()
    host.start()
    host.join()

    with pytest.raises(ResultFailure, match="ZeroDivisionError"):
        message.get_result(backend=results, block=True, timeout=200)


def test_contract_callbacks_are_sent(make_host: Callable[..., Host]) -> None:
    """After a success with its result, after each failed run with its error."""
    host = make_host(middleware=[Callbacks(), Retries(default=QUICK)])
    told: list[tuple[str, Any]] = []

    @dramatiq.actor(queue_name="email", broker=host.broker)
    def tell(message: dict[str, Any], outcome: Any) -> None:
        told.append((message["message_id"], outcome and outcome["type"]))

    host.actor(on_success="tell", on_failure="tell")
    host.actor(_fails, name="fails", on_success="tell", on_failure="tell")
    host.send("good")
    host.send("bad", actor="fails", retry_delays_ms=[10])
    host.start()
    host.join()

    assert sorted(told, key=str) == [("bad", "ZeroDivisionError"), ("bad", "ZeroDivisionError"), ("good", None)]


def test_contract_pipelines_go_from_actor_to_actor(make_host: Callable[..., Host]) -> None:
    """Each with what the one before returned, after their delays."""
    host = make_host(middleware=[Pipelines(), Retries(default=QUICK)])
    results: list[int] = []

    @dramatiq.actor(queue_name="email", broker=host.broker)
    def add(x: int, y: int) -> int:
        results.append(x + y)
        return x + y

    sent_at = time.monotonic()
    steps = [
        add.message_with_options(args=args, delay=delay) for args, delay in (((1, 2), None), ((3,), 100), ((4,), None))
    ]
    dramatiq.pipeline(steps, broker=host.broker).run()
    host.start()
    wait_until(lambda: len(results) == 3)

    assert results == [3, 6, 10]
    assert time.monotonic() - sent_at >= 0.1


def test_contract_host_lists_the_middleware_that_production_has(host: Host) -> None:
    """These tests are of the same stack that the worker runs."""
    assert [type(one) for one in host.broker.middleware[1:]] == [CurrentMessage, RateLimiter, Retries]
