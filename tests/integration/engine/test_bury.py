"""The bury script: active -> dead."""

from __future__ import annotations

from tests.support.seed import Seed, ids


def test_bury_moves_the_job_to_the_dead_letters(seed: Seed) -> None:
    """The reason and the last attempt are kept, and it counts as a failure."""
    token = seed.active("a", attempt=3, runs=3)

    word = seed.twice(lambda: seed.scripts.bury("a", token, "retries_exhausted", '{"outcome": "transient"}'))

    assert word == "done"
    assert (seed.ids("active"), seed.ids("dead"), seed.ids("failed")) == ([], ["a"], ["a"])
    job = seed.job("a")
    assert (job["state"], job["lease"], job["attempt"], job["reason"]) == ("dead", "", "4", "retries_exhausted")
    assert (job["finished_at"], job["attempt:4"]) == (str(seed.now), '{"outcome": "transient"}')


def test_bury_keeps_the_job_until_a_person_decides(seed: Seed) -> None:
    """A dead letter has no TTL, and neither has its idempotency key."""
    seed.client.set(seed.keys.idempotency("key"), "a d1")
    seed.scripts.bury("a", seed.active("a", idem="key"), "permanent", "")

    assert seed.ttl_ms(seed.keys.job("a")) == -1
    assert seed.ttl_ms(seed.keys.idempotency("key")) == -1


def test_bury_under_another_lease_changes_nothing(seed: Seed) -> None:
    """A worker that lost the job has no say in it."""
    seed.active("a", token="w2:1")

    assert seed.changes_nothing(lambda: seed.scripts.bury("a", "w1:1", "permanent", "")) == "stale"
    assert seed.changes_nothing(lambda: seed.scripts.bury("nobody", "w1:1", "permanent", "")) == "stale"


def test_bury_is_not_taken_again(seed: Seed) -> None:
    """Nothing runs a dead letter by itself."""
    seed.scripts.bury("a", seed.active("a"), "permanent", "")
    seed.clock.advance(3_600_000)

    assert ids(seed.take("w2", 1)) == []


def test_bury_without_a_look_up_counts_the_doubt(seed: Seed) -> None:
    """Held at once, it may be sent again by a person: that is a possible duplicate, and flagged."""
    token = seed.active("a")

    seed.twice(lambda: seed.scripts.bury("a", token, "unknown_outcome", ""))
    seed.scripts.replay("a", "call")

    assert seed.job("a")["possible_duplicate"] == "1"


def test_bury_of_what_a_look_up_settled_leaves_no_doubt(seed: Seed) -> None:
    """The provider knows that it did not arrive: to send it again is no duplicate."""
    token = seed.active("a", look=1, doubts=1)

    seed.twice(lambda: seed.scripts.bury("a", token, "permanent", ""))
    seed.scripts.replay("a", "call")

    assert "possible_duplicate" not in seed.job("a")
