"""The edit script: a dead job becomes about something else, and what it was is kept."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.engine.jobs import Job
from notifyctl.engine.keys import recipient_index
from notifyctl.engine.states import State
from tests.support.seed import NOW_MS, Seed

OLD, NEW = recipient_index("old"), recipient_index("new")
ACT = '{"verb": "edited", "by": "ada", "why": "a typo"}'


def edit(seed: Seed, call: str = "call", before: bytes = b"p", after: bytes = b"q") -> str:
    """Change job a, which goes to another address from then on."""
    indexes = f"order:7 {NEW}"
    return seed.scripts.edit("a", call, before=before, after=after, template="order_shipped", indexes=indexes, act=ACT)


def test_edit_keeps_what_it_was(seed: Seed) -> None:
    """The job stays dead, in its place; who changed it, and what it was, are in its history."""
    seed.dead("a", template="order_confirmation", indexes=f"order:7 {OLD}")

    assert seed.twice(lambda: edit(seed)) == "done"
    assert edit(seed, "another", b"q", b"r") == "done"

    stored: Any = seed.client.hgetall(seed.keys.job("a"))
    job = Job.parse("email", "a", stored)
    assert (job.state, job.payload, job.template, job.originals) == (State.DEAD, b"r", "order_shipped", [b"p", b"q"])
    assert job.acts == [{"at_ms": NOW_MS, "verb": "edited", "by": "ada", "why": "a typo"}] * 2
    assert seed.score("dead", "a") == NOW_MS


def test_edit_lets_it_be_found_by_its_new_address(seed: Seed) -> None:
    """And not by the old one any more, under which others still are."""
    seed.dead("a", indexes=f"order:7 {OLD}")
    seed.dead("b", indexes=OLD)

    edit(seed)

    found = {name: seed.client.zrange(seed.keys.index(name), 0, -1) for name in ("order:7", OLD, NEW)}
    assert found == {"order:7": [b"a"], OLD: [b"b"], NEW: [b"a"]}


def test_edit_of_what_somebody_else_changed_meanwhile_changes_nothing(seed: Seed) -> None:
    """Nobody's change is lost unseen."""
    seed.dead("a")
    edit(seed, "first")

    assert seed.changes_nothing(lambda: edit(seed, "second")) == "changed"


@pytest.mark.parametrize("state", [State.WAITING, State.COMPLETED])
def test_edit_of_a_job_that_is_not_dead_changes_nothing(seed: Seed, state: State) -> None:
    """What may be on its way is left alone; and what there is not, does not come into being."""
    if state is State.WAITING:
        seed.waiting("a")
    else:
        seed.ended("a")

    assert seed.changes_nothing(lambda: edit(seed)) == state
    seed.client.delete(seed.keys.job("a"), seed.keys.waiting, seed.keys.completed)
    assert seed.changes_nothing(lambda: edit(seed)) == "missing"
