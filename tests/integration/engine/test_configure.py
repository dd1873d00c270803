"""The configure script: an operator's live settings."""

from __future__ import annotations

from tests.support.seed import Seed, ids


def test_configure_sets_and_tells_all(seed: Seed) -> None:
    """What is set now is answered, also what was set before."""
    seed.scripts.configure({"rate": "10/1000"})

    answer = seed.twice(lambda: seed.scripts.configure({"paused": "1", "pause_reason": "stock take"}))

    assert answer == {"rate": "10/1000", "paused": "1", "pause_reason": "stock take"}


def test_configure_clears_with_an_empty_value(seed: Seed) -> None:
    """The settings of the code are in force again; an empty hash is no key."""
    seed.scripts.configure({"rate": "10/1000"})

    assert seed.twice(lambda: seed.scripts.configure({"rate": "", "paused": ""})) == {}
    assert "config" not in seed.read_all()


def test_configure_wakes_a_consumer(seed: Seed) -> None:
    """A pause that ends, or a limit that is lifted, shows at once."""
    seed.scripts.configure({"paused": ""})

    assert seed.woken


def test_configure_pause_hands_nothing_out(seed: Seed) -> None:
    """Paused is the queue's, not the job's: it stays waiting."""
    seed.waiting("a")
    seed.scripts.configure({"paused": "1"})

    batch = seed.take()

    assert (ids(batch), batch.again_ms, seed.ids("waiting")) == ([], 1_000, ["a"])
    seed.scripts.configure({"paused": ""})
    assert ids(seed.take("w1", 2)) == ["a"]


def test_configure_max_active_holds_for_the_whole_fleet(seed: Seed) -> None:
    """Two workers together have no more in progress than that."""
    seed.waiting(*"abcde")
    seed.scripts.configure({"max_active": "3"})

    first, second = seed.take("w1", 1, 2), seed.take("w2", 1, 5)

    assert (ids(first), ids(second)) == (["a", "b"], ["c"])
    assert second.again_ms == 100
    assert ids(seed.take("w3", 1, 5)) == []
