"""Editing and purging dead letters over HTTP: what is checked, what is asked, and what nobody does by accident."""

from __future__ import annotations

import json
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


def _form(page: httpx.Client, job_id: str) -> dict[str, str]:
    """The form for editing a job, opened: its fields."""
    proof = proof_of(page.get(f"/jobs/{job_id}"))
    shown = page.post(f"/jobs/{job_id}/edit", data={"proof": proof})
    data = re.search(r"<textarea [^>]*>(.*?)</textarea>", shown.text, re.DOTALL)
    seen = re.search(r'name="seen" value="(\w+)"', shown.text)
    assert data is not None
    assert seen is not None
    return {
        "proof": proof, "save": "yes", "seen": seen[1], "to": "ada@example.com", "name": "Ada", "locale": "en",
        "template": "test_message", "data": unescape(data[1]),
    }  # fmt: skip


def test_edit_changes_what_a_dead_letter_is_made_from(serving: Serving, fates: Fates) -> None:
    """It stays dead, is found by its new address, and its history keeps the original, and who changed it, and why."""
    job_id = fates.refused(fates.mail("10482", name="Ada", note="Hello"))

    with serving.browser("support") as page:
        form = _form(page, job_id)
        changed = form | {"to": "ada.byron@example.com", "data": '{"note": "Hello again"}', "reason": "a typo"}
        told = flash_of(page, page.post(f"/jobs/{job_id}/edit", data=changed))
        revealed = said(page.post(f"/jobs/{job_id}/reveal", data={"proof": form["proof"]}))
        found = page.get("/jobs", params={"to": "ada.byron@example.com"}).text
        masked = page.get(f"/jobs/{job_id}").text

    job = serving.app.inspector.job(job_id)
    assert json.loads(form["data"]) == {"note": "Hello"}
    assert "stays dead" in told
    assert job.state is State.DEAD
    assert json.loads(job.payload)["data"] == {"note": "Hello again"}
    assert "Hello again" in revealed
    assert "Before edit 1" in revealed
    assert '"to": "ada@example.com"' in revealed
    assert job_id in found
    assert "Hello" not in masked
    assert [one["verb"] for one in audit_of(serving)] == ["revealed", "edited", "revealed"]


def test_edit_can_send_it_again_at_once(serving: Serving, fates: Fates) -> None:
    """One button for what is most often wanted; what may arrive twice is asked about first."""
    job_id, held = fates.refused(fates.mail("1", note="Hello")), fates.held(fates.mail("2", note="Hello"))

    with serving.browser("support") as page:
        first = page.post(f"/jobs/{job_id}/edit", data=_form(page, job_id) | {"then": "retry"})
        second = flash_of(page, page.post(f"/jobs/{held}/edit", data=_form(page, held) | {"then": "retry"}))

    assert first.status_code == 303
    assert "may have arrived already" in second
    states = [serving.app.inspector.job(one).state for one in (job_id, held)]
    assert states == [State.WAITING, State.DEAD]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"data": "{nix"}, "This is no JSON: see line 1, column 2."),
        ({"data": "[1]"}, "Expected an object of variables"),
        ({"data": '{"note": ' + "[" * 100_000 + "]" * 100_000 + "}"}, "nested too deep"),
        ({"data": '{"note": "\\ud800"}'}, "surrogates"),
        ({"data": '{"note": NaN}'}, "must be JSON values"),
        ({"to": "nobody"}, "such as ada@example.com"),
        ({"name": "Ada\nBcc: x"}, "no line breaks"),
        ({"template": "none_such"}, "There is no such template."),
        ({"template": "order_confirmation"}, "order_confirmation"),
    ],
)
def test_edit_says_beside_the_field_what_cannot_be_used(
    serving: Serving, fates: Fates, change: dict[str, str], told: str
) -> None:
    """Nothing is changed, and what was typed is still there."""
    job_id = fates.refused(fates.mail("10482", note="Hello"))
    before = serving.app.inspector.job(job_id).payload

    with serving.browser("support") as page:
        answer = page.post(f"/jobs/{job_id}/edit", data=_form(page, job_id) | change)

    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 1
    assert told in said(answer)
    assert serving.app.inspector.job(job_id).payload == before


def test_edit_of_what_somebody_else_edited_is_refused(serving: Serving, fates: Fates) -> None:
    """Nobody's change is lost: the form knows what it was made from."""
    job_id = fates.refused(fates.mail("10482", note="Hello"))

    with serving.browser("support") as page:
        form = _form(page, job_id)
        page.post(f"/jobs/{job_id}/edit", data=form | {"data": '{"note": "First"}'})
        told = flash_of(page, page.post(f"/jobs/{job_id}/edit", data=form | {"data": '{"note": "Second"}'}))

    assert "somebody else edited" in told
    assert json.loads(serving.app.inspector.job(job_id).payload)["data"] == {"note": "First"}


def test_edit_is_not_for_viewers_nor_for_what_lives(serving: Serving, fates: Fates) -> None:
    """The form shows what is personal; and what may be on its way is not changed under its worker."""
    dead, waiting = fates.refused(fates.mail()), fates.mail()

    with serving.browser("viewer") as page:
        proof = proof_of(page.get("/jobs"))
        refused = page.post(f"/jobs/{dead}/edit", data={"proof": proof})
    with serving.browser("support") as page:
        proof = proof_of(page.get("/jobs"))
        late = flash_of(page, page.post(f"/jobs/{waiting}/edit", data={"proof": proof}))

    assert refused.status_code == 403
    assert "is waiting, not dead" in late
    assert audit_of(serving) == []


def test_purge_takes_the_number_typed(serving: Serving, fates: Fates) -> None:
    """Of all that match; anything else, and a number that is no longer right, changes nothing."""
    letters = [fates.refused(fates.mail(str(number)), "401", "bad key") for number in range(3)]
    other = fates.refused(fates.mail("7"))

    with serving.browser() as page:
        asked = page.get("/dead-letters/purge?code=401")
        sent = {"proof": proof_of(asked), "code": "401", "reason": "a test run"}
        wrong = page.post("/dead-letters/purge", data=sent | {"confirm": "2"})
        still = serving.app.inspector.stats("email").dlq
        told = flash_of(page, page.post("/dead-letters/purge", data=sent | {"confirm": "3"}))

    assert "Purge 3 dead letters" in said(asked)
    assert all(job_id in asked.text for job_id in letters)
    assert (wrong.status_code, still) == (422, 4)
    assert "There are 3 of them now. Type 3" in said(wrong)
    assert told == "3 gone for good."
    assert [job.job_id for job in serving.app.inspector.jobs("email", State.DEAD)] == [other]
    assert [(one["verb"], one["why"]) for one in audit_of(serving)] == [
        ("purge started", "a test run"), ("purged", "a test run"),
    ]  # fmt: skip


def test_purge_leaves_what_died_after_it_was_asked(serving: Serving, fates: Fates) -> None:
    """Whoever agreed did not see it."""
    fates.refused(fates.mail("1"))

    with serving.browser() as page:
        asked = page.get("/dead-letters/purge")
        until = re.search(r'name="until" value="([^"]+)"', asked.text)
        assert until is not None
        later = fates.refused(fates.mail("2"))
        told = flash_of(
            page, page.post("/dead-letters/purge", data={"proof": proof_of(asked), "until": until[1], "confirm": "1"})
        )

    assert told == "1 gone for good."
    assert serving.app.inspector.job(later).state is State.DEAD


def test_purge_of_selected_letters(serving: Serving, fates: Fates) -> None:
    """Only those; an empty selection asks nothing."""
    first, second = fates.refused(fates.mail("1")), fates.refused(fates.mail("2"))

    with serving.browser() as page:
        nothing = flash_of(page, page.get("/dead-letters/purge?chosen=yes"))
        asked = page.get("/dead-letters/purge", params={"chosen": "yes", "id": first})
        told = flash_of(
            page, page.post("/dead-letters/purge", data={"proof": proof_of(asked), "id": first, "confirm": "1"})
        )

    assert "Nothing is selected" in nothing
    assert told == "1 gone for good."
    assert [job.job_id for job in serving.app.inspector.jobs("email", State.DEAD)] == [second]


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_purge_of_many_is_for_operators(serving: Serving, fates: Fates, role: str) -> None:
    """Others are refused, and nothing is gone."""
    fates.refused(fates.mail())

    with serving.browser(role) as page:
        proof = proof_of(page.get("/dead-letters"))
        refused = [
            page.get("/dead-letters/purge"),
            page.post("/dead-letters/purge", data={"proof": proof, "confirm": "1"}),
        ]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert serving.app.inspector.stats("email").dlq == 1
