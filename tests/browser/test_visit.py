"""What somebody does on the dashboard, in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from notifyctl.access import Role
from tests.support.shop_day import queue_mails, queue_orders, sending
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visits
    from tests.support.browsing import Visit
    from tests.support.serving import Serving


def _number(page: Page, label: str) -> int:
    """The figure of this name in the row at the top."""
    text = page.locator("#totals .numbers > *", has_text=label).locator(".value").inner_text()
    return int(text.replace(",", ""))


def test_visitor_signs_in_and_out(visit: Visit, serving: Serving) -> None:
    """A page asks for a token first, shows who is signed in, and is shut again after signing out."""
    token = serving.token(Role.VIEWER, name="anna")
    page = visit.open("/workers")
    expect(page).to_have_url(re.compile("/sign-in"))

    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Workers", level=1)).to_be_visible()
    expect(page.locator(".who")).to_contain_text("anna")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_wrong_token_is_told_on_the_page(visits: Visits) -> None:
    """A token that is none leads back to the sign-in page, which says so."""
    with visits() as visit:
        page = visit.open("/sign-in")
        page.get_by_label("Token").fill("ntf_0000000000000000_nothing")

        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Token")).to_be_focused()


def test_numbers_move_while_a_worker_runs(visit: Visit, serving: Serving) -> None:
    """What waits goes down and what was sent goes up without a reload, to what Redis says."""
    queue_mails(serving, *(f"anna{number}" for number in range(12)))
    visit.sign_in()
    page = visit.open("/")
    assert (_number(page, "Waiting"), _number(page, "Sent in 24 h")) == (12, 0)
    page.evaluate("window.sameDocument = true")

    with sending(serving, rate="off"):
        expect(page.locator("#totals .numbers > *", has_text="Sent in 24 h").locator(".value")).to_have_text("12")
        expect(page.locator("#workers")).to_contain_text("threads")

    assert _number(page, "Waiting") == 0
    assert serving.app.inspector.stats("email").completed == 12
    assert page.evaluate("window.sameDocument") is True


def test_queue_is_paused_and_resumed(visit: Visit, serving: Serving) -> None:
    """An operator pauses a queue with a reason, which the page and Redis then show, and lets it go on."""
    visit.sign_in()
    page = visit.open("/")
    card = page.locator("#queue-email")

    card.get_by_role("button", name="Pause").first.click()
    page.get_by_role("dialog", name="Pause email").get_by_label("Reason").fill("provider is down")
    page.get_by_role("button", name="Pause email").click()

    expect(page.get_by_role("status").first).to_contain_text("email is paused")
    expect(card).to_contain_text("provider is down")
    assert serving.app.inspector.stats("email").pause_reason == "provider is down"
    card.get_by_role("button", name="Resume").first.click()
    page.get_by_role("button", name="Resume email").click()
    expect(card.locator("h2 .chip")).to_have_text("running")
    assert not serving.app.inspector.stats("email").paused


def test_limit_is_set_live(visit: Visit, serving: Serving) -> None:
    """An operator limits a queue over all workers; a page that is refreshed does not close the panel under them."""
    visit.sign_in()
    page = visit.open("/")

    page.locator("#queue-email").get_by_role("button", name="Limit").click()
    dialog = page.get_by_role("dialog", name="Limit email")
    dialog.get_by_label("Rate").fill("3/s")
    with page.expect_response(lambda answer: "x-live" in answer.request.headers):
        pass
    dialog.get_by_label("At once").fill("2")
    page.get_by_role("button", name="Set the limits").click()

    expect(page.locator("#queue-email")).to_contain_text("3/s")
    stats = serving.app.inspector.stats("email")
    assert (stats.rate, stats.rate_origin, stats.max_active) == ("3/s", "redis", 2)


def test_viewer_has_no_levers(visit: Visit) -> None:
    """Somebody who may only look is shown no button that would be refused."""
    visit.sign_in(Role.VIEWER)

    page = visit.open("/")

    expect(page.locator("#queue-email")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_template_changes_while_one_types(visit: Visit) -> None:
    """The mail, its subject, its text and the chat message say what is typed, without a reload."""
    visit.sign_in()
    page = visit.open("/templates/order_confirmation")
    mail = page.frame_locator("#mail-frame")
    expect(mail.get_by_text("Hello Grace Okafor")).to_be_visible()
    page.evaluate("window.sameDocument = true")

    page.get_by_label("customer_name").fill("Ada <b>Lovelace</b>")
    page.get_by_label("order_number").fill("777")

    expect(mail.get_by_text("Hello Ada <b>Lovelace</b>")).to_be_visible()
    expect(page.locator("#mail-subject")).to_contain_text("777")
    expect(page.locator("#chat-text")).to_contain_text("Hello Ada <b>Lovelace</b>")
    assert page.evaluate("window.sameDocument") is True


def test_template_is_shown_in_other_languages_and_sizes(visits: Visits) -> None:
    """The same data in German, and on a narrow screen in dark colours."""
    with visits(color_scheme="null") as visit:  # else each frame is told what the page is told
        visit.sign_in()
        _see_template_in_german_narrow_and_dark(visit.open("/templates/order_shipped"))


def _see_template_in_german_narrow_and_dark(page: Page) -> None:
    frame = page.locator("#mail-frame")

    page.get_by_label("Language").select_option("de")

    expect(page.locator("#chat-text")).to_contain_text("Hallo")
    expect(page.frame_locator("#mail-frame").locator("html")).to_have_attribute("lang", "de")
    page.locator(".looks").get_by_text("Narrow").click()
    assert frame.evaluate("frame => frame.clientWidth") == 375
    page.locator(".looks").get_by_text("Dark").click()
    ground = page.frame_locator("#mail-frame").locator("body")
    expect(ground).to_have_css("background-color", "rgb(15, 16, 17)")


def test_template_says_what_is_wrong_with_the_data(visit: Visit) -> None:
    """Data that a template cannot use leads to a message, not to an error page."""
    visit.sign_in()
    page = visit.open("/templates/order_confirmation")

    page.get_by_label("total", exact=True).fill("a lot")

    expect(page.locator("#fault .notice")).to_be_visible()


def test_outbox_is_read_masked_until_revealed(visit: Visit, serving: Serving) -> None:
    """A mail's address is masked until an operator asks for it, which the audit log keeps."""
    queue_mails(serving, "anna")
    with sending(serving):
        wait_until(lambda: serving.app.inspector.stats("email").completed == 1, what="the mail to be sent")
    visit.sign_in()
    page = visit.open("/outbox")

    page.locator("a.main").click()
    expect(page.locator(".facts")).to_contain_text("a***@e***.com")
    page.get_by_role("button", name="Show addresses").click()

    expect(page.locator(".facts")).to_contain_text("anna@example.com")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("anna")


def test_colours_are_chosen_and_kept(visit: Visit) -> None:
    """Dark stays dark on the next page, whatever the system says."""
    visit.sign_in()
    page = visit.open("/")

    page.get_by_role("button", name="Dark").click()
    page.get_by_role("link", name="Workers", exact=True).click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(13, 15, 19)")


def test_keyboard_is_enough(visit: Visit, serving: Serving) -> None:
    """From the skip link to a paused queue with nothing but Tab, Enter and letters; Escape shuts a panel."""
    visit.sign_in()
    page = visit.open("/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    pause = page.locator("#queue-email").get_by_role("button", name="Pause").first
    for _ in range(30):
        page.keyboard.press("Tab")
        if pause.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Pause email")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Pause email")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")

    expect(page.locator("#queue-email")).to_contain_text("by keyboard")
    assert serving.app.inspector.stats("email").paused


def test_pages_work_without_scripts(visits: Visits, serving: Serving) -> None:
    """Signing in, pausing, previewing and signing out take no JavaScript."""
    token = serving.token(Role.OPERATOR)
    with visits(java_script_enabled=False) as visit:
        page = visit.open("/sign-in")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()

        page.locator("#queue-email").get_by_role("button", name="Pause").first.click()
        page.get_by_role("button", name="Pause email").click()
        expect(page.locator("#queue-email h2 .chip")).to_have_text("paused")

        visit.open("/templates/order_confirmation")
        page.get_by_label("customer_name").fill("Ada")
        page.get_by_role("button", name="Update").click()
        expect(page.frame_locator("#mail-frame").get_by_text("Hello Ada")).to_be_visible()
        expect(page.get_by_label("customer_name")).to_have_value("Ada")

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert visit.complaints == []


def test_live_page_keeps_focus(visit: Visit, serving: Serving) -> None:
    """A refresh that changes a region leaves the focus where it was."""
    visit.sign_in()
    page = visit.open("/")
    link = page.locator("#queue-email dl a").first
    link.focus()

    queue_orders(serving, 3)

    expect(link).to_have_text("3")
    expect(page.locator("#queue-email dl a").first).to_be_focused()


def test_live_page_leaves_what_is_marked(visit: Visit, serving: Serving) -> None:
    """Somebody who marks a text to copy it does not lose it to a refresh, which comes afterwards."""
    visit.sign_in()
    page = visit.open("/")
    heading = page.locator("#queue-email > header h2")
    heading.evaluate("heading => getSelection().selectAllChildren(heading)")
    queue_orders(serving, 3)

    with page.expect_response(lambda answer: "x-live" in answer.request.headers):
        pass
    assert "email" in page.evaluate("getSelection().toString()")
    expect(page.locator("#queue-whatsapp dl a").first).to_have_text("3")
    expect(page.locator("#queue-email dl a").first).to_have_text("0")

    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator("#queue-email dl a").first).to_have_text("3")
