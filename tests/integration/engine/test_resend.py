"""The resend script: active -> waiting, flagged as a possible duplicate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.seed import RETENTION

if TYPE_CHECKING:
    from tests.support.seed import Seed

RECORD = '{"outcome": "in_doubt"}'


def test_resend_lets_the_job_go_once_more_flagged(seed: Seed) -> None:
    """After its last look-up: from its place in line, no attempt used, and counted."""
    seed.waiting("first")
    token = seed.active("a", look=2, doubts=1, runs=2)
    seed.waiting("later")

    word = seed.twice(lambda: seed.scripts.resend("a", token, RECORD))

    assert word == "done"
    assert seed.ids("waiting") == ["first", "a", "later"]
    job = seed.job("a")
    assert (job["state"], job["lease"], job["attempt"], job["attempt:3"]) == ("waiting", "", "0", RECORD)
    assert (job["possible_duplicate"], job["look"], job["doubts"]) == ("1", "", "1")
    assert seed.woken
    (taken,) = seed.take("w2", 1, 1, "0/1").jobs[:1]
    assert taken.job_id == "first"
    (taken,) = seed.take("w2", 2, 1).jobs
    assert (taken.job_id, taken.look, taken.possible_duplicate) == ("a", 0, True)


def test_resend_without_a_look_up_counts_the_doubt(seed: Seed) -> None:
    """Where nothing is looked up, the doubt and the resend are one step."""
    token = seed.active("a")
    seed.scripts.begin("a", token, "smtp")

    seed.twice(lambda: seed.scripts.resend("a", token, RECORD))

    assert (seed.job("a")["doubts"], seed.job("a")["began"]) == ("1", "")


def test_resend_under_another_lease_changes_nothing(seed: Seed) -> None:
    """A worker that lost the job has no say in it."""
    seed.active("a", token="w2:1")

    assert seed.changes_nothing(lambda: seed.scripts.resend("a", "w1:1", RECORD)) == "stale"
    assert seed.changes_nothing(lambda: seed.scripts.resend("nobody", "w1:1", RECORD)) == "stale"


def test_resend_counts_when_it_is_sent(seed: Seed) -> None:
    """One that expires in line was never a duplicate; retries of one and the same resend are one."""
    seed.scripts.resend("a", seed.active("a"), "")
    seed.scripts.resend("b", seed.active("b", expires_at=seed.now), "")
    (job,) = seed.take("w2", 1).jobs
    before = seed.ids("resent")

    for sequence in (2, 3):
        seed.twice(lambda token=job.token: seed.scripts.begin("a", token, "smtp"))  # type: ignore[misc]
        seed.scripts.begin("a", job.token, "another provider")
        seed.scripts.retry("a", job.token, 0, "")
        (job,) = seed.take("w2", sequence).jobs

    assert (before, seed.ids("resent")) == ([], ["a:1:0"])
    assert seed.scripts.stats(RETENTION)[11] == 1


def test_resend_of_what_is_known_to_have_been_accepted_is_none(seed: Seed) -> None:
    """Evidence that came while the second send was on its way ends it, whatever became of that one."""
    token = seed.active("a", look=2, evidence="sendgrid SG1")

    word = seed.changes_nothing(lambda: seed.scripts.resend("a", token, RECORD))

    assert word == "accepted sendgrid SG1"
