"""The retry script: active -> delayed."""

from __future__ import annotations

from tests.support.seed import Seed, ids


def test_retry_delays_the_job_by_its_backoff(seed: Seed) -> None:
    """One attempt is used, its record is kept, the lease is gone."""
    token = seed.active("a", attempt=1, runs=1)

    word = seed.twice(lambda: seed.scripts.retry("a", token, 2_000, '{"outcome": "transient"}'))

    assert word == "done"
    assert seed.ids("active") == []
    assert seed.score("delayed", "a") == seed.now + 2_000
    job = seed.job("a")
    assert (job["state"], job["lease"], job["attempt"], job["due_at"]) == ("delayed", "", "2", str(seed.now + 2_000))
    assert job["attempt:2"] == '{"outcome": "transient"}'


def test_retry_wakes_a_consumer(seed: Seed) -> None:
    """Who waits on the marker has to hear of the new due time."""
    seed.scripts.retry("a", seed.active("a"), 50, "")

    assert seed.woken


def test_retry_under_another_lease_changes_nothing(seed: Seed) -> None:
    """A worker that lost the job has no say in it."""
    seed.active("a", token="w2:1")

    assert seed.changes_nothing(lambda: seed.scripts.retry("a", "w1:1", 2_000, "")) == "stale"


def test_retry_of_an_unknown_job_changes_nothing(seed: Seed) -> None:
    """No hash comes into being."""
    assert seed.changes_nothing(lambda: seed.scripts.retry("nobody", "w1:1", 2_000, "")) == "stale"


def test_retry_keeps_the_place_in_line(seed: Seed) -> None:
    """When its backoff is over, a job is where it was: before those that came later."""
    token = seed.active("a")
    seed.waiting("b")
    seed.scripts.retry("a", token, 2_000, "")
    seed.clock.advance(2_000)

    assert ids(seed.take("w1", 2)) == ["a", "b"]


def test_retry_forgets_that_the_send_was_begun(seed: Seed) -> None:
    """A failure is a known outcome: losing the next worker leaves nothing in doubt."""
    token = seed.active("a")
    seed.scripts.begin("a", token, "sendgrid")
    seed.scripts.retry("a", token, 0, "")

    seed.take("w2", 1)
    seed.live(10_001)
    seed.reclaim(60_000)

    assert [(job.look, job.possible_duplicate) for job in seed.take("w3", 1).jobs] == [(0, False)]


def test_retry_repeated_after_the_next_run_began_changes_nothing(seed: Seed) -> None:
    """A reply lost for so long that the job is out again: the old token is answered, and no more."""
    token = seed.active("a")
    seed.scripts.retry("a", token, 0, "")
    seed.take("w2", 1)

    assert seed.changes_nothing(lambda: seed.scripts.retry("a", token, 0, "")) == "done"
    assert seed.job("a")["attempt"] == "1"


def test_retry_of_what_a_look_up_settled_leaves_no_doubt(seed: Seed) -> None:
    """The provider knows that it did not arrive."""
    token = seed.active("a", look=1, doubts=1)

    seed.twice(lambda: seed.scripts.retry("a", token, 0, ""))

    assert (seed.job("a")["doubts"], seed.job("a")["look"]) == ("0", "")
