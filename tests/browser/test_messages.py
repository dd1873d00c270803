"""What people do about messages in a browser: find them, send them again, mend them, give them up."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from notifyctl.access import Role
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from tests.support.fates import Fates
from tests.support.pages import audit_of
from tests.support.shop_day import sending

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visits
    from tests.support.browsing import Visit
    from tests.support.serving import Serving

EVIL = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"


@pytest.fixture
def fates(serving: Serving) -> Fates:
    """Makes messages."""
    return Fates(serving.app)


def _number(page: Page, label: str) -> int:
    """The figure of this name on a replay's page."""
    text = page.locator("#progress .numbers > *", has_text=label).locator(".value").inner_text()
    return int(text.replace(",", ""))


def test_order_is_found_from_any_page(visit: Visit, fates: Fates) -> None:
    """Its number in the search box leads to the answer; its story names what each provider said."""
    fates.sent(fates.mail("10482"))
    fates.refused(fates.mail("10482"), error="mailbox is full")
    visit.sign_in(Role.SUPPORT)
    page = visit.open("/workers")

    page.get_by_role("searchbox").first.fill("10482")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Order 10482")).to_be_visible()
    expect(page.locator("#answer .word")).to_have_text("Not all")
    expect(page.locator("#answer")).to_contain_text("1 of 2 messages was accepted, 1 not sent.")
    expect(page.locator("#story")).to_contain_text("mailbox is full")
    page.get_by_role("link", name="Send again or edit").click()
    expect(page.get_by_role("button", name="Send again").first).to_be_visible()


def test_dead_letters_are_filtered_tried_out_and_sent_again_while_a_worker_runs(
    visit: Visit, serving: Serving, fates: Fates
) -> None:
    """From the cause to a replay that a worker carries out: the counts on the page and in Redis add up."""
    letters = [fates.refused(fates.mail(str(n)), "401", "the API key is not valid") for n in range(12)]
    other = fates.refused(fates.mail("77"))
    visit.sign_in()
    page = visit.open("/dead-letters")

    page.get_by_role("link", name="401").first.click()
    expect(page.locator(".active-filters")).to_contain_text("code 401")
    page.get_by_role("link", name="Send 12 again").click()
    expect(page.locator("#plan")).to_contain_text("Will go")
    assert serving.app.inspector.stats("email").dlq == 13
    page.get_by_label("No faster than").fill("40/s")
    page.get_by_label("Reason").fill("the key was renewed")
    page.get_by_role("button", name="Send 12 again").click()
    expect(page.locator("#progress")).to_contain_text("running")
    page.evaluate("window.sameDocument = true")
    with sending(serving, rate="off"):
        expect(page.locator("#progress h2").first).to_contain_text("done", timeout=20_000)

    assert page.evaluate("window.sameDocument") is True
    assert [_number(page, label) for label in ("Matched", "Sent again", "Skipped", "Failed", "Still to go")] == [
        12,
        12,
        0,
        0,
        0,
    ]
    (replay,) = serving.app.replays.list()
    assert (replay.state, replay.replayed, replay.why) == ("done", 12, "the key was renewed")
    assert {serving.app.inspector.job(job_id).replays for job_id in letters} == {1}
    assert serving.app.inspector.job(other).state is State.DEAD


def test_selected_letters_are_sent_again(visit: Visit, serving: Serving, fates: Fates) -> None:
    """Two are ticked, the page counts them, and only those go."""
    ids = [fates.refused(fates.mail(str(n))) for n in range(3)]
    visit.sign_in()
    page = visit.open("/dead-letters")

    page.get_by_label(f"Select {ids[0]}").check()
    page.get_by_label(f"Select {ids[2]}").check()
    expect(page.locator("[data-chosen]")).to_have_text("2 selected")
    page.get_by_role("button", name="Send selected again").click()
    page.get_by_role("button", name="Send 2 again").click()

    expect(page.get_by_role("status").first).to_contain_text("2 on the way again.")
    assert [serving.app.inspector.job(job_id).state for job_id in ids] == [State.WAITING, State.DEAD, State.WAITING]


def test_dead_letter_is_edited_and_sent_again(visit: Visit, serving: Serving, fates: Fates) -> None:
    """What is wrong is said beside its field; then it is mended, goes, and its story tells who did it."""
    job_id = fates.refused(fates.mail("10482", to="ada@exampel.com", note="Hello"))
    visit.sign_in(Role.SUPPORT)
    page = visit.open(f"/jobs/{job_id}")

    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Data of the template").fill('{"note": "Hello"')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Data of the template")).to_have_attribute("aria-invalid", "true")
    assert visit.grave_faults() == []
    assert serving.app.inspector.job(job_id).originals == []
    assert all("422" in text for text in visit.complaints)
    visit.complaints.clear()
    page.get_by_label("Data of the template").fill('{"note": "Hello again"}')
    page.get_by_label("To", exact=True).fill("ada@example.com")
    page.get_by_label("Reason").fill("a typo")
    page.get_by_role("button", name="Save and send again").click()

    expect(page.get_by_role("status").first).to_contain_text("Changed, and on its way again.")
    expect(page.locator("#story")).to_contain_text("a typo")
    job = serving.app.inspector.job(job_id)
    assert job.state is State.WAITING
    assert json.loads(job.payload)["to"] == "ada@example.com"
    assert len(job.originals) == 1


def test_purge_takes_the_number_typed(visit: Visit, serving: Serving, fates: Fates) -> None:
    """The button is shut until it is; then they are gone, from the page and from Redis."""
    for number in range(3):
        fates.refused(fates.mail(str(number)))
    visit.sign_in()
    page = visit.open("/dead-letters")

    page.get_by_role("link", name="Purge 3").click()
    button = page.get_by_role("button", name="Purge 3 for good")
    expect(button).to_be_disabled()
    page.get_by_label("Type 3 to go on").fill("3")
    page.get_by_label("Reason").fill("a rehearsal")
    button.click()

    expect(page.get_by_role("status").first).to_contain_text("3 gone for good.")
    expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()
    assert serving.app.inspector.stats("email").dlq == 0
    assert audit_of(serving)[-1]["why"] == "a rehearsal"


def test_job_is_cancelled_before_it_goes(visit: Visit, serving: Serving, fates: Fates) -> None:
    """With a reason, by somebody of support."""
    job_id = fates.mail("10482", delay=timedelta(hours=1))
    visit.sign_in(Role.SUPPORT)
    page = visit.open(f"/jobs/{job_id}")
    expect(page.locator("#answer")).to_contain_text("planned for later")

    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_label("Reason").fill("refunded")
    page.get_by_role("button", name="Cancel this message").click()

    expect(page.locator("#answer .word")).to_have_text("Withdrawn")
    assert serving.app.inspector.job(job_id).state is State.CANCELLED


def test_content_is_hidden_until_it_is_revealed(visit: Visit, serving: Serving, fates: Fates) -> None:
    """Nothing personal is in the page before; looking at it is in the audit log."""
    job_id = fates.refused(fates.mail("10482", name="Ada Byron", note="Your parcel is late"))
    visit.sign_in(Role.SUPPORT)
    page = visit.open(f"/jobs/{job_id}")
    assert "Byron" not in page.content()

    page.get_by_role("button", name="Reveal").click()

    expect(page.locator("#payload")).to_contain_text("Ada Byron")
    expect(page.locator("#facts")).to_contain_text("ada@example.com")
    assert [(one["verb"], one["what"]) for one in audit_of(serving)] == [("revealed", job_id)]
    page.get_by_role("link", name="Hide it").click()
    expect(page.locator("#payload")).not_to_contain_text("Ada Byron")


def test_job_page_follows_its_message(visit: Visit, serving: Serving, fates: Fates) -> None:
    """While a worker sends it, without a reload; an open panel is left alone."""
    job_id = fates.mail("10482")
    visit.sign_in()
    page = visit.open(f"/jobs/{job_id}")
    expect(page.locator("#answer .word")).to_have_text("Not yet")

    with sending(serving):
        expect(page.locator("#answer .word")).to_have_text("In the sandbox", timeout=20_000)

    expect(page.locator("#story")).to_contain_text("outbox accepted it")
    page.get_by_role("link", name="Read it in the outbox").click()
    expect(page.frame_locator("iframe").locator("body")).to_be_visible()


def test_stored_markup_does_nothing(visit: Visit, serving: Serving, fates: Fates) -> None:
    """In an order's id, a customer's name, their data, an error: it is text wherever it is shown."""
    job_id = fates.refused(fates.mail(EVIL, name=EVIL, note=EVIL), error=EVIL)
    visit.sign_in()

    for path in (
        "/jobs",
        "/dead-letters",
        f"/jobs/{job_id}",
        "/dead-letters/retry",
        "/dead-letters/purge",
        f"/jobs?q={job_id}",
    ):
        page = visit.open(path)
        expect(page.get_by_text("onerror").first).to_be_visible()
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("#payload")).to_contain_text("onerror")
    page.get_by_role("link", name="The whole order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("onerror")

    assert page.title() != "pwned"
    assert page.locator("img").count() == 0


def test_words_without_end_fit_on_a_phone(visits: Visits, serving: Serving, fates: Fates) -> None:
    """An order's id, an error or a reason of hundreds of letters makes no page scroll sideways."""
    word = "x" * 190
    job_id = fates.refused(fates.mail(word, name=word, note=word), word[:60], word)
    replay = serving.app.replays.start(JobFilter(error=word), by="anna", why=word)
    with visits(viewport={"width": 360, "height": 740}) as visit:
        visit.sign_in()
        pages = (
            "/jobs",
            f"/jobs?error={word}",
            f"/jobs/{job_id}",
            f"/orders/{word}",
            "/dead-letters",
            "/dead-letters/retry",
            f"/replays/{replay.replay_id}",
        )
        too_wide = []
        for path in pages:
            visit.open(path)
            too_wide += [path] if visit.overflow() else []

    assert too_wide == []


def test_keyboard_is_enough_to_send_a_letter_again(visit: Visit, serving: Serving, fates: Fates) -> None:
    """From the list to the panel, through its fields and on, with Tab, Enter and letters."""
    job_id = fates.refused(fates.mail("10482"))
    visit.sign_in()
    page = visit.open("/dead-letters")

    page.locator("a.main").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_be_visible()
    page.get_by_role("button", name="Send again").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Send it again?")).to_be_visible()
    for text in ("", "by keyboard"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")

    expect(page.locator("#story")).to_contain_text("by keyboard")
    assert serving.app.inspector.job(job_id).state is State.WAITING


def test_dead_letters_work_without_scripts(visits: Visits, serving: Serving, fates: Fates) -> None:
    """Filtering, selecting, the dry run, editing and purging take no JavaScript."""
    ids = [fates.refused(fates.mail(str(n), note="Hello")) for n in range(3)]
    with visits(java_script_enabled=False) as visit:
        visit.sign_in()
        page = visit.open("/dead-letters")
        page.get_by_role("textbox", name="Order", exact=True).fill("0")
        page.get_by_role("button", name="Filter").click()
        expect(page).to_have_url(re.compile("order=0"))
        page.get_by_label(f"Select {ids[0]}").check()
        page.get_by_role("button", name="Send selected again").click()
        page.get_by_role("button", name="Send 1 again").click()
        expect(page.get_by_role("status").first).to_contain_text("1 on the way again.")

        visit.open(f"/jobs/{ids[1]}")
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Data of the template").fill('{"note": "Hi"}')
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").first).to_contain_text("Changed.")

        visit.open(f"/jobs/{ids[2]}")
        page.get_by_role("button", name="Purge").first.click()
        page.get_by_label("Type purge").fill("purge")
        page.get_by_role("button", name="Purge for good").click()
        expect(page.get_by_role("status").first).to_contain_text("is gone for good")
        assert visit.complaints == []

    assert serving.app.inspector.job(ids[0]).state is State.WAITING
    assert json.loads(serving.app.inspector.job(ids[1]).payload)["data"] == {"note": "Hi"}
    assert serving.app.inspector.stats("email").dlq == 1
