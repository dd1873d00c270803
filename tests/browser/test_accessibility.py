"""Every page, in light and dark, on a screen and on a phone: for whoever reads it, and however."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.search import JobFilter
from notifyctl.notification import Channel
from tests.support.fates import Fates
from tests.support.payloads import an_email
from tests.support.shop_day import queue_orders

if TYPE_CHECKING:
    from tests.browser.conftest import Visits
    from tests.support.serving import Serving

PAGES = (
    "/",
    "/jobs",
    "/jobs/{held}",
    "/orders/10482",
    "/dead-letters",
    "/dead-letters/retry",
    "/dead-letters/purge",
    "/replays",
    "/replays/{replay}",
    "/workers",
    "/providers",
    "/templates",
    "/templates/order_confirmation",
    "/outbox",
    "/outbox/{message}",
    "/audit",
    "/doctor",
    "/api",
    "/api",
    "/nowhere",
    "/sign-in",
)
#: One of each kind: figures, a list, a form, a story, a frame.
ON_A_PHONE = ("/", "/dead-letters", "/dead-letters/retry", "/orders/10482", "/templates/order_confirmation")


@pytest.fixture
def shop(serving: Serving) -> dict[str, str]:
    """A shop's day behind the pages: what waits, went out and died; a pause. Ids by what they are of."""
    fates = Fates(serving.app)
    mail = an_email(notification_id=fates.sent(fates.mail("10482", to="anna@example.com"), "outbox", "1.eml"))
    message = serving.app.outbox(Channel.EMAIL).send(mail).provider_id.removesuffix(".eml")
    dead, held = fates.refused(fates.mail("10482")), fates.held(fates.chat("10482"))
    replay = serving.app.replays.start(JobFilter(), by="anna", why="a rehearsal").replay_id
    serving.app.inspector.pause("whatsapp", reason="a very_long_word_" * 9)
    queue_orders(serving, 4)
    return {"message": message, "job": dead, "held": held, "replay": replay}


@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))], ids=["light", "dark"])
def test_pages_have_no_grave_fault(visits: Visits, shop: dict[str, str], scheme: str, rules: tuple[str, ...]) -> None:
    """axe-core finds nothing serious or critical, and the browser has nothing to complain of; dark differs in colours."""
    faults = {}
    with visits(color_scheme=scheme, viewport={"width": 1280, "height": 800}) as visit:
        visit.sign_in()
        for path in PAGES:
            visit.open(path.format(**shop))
            if found := visit.grave_faults(*rules):
                faults[path] = found
        complaints = [text for text in visit.complaints if "404" not in text]

    assert faults == {}
    assert complaints == []


def test_pages_fit_on_a_phone(visits: Visits, shop: dict[str, str]) -> None:
    """At 360 px nothing scrolls sideways, and axe-core finds nothing grave on pages of each kind."""
    too_wide, faults = {}, {}
    with visits(viewport={"width": 360, "height": 740}, device_scale_factor=2, is_mobile=True, has_touch=True) as visit:
        visit.sign_in()
        for path in PAGES:
            visit.open(path.format(**shop))
            if pixels := visit.overflow():
                too_wide[path] = pixels
            if path in ON_A_PHONE and (found := visit.grave_faults()):
                faults[path] = found

    assert too_wide == {}
    assert faults == {}
