"""Counting jobs by what they have in common, without reading them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine import sieve
from notifyctl.engine.inspector import Inspector
from notifyctl.engine.keys import recipient_index
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from notifyctl.engine.tally import By
from notifyctl.units import Rate
from tests.support.seed import NAMESPACE, NOW_MS, RETENTION, Seed

if TYPE_CHECKING:
    import redis

HOUR_MS = 3_600_000
DEAD = JobFilter(states=(State.DEAD,))


@pytest.fixture
def seed(client: redis.Redis) -> Seed:
    """A queue whose jobs are written by hand, without what only the scripts keep."""
    return Seed(client)


@pytest.fixture
def inspector(seed: Seed) -> Inspector:
    """Of this queue and another one."""
    rates = dict.fromkeys((seed.keys.queue, "whatsapp"), Rate(0))
    return Inspector(seed.client, NAMESPACE, rates=rates, retention=RETENTION, secret="s" * 32, clock=seed.clock)


def run(code: str = "", error: str = "", **tries: str) -> str:
    """A run as its record; each of the tries with the provider's code."""
    asked = [{"provider": name, "outcome": "permanent", "provider_code": told} for name, told in tries.items()]
    fields = {"attempt": 1, "outcome": "permanent", "code": code, "error": error, "tries": asked}
    return json.dumps({key: value for key, value in fields.items() if value not in ("", [])})


def counts(inspector: Inspector, by: By, where: JobFilter = DEAD, *queues: str) -> dict[str, int]:
    """How many there are of each, in the order that it is told in."""
    return {one.what: one.count for one in inspector.tally(by, where, queues)}


def test_tally_by_what_jobs_say_of_themselves(inspector: Inspector, seed: Seed) -> None:
    """The last run counts; of providers all that were ever asked."""
    first, second = run("451", "later", sendgrid="451"), run("550", "no such mailbox", smtp="550")
    seed.dead("a", "b", template="x", provider="smtp", runs=2, **{"attempt:1": first, "attempt:2": second})
    seed.dead("c", template="y", provider="sendgrid", reason="retries_exhausted", **{"attempt:1": first})
    seed.dead("d", template="y", reason="lost_worker", runs=0)
    seed.waiting("e", template="z")
    Seed(seed.client, "whatsapp").dead("f", template="y", reason="invalid", runs=0)

    assert counts(inspector, By.CODE) == {"550": 2, "451": 1, "invalid": 1, "lost_worker": 1}
    assert counts(inspector, By.REASON) == {"permanent": 2, "invalid": 1, "lost_worker": 1, "retries_exhausted": 1}
    assert counts(inspector, By.ERROR) == {"": 2, "no such mailbox": 2, "later": 1}
    assert counts(inspector, By.TEMPLATE) == {"y": 3, "x": 2}
    assert counts(inspector, By.PROVIDER) == {"": 2, "sendgrid, smtp": 2, "sendgrid": 1}
    assert counts(inspector, By.QUEUE) == {"email": 4, "whatsapp": 1}
    assert counts(inspector, By.TEMPLATE, JobFilter(), "email") == {"x": 2, "y": 2, "z": 1}
    assert counts(inspector, By.TEMPLATE, DEAD, "whatsapp") == {"y": 1}


def test_tally_by_hour_is_in_the_order_of_time(inspector: Inspector, seed: Seed) -> None:
    """With when the first and the last of each died."""
    for at_ms in (NOW_MS + HOUR_MS, NOW_MS + 5, NOW_MS + 9):
        seed.clock.now = at_ms
        seed.dead(f"{at_ms}")

    found = inspector.tally(By.HOUR, DEAD)

    assert [(int(one.what) - NOW_MS, one.count) for one in found] == [(0, 2), (HOUR_MS, 1)]
    assert (found[0].first_at_ms, found[0].last_at_ms) == (NOW_MS + 5, NOW_MS + 9)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"code": "550"}, {"a": 1}),
        ({"code": "PERMANENT"}, {"a": 1, "b": 1}),
        ({"error": "MAILBOX"}, {"a": 1}),
        ({"error": 'says "no"'}, {"b": 1}),
        ({"provider": "smtp"}, {"a": 1}),
        ({"template": "b"}, {"b": 1}),
        ({"order_id": "7"}, {"a": 1}),
        ({"recipient": "ada@example.com"}, {"b": 1}),
        ({"attempts": 2}, {"a": 1}),
        ({"since_ms": NOW_MS + 1}, {"b": 1}),
        ({"until_ms": NOW_MS, "code": "550"}, {"a": 1}),
        ({"code": "55"}, {}),
        ({"code": "attempt"}, {}),
    ],
)
def test_tally_counts_what_a_filter_finds(
    inspector: Inspector, seed: Seed, where: dict[str, Any], expected: dict[str, int]
) -> None:
    """The same jobs that the list shows."""
    ada = recipient_index(Pseudonyms(seed.client, NAMESPACE, "s" * 32).of(b"ada@example.com"))
    seed.dead(
        "a", template="a", order="7", indexes="order:7", runs=2,
        **{"attempt:2": run("550", "no such mailbox", smtp="550"), "attempt:1": run("550")},
    )  # fmt: skip
    seed.clock.advance(10)
    seed.dead("b", template="b", indexes=ada, **{"attempt:1": run("421", 'it says "no"\nand more', sendgrid="421")})
    wanted = JobFilter(states=(State.DEAD,), **where)

    assert counts(inspector, By.TEMPLATE, wanted) == expected
    assert {job.template: 1 for job in inspector.search(wanted)} == expected


def test_tally_reads_what_is_broken_as_nothing(inspector: Inspector, seed: Seed) -> None:
    """A record that is no JSON, a hash that is gone: neither ends the count of the others."""
    seed.dead("a", **{"attempt:1": "{broken"})
    seed.dead("b", **{"attempt:1": json.dumps({"error": None, "tries": None})})
    seed.client.zadd(seed.keys.dead, {"gone": NOW_MS})

    assert counts(inspector, By.ERROR) == {"": 2}
    assert counts(inspector, By.CODE) == {"permanent": 2}


def test_tally_goes_on_from_page_to_page(inspector: Inspector, seed: Seed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, though many died in one moment."""
    monkeypatch.setattr(sieve, "PAGE", 3)
    seed.dead(*(f"{number}" for number in range(10)))
    seed.clock.advance(1)
    seed.dead("last")

    assert counts(inspector, By.REASON) == {"permanent": 11}
