"""What the transitions count: minute by minute and in all, each change once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.inspector import Inspector
from notifyctl.engine.jobs import Completion
from notifyctl.engine.minutes import KEPT_MINUTES, Minute
from notifyctl.engine.scripts import Retention
from notifyctl.engine.shelf import shelve
from notifyctl.engine.states import State
from notifyctl.units import Rate
from tests.support.builders import QUEUE, a_job
from tests.support.seed import NAMESPACE, RETENTION, Seed

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_MS = RETENTION.completed_ms
TOLD = "asked:smtp:sent: 1 took:smtp:250 1 took_ms:smtp 120"


@pytest.fixture
def inspector(seed: Seed) -> Inspector:
    """An operator's view, on the seed's clock."""
    return Inspector(seed.client, NAMESPACE, rates={QUEUE: Rate(0)}, retention=Retention(), clock=seed.clock)


def last(inspector: Inspector) -> dict[str, int]:
    """What was counted in the minute that is going on."""
    minute = inspector.minutes(QUEUE, 1)[0]
    return {name: getattr(minute, name) for name in Minute.__slots__ if name != "at_ms" and getattr(minute, name)}


def totals(seed: Seed) -> dict[str, int]:
    """All counters."""
    found = seed.read_all().get("totals", {})
    return {name: int(value) for name, value in found.items()}


TRANSITIONS: list[tuple[str, Callable[[Seed], object], dict[str, int], dict[str, int]]] = [
    ("enqueue", lambda seed: seed.scripts.enqueue(a_job("a")), {"enqueued": 1}, {"enqueued": 1}),
    (
        "shelve",
        lambda seed: shelve(seed.scripts, a_job("a"), State.DEAD, "conflict", "", KEPT_MS),
        {"enqueued": 1, "buried": 1},
        {"enqueued": 1, "buried:conflict": 1},
    ),
    (
        "complete",
        lambda seed: seed.scripts.complete([Completion("x", "w1:1", "smtp", "1", "{}", TOLD)], KEPT_MS),
        {"completed": 1},
        {"completed": 1, "asked:smtp:sent:": 1, "took:smtp:250": 1, "took_ms:smtp": 120},
    ),
    (
        "retry",
        lambda seed: seed.scripts.retry("x", "w1:1", 2_000, "{}", "asked:smtp:transient:451 1"),
        {"retried": 1},
        {"retried": 1, "asked:smtp:transient:451": 1},
    ),
    (
        "doubt",
        lambda seed: seed.scripts.doubt("x", "w1:1", 2_000, "{}", 1, "asked:smtp:in_doubt:lost 1"),
        {"doubted": 1},
        {"doubted": 1, "asked:smtp:in_doubt:lost": 1},
    ),
    ("doubt again", lambda seed: seed.scripts.doubt("x", "w1:1", 2_000, "{}", 2), {}, {}),
    (
        "resend",
        lambda seed: seed.scripts.resend("x", "w1:1", "{}"),
        {"doubted": 1, "resent": 1},
        {"doubted": 1, "resent": 1},
    ),
    (
        "bury",
        lambda seed: seed.scripts.bury("x", "w1:1", "permanent", "{}", "asked:smtp:permanent:550 1"),
        {"buried": 1},
        {"buried:permanent": 1, "asked:smtp:permanent:550": 1},
    ),
    (
        "release",
        lambda seed: seed.scripts.release([("x", "w1:1")], 500, "throttled", told="asked:smtp:throttled:421 1"),
        {"released": 1},
        {"released": 1, "asked:smtp:throttled:421": 1},
    ),
    (
        "cancel",
        lambda seed: seed.scripts.cancel("x", "suppressed", KEPT_MS, token="w1:1"),
        {"cancelled": 1},
        {"cancelled:suppressed": 1},
    ),
    ("replay", lambda seed: seed.scripts.replay("y", "call"), {"replayed": 1}, {"replayed": 1}),
    ("discard", lambda seed: seed.scripts.discard("y", "call"), {"discarded": 1}, {"discarded": 1}),
]


@pytest.mark.parametrize(
    ("act", "minute", "total"), [row[1:] for row in TRANSITIONS], ids=[row[0] for row in TRANSITIONS]
)
def test_minutes_count_each_transition_once(
    seed: Seed, inspector: Inspector, act: Callable[[Seed], object], minute: dict[str, int], total: dict[str, int]
) -> None:
    """Also where the reply is lost and the call is made again."""
    seed.active("x")
    seed.dead("y")

    act(seed)
    state = seed.read_all()
    act(seed)

    assert seed.read_all() == state
    assert (last(inspector), totals(seed)) == (minute, total)


def test_minutes_count_grants_and_what_expired(seed: Seed, inspector: Inspector) -> None:
    """What is handed out to be sent is what a limit limits; a look-up is no grant."""
    seed.waiting("a", "b")
    seed.waiting("c", expires_at=seed.now - 1)
    seed.put("d", State.WAITING, -(10**15) + 9, look=1)

    for _ in "12":
        seed.take(sequence=1)

    assert last(inspector) == {"granted": 2, "cancelled": 1}
    assert totals(seed) == {"cancelled:expired": 1}
    assert inspector.totals(QUEUE).of("granted") == 2


def test_minutes_count_what_lost_workers_held(seed: Seed, inspector: Inspector) -> None:
    """A lost send in doubt, a job that lost its third worker, and one that goes on."""
    seed.active("a")
    seed.active("b", began="w1:1", provider="smtp")
    seed.active("c", lost=2)
    seed.live(11_000)

    seed.reclaim()
    seed.reclaim()

    assert last(inspector) == {"lost": 3, "doubted": 1, "buried": 1}
    assert totals(seed) == {"lost": 3, "doubted": 1, "buried:lost_worker": 1}


def test_minutes_count_a_duplicate_once_and_no_stale_outcome(seed: Seed, inspector: Inspector) -> None:
    """Evidence of a second send is counted, with the send; what a stale lease tells is not."""
    seed.active("x", token="w2:1", began="w2:1")
    late = Completion("x", "w1:1", "smtp", "77", "{}", TOLD)

    assert seed.scripts.complete([late], KEPT_MS) == ["duplicate"]
    assert seed.scripts.complete([late], KEPT_MS) == ["duplicate"]
    assert seed.scripts.retry("x", "w1:1", 1_000, "{}", TOLD) == "stale"

    assert last(inspector) == {}
    assert totals(seed) == {"duplicate": 1, "asked:smtp:sent:": 1, "took:smtp:250": 1, "took_ms:smtp": 120}


def test_minutes_of_a_batch_add_up(seed: Seed) -> None:
    """Group commits count like one by one."""
    seed.active("a", "b", "c")
    told = ("asked:smtp:sent: 1", "asked:smtp:sent: 1", "asked:sendgrid:throttled:429 1 asked:smtp:sent: 1")
    seed.scripts.complete(
        [Completion(one, "w1:1", "smtp", one, "", t) for one, t in zip("abc", told, strict=True)], KEPT_MS
    )

    assert totals(seed) == {"completed": 3, "asked:smtp:sent:": 3, "asked:sendgrid:throttled:429": 1}


def test_minutes_are_read_with_their_gaps(seed: Seed, inspector: Inspector) -> None:
    """The oldest first; minutes in which nothing happened are zeros, and the last one is the present."""
    seed.scripts.enqueue(a_job("a"))
    seed.clock.advance(120_000)
    seed.scripts.enqueue(a_job("b"))
    seed.scripts.enqueue(a_job("c"))

    minutes = inspector.minutes(QUEUE, 4)
    assert [minute.enqueued for minute in minutes] == [0, 1, 0, 2]
    assert [minute.at_ms % 60_000 for minute in minutes] == [0] * 4
    assert minutes[-1].at_ms <= seed.now < minutes[-1].at_ms + 60_000
    assert len(inspector.minutes(QUEUE, 100_000)) == KEPT_MINUTES


def test_minutes_are_forgotten(seed: Seed) -> None:
    """Each after as long as Python believes; totals stay."""
    seed.scripts.enqueue(a_job("a"))

    assert seed.ttl_ms(seed.keys.minute(seed.now // 60_000)) == pytest.approx(KEPT_MINUTES * 60_000, abs=5_000)
    assert seed.ttl_ms(seed.keys.totals) == -1


def test_minutes_count_the_time_in_which_jobs_wait_for_the_limit(seed: Seed) -> None:
    """Each moment once, however many workers ask; a clock that was set back holds it up for no longer than a grant."""
    seed.waiting("a", "b", "c", "d")
    seed.take("w1", 1, wanted=5, rate="1/1000")  # one goes, and the next in 1.04 s
    seed.take("w2", 1, wanted=5, rate="1/1000")
    seed.clock.advance(500)
    seed.take("w3", 1, wanted=5, rate="1/1000")
    first = totals(seed)["limited_us"]
    assert first == pytest.approx(1_040_000, abs=10_000)

    seed.clock.advance(10_000)
    seed.take("w1", 2, wanted=5, rate="1/1000")  # what nobody asked for in between was no waiting for the limit
    assert totals(seed)["limited_us"] - first == pytest.approx(1_040_000, abs=10_000)

    seed.clock.advance(-3_600_000)
    seed.take("w2", 2, wanted=5, rate="1/1000")
    seed.clock.advance(1_100)
    seed.take("w3", 2, wanted=5, rate="1/1000")
    assert totals(seed)["limited_us"] > 2 * first
