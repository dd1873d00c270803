"""Which listed message is ours: the templates that come with notifyctl are told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from notifyctl.channels.whatsapp import render_whatsapp
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.providers.twilio_search import matching
from notifyctl.templates.catalog import Catalog
from notifyctl.templates.samples import samples

if TYPE_CHECKING:
    from notifyctl.notification import WhatsAppPayload

BEGAN = datetime(2026, 11, 24, 12, tzinfo=UTC)
SENDER = "whatsapp:+15005550006"
CATALOG = Catalog()


def _payload(template: str, locale: str) -> WhatsAppPayload:
    """A template's message about one order."""
    data = {**samples(CATALOG, template)["full"], "customer_name": "Ada", "order_number": "10482"}
    asked = Notification(Channel.WHATSAPP, Recipient("+15005550009"), template, data, locale=locale)
    return render_whatsapp(asked, job_id=template, catalog=CATALOG)


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("template", CATALOG.whatsapp_names())
def test_matching_takes_no_other_template_of_the_same_order_for_it(template: str, locale: str) -> None:
    """Each of the others, alone in the list; and its own."""

    def found(other: str) -> bool:
        listed = SimpleNamespace(
            body=_payload(other, locale).text, from_=SENDER, date_created=BEGAN, status="delivered", sid="SM1"
        )
        began_ms = round(BEGAN.timestamp() * 1000)
        ours = _payload(template, locale)
        return matching([listed], ours, since_ms=began_ms, sender=SENDER, messaging_service_sid="") is listed

    assert [other for other in CATALOG.whatsapp_names() if found(other)] == [template]
