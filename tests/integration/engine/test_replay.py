"""The replay script: dead -> waiting."""

from __future__ import annotations

import threading

import pytest

from notifyctl.engine.states import Lane, State
from tests.support.seed import NOW_MS, Seed, ids


def test_replay_puts_a_dead_job_at_the_end_of_its_lane(seed: Seed) -> None:
    """The attempts start again, the history stays, and the failure still counts."""
    seed.dead("a", attempt=4, runs=4, doubts=1, lost=2, expires_at=seed.now - 1, **{"attempt:1": "{}"})
    seed.waiting("b")

    assert seed.scripts.replay("a", "call") == "done"

    assert seed.ids("waiting") == ["b", "a"]
    assert (seed.ids("dead"), seed.ids("failed")) == ([], ["a"])
    job = seed.job("a")
    assert (job["state"], job["attempt"], job["doubts"], job["replays"]) == ("waiting", "0", "0", "1")
    assert (job["runs"], job["attempt:1"], job["replayed_at"]) == ("4", "{}", str(NOW_MS))
    assert "reason" not in job
    assert "finished_at" not in job
    assert seed.woken


def test_replay_of_an_expired_job_is_sent(seed: Seed) -> None:
    """Who sends it again by hand wants it sent, whatever its date."""
    seed.dead("a", expires_at=seed.now - 1)
    seed.scripts.replay("a", "call")

    assert ids(seed.take()) == ["a"]


def test_replay_into_another_lane(seed: Seed) -> None:
    """A person may send it ahead of the others."""
    seed.dead("a")
    seed.waiting("b")

    seed.scripts.replay("a", "call", int(Lane.HIGH))

    assert seed.ids("waiting") == ["a", "b"]
    assert seed.job("a")["lane"] == "0"


def test_replay_after_a_lost_reply_answers_the_same(seed: Seed) -> None:
    """It goes once, and whoever asked learns that it does, wherever the job is by now."""
    seed.dead("a")

    assert seed.twice(lambda: seed.scripts.replay("a", "call")) == "done"

    seed.take()
    assert seed.changes_nothing(lambda: seed.scripts.replay("a", "call")) == "done"


def test_replay_by_a_second_call_says_where_the_job_is(seed: Seed) -> None:
    """Two clicks: it goes once."""
    seed.dead("a")
    seed.scripts.replay("a", "call")

    assert seed.changes_nothing(lambda: seed.scripts.replay("a", "another")) == "waiting"


@pytest.mark.parametrize("state", [State.DELAYED, State.ACTIVE, State.COMPLETED, State.CANCELLED])
def test_replay_of_a_job_that_is_not_dead_changes_nothing(seed: Seed, state: State) -> None:
    """Only dead letters are replayed."""
    match state:
        case State.DELAYED:
            seed.delayed("a")
        case State.ACTIVE:
            seed.active("a")
        case _:
            seed.ended("a", state=state)

    assert seed.changes_nothing(lambda: seed.scripts.replay("a", "call")) == state


def test_replay_of_an_unknown_job_changes_nothing(seed: Seed) -> None:
    """No hash comes into being."""
    assert seed.changes_nothing(lambda: seed.scripts.replay("nobody", "call")) == "missing"


def test_replay_by_twenty_at_once_sends_it_once(seed: Seed) -> None:
    """Exactly one caller is told that it did it."""
    seed.dead("a")
    words: list[str] = []

    def replay(call: str) -> None:
        words.append(seed.scripts.replay("a", call))

    threads = [threading.Thread(target=replay, args=(f"call-{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(words) == ["done"] + ["waiting"] * 19
    assert seed.ids("waiting") == ["a"]
