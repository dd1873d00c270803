"""The pages of dead letters and replays over HTTP: causes, the dry run, what is started, and by whom."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from tests.support.pages import audit_of, flash_of, proof_of, said

if TYPE_CHECKING:
    import httpx

    from tests.support.fates import Fates
    from tests.support.serving import Serving


@pytest.fixture
def letters(fates: Fates) -> list[str]:
    """Three dead letters that the API key was refused for, one of a mailbox, one in doubt; their ids."""
    return [
        *(fates.refused(fates.mail(str(number)), "401", "the API key is not valid") for number in range(3)),
        fates.refused(fates.mail("7")),
        fates.held(fates.chat("8")),
    ]


def _causes(page: httpx.Response) -> list[tuple[str, str]]:
    """The groups of a page: where each leads, and what it says."""
    listed = page.text.partition('<ul class="causes">')[2].partition("</ul>")[0]
    found = re.findall(r'<li><a href="([^"]+)">(.*?)</a></li>', listed, re.DOTALL)
    return [(unescape(href), " ".join(re.sub(r"<[^>]*>", " ", inner).split())) for href, inner in found]


def test_dead_letters_are_grouped_by_cause(serving: Serving, letters: list[str]) -> None:
    """With counts and an example of each; a group leads to its letters alone."""
    with serving.browser("viewer") as page:
        shown = page.get("/dead-letters")
        causes = _causes(shown)
        only = page.get(causes[0][0])

    assert [href for href, _ in causes] == [
        "/dead-letters?code=401", "/dead-letters?code=550", "/dead-letters?code=unknown_outcome",
    ]  # fmt: skip
    assert causes[0][1].startswith("401 3 the API key is not valid")
    assert "5 on this page, of 5" in said(shown)
    assert [job_id in only.text for job_id in letters] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("by", "first"), [("template", "template=test_message"), ("provider", "provider=sendgrid"), ("hour", "since=")]
)
def test_dead_letters_are_counted_by_other_facts(serving: Serving, letters: list[str], by: str, first: str) -> None:
    """The counts add up, and each group leads to its own."""
    with serving.browser("viewer") as page:
        causes = _causes(page.get(f"/dead-letters?by={by}"))
        only = page.get(causes[0][0])

    assert first in causes[0][0]
    count = said(only).split(" on this page, of ")[1].split(" ")[0]
    assert f" {count} " in f" {causes[0][1]} "


def test_dry_run_says_what_would_go_and_changes_nothing(serving: Serving, letters: list[str]) -> None:
    """Of all that match, or the oldest few; with those that may arrive twice."""
    with serving.browser() as page:
        whole = said(page.get("/dead-letters/retry"))
        some = said(page.get("/dead-letters/retry?code=401&limit=2"))
        wrong = page.get("/dead-letters/retry?limit=few&max_age=old")

    assert "Match 5 all dead letters, without a filter Will go 5 Will be skipped 0" in whole
    assert "1 of them may arrive twice" in whole
    assert "Will go 2" in some
    assert "code 401" in some
    assert (wrong.status_code, wrong.text.count('aria-invalid="true"')) == (422, 2)
    assert all(serving.app.inspector.job(job_id).state is State.DEAD for job_id in letters)
    assert serving.app.replays.list() == []


def test_replay_is_started_by_a_form_and_shown(serving: Serving, letters: list[str]) -> None:
    """With its rate, lane and reason; audited; without a worker the page says so."""
    with serving.browser() as page:
        proof = proof_of(page.get("/dead-letters/retry?code=401"))
        answer = page.post(
            "/dead-letters/retry",
            data={"proof": proof, "code": "401", "rate": "5/s", "lane": "normal", "reason": "key was renewed"},
        )
        shown = said(page.get(answer.headers["location"]))
        listed = said(page.get("/replays"))

    (replay,) = serving.app.replays.list()
    assert answer.headers["location"] == f"/replays/{replay.replay_id}"
    assert (replay.total, str(replay.rate), replay.lane and replay.lane.name, replay.why) == (
        3,
        "5/s",
        "NORMAL",
        "key was renewed",
    )
    assert replay.by.startswith("tests (token ")
    assert "3 to go at 5/s" in shown
    assert "No worker runs" in shown
    assert "key was renewed" in listed
    assert audit_of(serving)[-1]["why"] == "key was renewed"


def test_replay_of_what_may_arrive_twice_takes_a_tick(serving: Serving, letters: list[str]) -> None:
    """Without it nothing is started, and the form says why."""
    with serving.browser() as page:
        proof = proof_of(page.get("/dead-letters/retry"))
        refused = page.post("/dead-letters/retry", data={"proof": proof, "rate": "quick"})
        started = page.post("/dead-letters/retry", data={"proof": proof, "twice": "true"})

    assert refused.status_code == 422
    assert "Tick this" in said(refused)
    assert "expected a rate such as 10/s" in said(refused)
    assert started.status_code == 303
    assert len(serving.app.replays.list()) == 1


def test_replay_is_cancelled(serving: Serving, letters: list[str]) -> None:
    """What is left stays dead; a second time is too late."""
    with serving.browser() as page:
        proof = proof_of(page.get("/dead-letters/retry?code=401"))
        place = page.post("/dead-letters/retry", data={"proof": proof, "code": "401"}).headers["location"]
        page.post(f"{place}/cancel", data={"proof": proof, "reason": "wrong filter"})
        shown = said(page.get(place))
        late = flash_of(page, page.post(f"{place}/cancel", data={"proof": proof}))

    assert "cancelled it (wrong filter): 3 stay dead." in shown
    assert "cannot be cancelled" in late
    assert serving.app.inspector.stats("email").dlq == 4


def test_selected_letters_go_at_once(serving: Serving, fates: Fates, letters: list[str]) -> None:
    """Those that changed meanwhile are skipped, and counted; an empty selection is none of all."""
    serving.app.inspector.discard(letters[1])

    with serving.browser() as page:
        nothing = flash_of(page, page.get("/dead-letters/retry?chosen=yes&code=401"))
        dry = page.get("/dead-letters/retry", params={"chosen": "yes", "id": letters[:2]})
        answer = page.post("/dead-letters/retry", data={"proof": proof_of(dry), "id": letters[:2], "lane": "high"})
        told = flash_of(page, answer)

    assert "Nothing is selected" in nothing
    assert "Match 2 the 2 that you selected Will go 1 Will be skipped 1" in said(dry)
    assert told == "1 on the way again, 1 skipped."
    job = serving.app.inspector.job(letters[0])
    assert (job.state, job.lane.name) == (State.WAITING, "HIGH")
    assert serving.app.replays.list() == []


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_bulk_work_is_for_operators(serving: Serving, letters: list[str], role: str) -> None:
    """Others are offered none of it, and a forged form changes nothing."""
    with serving.browser(role) as page:
        shown = page.get("/dead-letters")
        proof = proof_of(shown)
        refused = [
            page.get("/dead-letters/retry"),
            page.post("/dead-letters/retry", data={"proof": proof, "twice": "true"}),
            page.post("/replays/any/cancel", data={"proof": proof}),
        ]

    assert "Send selected again" not in shown.text
    assert 'type="checkbox"' not in shown.text
    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert serving.app.replays.list() == []
    assert audit_of(serving) == []
