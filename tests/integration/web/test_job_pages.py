"""The pages of jobs and orders over HTTP: what they say, what they hide, and who may change what."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from tests.support.pages import audit_of, flash_of, proof_of, said

if TYPE_CHECKING:
    import httpx

    from tests.support.fates import Fates
    from tests.support.serving import Serving


def test_order_page_answers_in_its_first_line(serving: Serving, fates: Fates) -> None:
    """Over both channels: how many were accepted, what of the rest, each step; addresses are masked."""
    fates.sent(fates.mail("10482"))
    fates.held(fates.chat("10482"))

    with serving.browser("viewer") as page:
        text = said(page.get("/orders/10482"))
        missing = page.get("/orders/1")

    assert "Did it get its messages? Not all 1 of 2 messages was accepted, 1 in doubt." in text
    assert text.index("sendgrid accepted it") < text.index("twilio was asked and gave no answer")
    assert "a***@e***.com" in text
    assert "ada@" not in text
    assert missing.status_code == 404
    assert "No message about this order" in said(missing)


@pytest.mark.parametrize("order_id", ["#1001", "A/17 b", "Ä-7?x=1"])
def test_order_page_takes_any_order_id(serving: Serving, fates: Fates, order_id: str) -> None:
    """Also one that means something in a URL."""
    fates.mail(order_id)

    with serving.browser("viewer") as page:
        found = page.get("/jobs", params={"q": order_id})
        text = said(page.get(found.headers["location"]))

    assert f"Order {order_id}" in text
    assert "Not yet" in text


def test_search_understands_an_order_an_id_and_an_address(serving: Serving, fates: Fates) -> None:
    """Each leads to its page; what is nothing of them says so."""
    job_id = fates.mail("10482")

    with serving.browser("viewer") as page:
        ways = {
            q: page.get("/jobs", params={"q": q}).headers.get("location")
            for q in (job_id, "10482", "#10482", "ada@example.com")
        }
        nothing = page.get("/jobs", params={"q": "77"})
        found = said(page.get(str(ways["ada@example.com"])))

    assert ways == {
        job_id: f"/jobs/{job_id}", "10482": "/orders/10482", "#10482": "/orders/10482",
        "ada@example.com": "/jobs?to=ada%40example.com",
    }  # fmt: skip
    assert "Nothing found for “77”" in said(nothing)
    assert job_id in found
    assert "Only to a***@e***.com" in found


def test_job_list_filters_by_its_url_and_goes_on_from_page_to_page(serving: Serving, fates: Fates) -> None:
    """In the words of the command line; each filter has a chip that takes it away."""
    dead = [fates.refused(fates.mail("7")) for _ in range(2)]
    for _ in range(51):
        fates.mail("8")

    with serving.browser("viewer") as page:
        one = page.get("/jobs?state=dead&code=550&since=&to=").text
        first = page.get("/jobs?order=8&template=test_message")
        after = re.search(r'rel="next" href="([^"]+)"', first.text)
        assert after is not None
        second = page.get(unescape(after[1]))

    assert all(job_id in one for job_id in dead)
    assert 'href="/jobs?code=550"' in one
    assert 'href="/jobs?state=dead"' in one
    assert (first.text.count('<tr role="row">'), second.text.count('<tr role="row">')) == (51, 2)


def test_job_list_says_beside_a_field_what_it_cannot_understand(serving: Serving) -> None:
    """And shows no jobs that nobody asked for."""
    with serving.browser("viewer") as page:
        answer = page.get("/jobs?since=whenever&attempts=many&queue=fax&state=lost&to=nobody@")

    text = said(answer)
    assert answer.status_code == 422
    assert "expected a time such as 2h" in text
    assert "expected a number of attempts" in text
    assert "no queue named 'fax'" in text
    assert answer.text.count('aria-invalid="true"') == 4


def test_chip_of_an_address_is_masked_however_it_is_written(serving: Serving) -> None:
    """Whoever looks over a shoulder reads no number."""
    with serving.browser("viewer") as page:
        shown = said(page.get("/jobs", params={"to": "+44 7700 900123"}))

    assert "Only to ***" in shown


def test_job_page_tells_what_became_of_it_and_hides_its_content(serving: Serving, fates: Fates) -> None:
    """The name and the data are not in the page; what they are called is."""
    job_id = fates.refused(fates.mail("10482", name="Ada Byron", note="Your parcel is late"))

    with serving.browser("viewer") as page:
        answer = page.get(f"/jobs/{job_id}")

    text = said(answer)
    assert "No The email was refused for good: no such recipient" in text
    assert "sendgrid refused it for good (550: no such recipient)" in text
    assert '"note": "•••"' in text
    assert "Byron" not in answer.text
    assert "parcel" not in answer.text
    assert "ada@" not in answer.text


def test_reveal_shows_the_content_and_is_audited(serving: Serving, fates: Fates) -> None:
    """By POST alone: its address asked for again leads back."""
    job_id = fates.refused(fates.mail("10482", name="Ada Byron", note="Your parcel is late"))

    with serving.browser("support") as page:
        proof = proof_of(page.get(f"/jobs/{job_id}"))
        revealed = said(page.post(f"/jobs/{job_id}/reveal", data={"proof": proof}))
        order = said(page.post("/orders/10482/reveal", data={"proof": proof}))
        again = page.get(f"/jobs/{job_id}/reveal")

    assert '"name": "Ada Byron"' in revealed
    assert "What it says as the templates are now" in revealed
    assert "Your parcel is late" in revealed
    assert "ada@example.com" in order
    assert (again.status_code, again.headers["location"]) == (303, f"/jobs/{job_id}")
    assert [(one["verb"], one["what"]) for one in audit_of(serving)] == [
        ("revealed", job_id), ("revealed", "order 10482"),
    ]  # fmt: skip


def test_job_is_retried_cancelled_and_purged_by_forms(serving: Serving, fates: Fates) -> None:
    """Each leads back with what came of it; the reason is kept."""
    first, second = fates.refused(fates.mail()), fates.refused(fates.mail())
    waiting = fates.mail(delay=timedelta(hours=1))

    with serving.browser("operator") as page:
        proof = proof_of(page.get(f"/jobs/{first}"))
        retried = page.post(f"/jobs/{first}/retry", data={"proof": proof, "reason": "mended", "lane": "high"})
        cancelled = page.post(f"/jobs/{waiting}/cancel", data={"proof": proof, "reason": "refunded"})
        untyped = page.post(f"/jobs/{second}/purge", data={"proof": proof, "confirm": "perge"})
        still = serving.app.inspector.job(second).state
        purged = page.post(f"/jobs/{second}/purge", data={"proof": proof, "confirm": "purge"})
        late = flash_of(page, page.post(f"/jobs/{first}/retry", data={"proof": proof}))

    states = [serving.app.inspector.job(job_id).state for job_id in (first, waiting)]
    assert states == [State.WAITING, State.CANCELLED]
    assert serving.app.inspector.job(first).lane.name == "HIGH"
    assert (retried.headers["location"], cancelled.headers["location"]) == (f"/jobs/{first}", f"/jobs/{waiting}")
    assert untyped.status_code == 303
    assert still is State.DEAD
    assert purged.headers["location"] == "/dead-letters"
    assert serving.app.inspector.stats("email").dlq == 0
    assert f"job {first} is waiting, not dead" in late
    assert [(one["verb"], one["why"]) for one in audit_of(serving)] == [
        ("retried", "mended"), ("cancelled", "refunded"), ("purged", ""),
    ]  # fmt: skip


def test_job_in_doubt_is_sent_again_only_where_that_is_ticked(serving: Serving, fates: Fates) -> None:
    """It may arrive twice: nobody does that unknowingly."""
    job_id = fates.held(fates.chat("10482"))

    with serving.browser("support") as page:
        shown = page.get(f"/jobs/{job_id}")
        proof = proof_of(shown)
        refused = flash_of(page, page.post(f"/jobs/{job_id}/retry", data={"proof": proof}))
        before = serving.app.inspector.job(job_id).state
        page.post(f"/jobs/{job_id}/retry", data={"proof": proof, "twice": "true"})

    assert "It may arrive twice" in said(shown)
    assert "may have arrived already" in refused
    assert before is State.DEAD
    assert serving.app.inspector.job(job_id).state is State.WAITING


def test_id_that_stands_for_another_job_leads_to_it(serving: Serving, fates: Fates) -> None:
    """As after an outage, when the same was asked for twice."""
    job_id = fates.mail()
    with serving.app.inspector.client as client:
        client.set("{notifyctl:email}:alias:given-away", job_id)

    with serving.browser("viewer") as page:
        answer = page.get("/jobs/given-away")
        told = flash_of(page, answer)

    assert answer.headers["location"] == f"/jobs/{job_id}"
    assert "given-away was given out while Redis was away" in told


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", set()),
        ("support", {"reveal", "retry", "cancel", "purge"}),
        ("operator", {"reveal", "retry", "cancel", "purge"}),
    ],
)
def test_role_decides_what_is_offered_and_what_is_refused(
    serving: Serving, fates: Fates, role: str, allowed: set[str]
) -> None:
    """What somebody may not do is not on the page, and a forged form changes nothing."""
    dead, waiting = fates.refused(fates.mail()), fates.mail(delay=timedelta(hours=1))
    targets = {"reveal": dead, "retry": dead, "purge": dead, "cancel": waiting}

    with serving.browser(role) as page:
        shown = page.get(f"/jobs/{dead}").text + page.get(f"/jobs/{waiting}").text
        proof = proof_of(page.get("/jobs"))
        offered = {verb for verb, job_id in targets.items() if f'action="/jobs/{job_id}/{verb}"' in shown}
        refused = {
            verb: page.post(f"/jobs/{job_id}/{verb}", data={"proof": proof, "confirm": "purge"}).status_code
            for verb, job_id in targets.items() if verb not in allowed
        }  # fmt: skip

    assert offered == allowed
    assert set(refused.values()) <= {403}
    assert [serving.app.inspector.job(job_id).state for job_id in (dead, waiting)] == [State.DEAD, State.DELAYED]
    assert audit_of(serving) == []


def test_form_without_the_sessions_proof_changes_nothing(serving: Serving, fates: Fates) -> None:
    """Nor does one from another site."""
    job_id = fates.refused(fates.mail())

    with serving.browser("operator") as page:
        proof = proof_of(page.get(f"/jobs/{job_id}"))
        answers = [
            page.post(f"/jobs/{job_id}/retry", data={}),
            page.post(f"/jobs/{job_id}/retry", data={"proof": "0" * len(proof)}),
            page.post(f"/jobs/{job_id}/retry", data={"proof": proof}, headers={"Origin": "https://shop.example.com"}),
        ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert serving.app.inspector.job(job_id).state is State.DEAD


def test_stored_markup_stays_text(serving: Serving, fates: Fates) -> None:
    """In an order's id, a name, an error: wherever it was let in."""
    evil = "<script>alert(1)</script>"
    job_id = fates.refused(fates.mail(evil, name="<b>Ada</b>", note=evil), error=evil)

    with serving.browser("support") as page:
        proof = proof_of(page.get("/jobs"))
        shown: list[httpx.Response] = [
            page.get("/jobs"), page.get(f"/jobs/{job_id}"), page.get("/jobs", params={"q": f"{evil}x"}),
            page.get("/jobs", params={"error": evil}), page.post(f"/jobs/{job_id}/reveal", data={"proof": proof}),
        ]  # fmt: skip
        order = page.get("/jobs", params={"q": evil}).headers["location"]
        shown.append(page.get(order))

    assert all(answer.status_code == 200 for answer in shown)
    assert not any(evil in answer.text or "<b>Ada" in answer.text for answer in shown)
    assert all("&lt;script&gt;" in answer.text for answer in shown)


def test_selected_jobs_are_cancelled_by_an_operator(serving: Serving, fates: Fates) -> None:
    """After a page that asks; what went meanwhile is told, and others are not offered it."""
    gone, *waiting = [fates.mail(str(number)) for number in range(3)]
    fates.sent(gone)

    with serving.browser("support") as page:
        offered = page.get("/jobs").text
        proof = proof_of(page.get("/jobs"))
        refused = page.post("/jobs/cancel", data={"proof": proof, "id": waiting})
    with serving.browser("operator") as page:
        nothing = flash_of(page, page.get("/jobs/cancel"))
        shown = page.get("/jobs")
        asked = page.get("/jobs/cancel", params={"id": [gone, *waiting]})
        sent = {"proof": proof_of(asked), "id": [gone, *waiting], "reason": "refunded"}
        told = flash_of(page, page.post("/jobs/cancel", data=sent))

    assert 'type="checkbox"' not in offered
    assert refused.status_code == 403
    assert "Nothing is selected" in nothing
    assert [f'value="{job_id}"' in shown.text for job_id in (gone, *waiting)] == [False, True, True]
    assert "1 of those that you selected went meanwhile" in said(asked)
    assert "Cancel 2 messages" in said(asked)
    assert told == "2 cancelled, 1 had gone meanwhile."
    assert {serving.app.inspector.job(job_id).state for job_id in waiting} == {State.CANCELLED}
    assert [one["why"] for one in audit_of(serving)] == ["refunded", "refunded"]


def test_a_filter_said_again_and_again_counts_once(serving: Serving) -> None:
    """Each would be looked up, and be a chip."""
    with serving.browser("viewer") as page:
        shown = page.get("/jobs?" + "&".join(["queue=email"] * 200))

    assert shown.text.count(": take this filter away") == 1
