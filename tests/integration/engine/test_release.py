"""The release script: active -> waiting, no attempt used; the queue may be blocked."""

from __future__ import annotations

from notifyctl.engine.jobs import Completion
from notifyctl.engine.states import Lane
from tests.support.seed import RETENTION, Seed, ids


def test_release_puts_jobs_back_in_their_places(seed: Seed) -> None:
    """What was taken first goes first again, and no attempt is used."""
    token = seed.active("a", "b", "c", attempt=1)
    seed.waiting("d")

    words = seed.twice(lambda: seed.scripts.release([("c", token), ("a", token), ("b", token)]))

    assert words == ["done"] * 3
    assert seed.ids("waiting") == ["a", "b", "c", "d"]
    assert seed.ids("active") == []
    job = seed.job("a")
    assert (job["state"], job["lease"], job["attempt"], job["released"]) == ("waiting", "", "1", "1")


def test_release_keeps_the_lane(seed: Seed) -> None:
    """A low job does not jump the line by being released."""
    token = seed.active("low", lane=int(Lane.LOW))
    seed.waiting("normal")
    seed.scripts.release([("low", token)])

    assert seed.ids("waiting") == ["normal", "low"]


def test_release_answers_each_id(seed: Seed) -> None:
    """One stale id does not hold up the others."""
    token = seed.active("a", "b")
    seed.active("other", token="w2:1")

    words = seed.scripts.release([("a", token), ("other", token), ("nobody", token), ("b", token)])

    assert words == ["done", "stale", "stale", "done"]
    assert seed.ids("active") == ["other"]


def test_release_wakes_a_consumer(seed: Seed) -> None:
    """Another worker may take it now."""
    seed.scripts.release([("a", seed.active("a"))])

    assert seed.woken


def test_release_blocks_the_queue_for_a_while(seed: Seed) -> None:
    """A provider that throttles gets a rest: nothing is handed out, and who asks hears for how long."""
    token = seed.active("a")
    seed.twice(lambda: seed.scripts.release([("a", token)], 30_000, "throttled"))
    seed.clock.advance(10_000)

    batch = seed.take("w1", 2)

    assert (ids(batch), batch.again_ms) == ([], 20_000)
    seed.clock.advance(20_000)
    assert ids(seed.take("w1", 3)) == ["a"]


def test_release_with_a_stale_lease_blocks_nothing(seed: Seed) -> None:
    """A worker that lost its job has no say in whether the queue rests."""
    seed.active("a")

    words = seed.scripts.release([("a", "other:1")], 30_000, "throttled")

    assert words == ["stale"]
    assert "config" not in seed.read_all()


def test_release_told_again_later_does_not_prolong_the_block(seed: Seed) -> None:
    """After a lost reply the block ends when it would have."""
    token = seed.active("a")
    seed.scripts.release([("a", token)], 30_000, "throttled")
    until = seed.read_all()["config"]["blocked_until"]
    seed.clock.advance(5_000)

    assert seed.scripts.release([("a", token)], 30_000, "throttled") == ["done"]
    assert seed.read_all()["config"]["blocked_until"] == until


def test_release_does_not_shorten_a_block(seed: Seed) -> None:
    """Of two answers, the one that asks for more counts."""
    token = seed.active("a", "b")
    seed.scripts.release([("a", token)], 60_000, "throttled")

    seed.scripts.release([("b", token)], 1_000, "other")

    config = seed.read_all()["config"]
    assert config == {
        "blocked_until": str(seed.now + 60_000), "blocked_ms": "60000", "blocked_reason": "throttled",
    }  # fmt: skip


def test_release_forgets_that_the_send_was_begun(seed: Seed) -> None:
    """A provider that refused took nothing: no doubt is left."""
    token = seed.active("a")
    seed.scripts.begin("a", token, "sendgrid")
    seed.scripts.release([("a", token)])

    assert seed.job("a")["began"] == ""


def test_release_for_the_accounts_sake_goes_to_the_end_of_its_lane(seed: Seed) -> None:
    """Should it alone be refused, the others are tried before it; why is kept on it."""
    token = seed.active("a")
    seed.waiting("b", "c")

    words = seed.twice(lambda: seed.scripts.release([("a", token)], 30_000, "twilio refuses", account=True))

    assert words == ["done"]
    assert seed.ids("waiting") == ["b", "c", "a"]
    job = seed.job("a")
    assert (job["release_reason"], job["refused_at"], job["attempt"]) == ("twilio refuses", str(seed.now), "0")


def test_release_of_what_alone_is_refused_is_told_so(seed: Seed) -> None:
    """It was refused, then another was accepted, and it is refused again: nothing is done, and nothing blocked."""
    token = seed.active("a", refused_at=seed.now - 2)
    other = seed.active("b", token="w2:1")
    seed.clock.advance(-1)
    seed.scripts.begin("b", other, "twilio")
    seed.scripts.complete([Completion("b", other, "twilio", "SM1")], RETENTION.completed_ms)
    seed.clock.advance(1)

    words = seed.changes_nothing(lambda: seed.scripts.release([("a", token)], 30_000, "refused", account=True))

    assert words == ["alone"]


def test_release_of_what_is_refused_for_the_first_time_is_no_proof(seed: Seed) -> None:
    """Refused first now: it goes to the end of the line like any other."""
    token = seed.active("a")
    other = seed.active("b", token="w2:1")
    seed.scripts.begin("b", other, "twilio")
    seed.scripts.complete([Completion("b", other, "twilio", "SM1")], RETENTION.completed_ms)

    assert seed.scripts.release([("a", token)], 30_000, "refused", account=True) == ["done"]


def test_release_is_not_misled_by_an_acceptance_from_before_the_refusal(seed: Seed) -> None:
    """Credits end in the middle of some sends: one that began before is told a moment later, and buries nobody."""
    token = seed.active("a", "b")
    for job_id in ("a", "b"):
        seed.scripts.begin(job_id, token, "sendgrid")
    seed.clock.advance(100)
    seed.scripts.release([("a", token)], 30_000, "refused", account=True)
    seed.clock.advance(20)
    seed.scripts.complete([Completion("b", token, "sendgrid", "x")], RETENTION.completed_ms)
    seed.live(30_000)
    (job,) = seed.take("w2", 1).jobs

    assert seed.scripts.release([("a", job.token)], 30_000, "refused", account=True) == ["done"]
