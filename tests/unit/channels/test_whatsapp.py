"""Phone numbers and WhatsApp rendering."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.channels.mask import mask_number
from notifyctl.channels.whatsapp import parse_number, render_whatsapp
from notifyctl.errors import InvalidRecipient, RenderError
from notifyctl.notification import Channel, Notification, Recipient, WhatsAppPayload
from notifyctl.templates.catalog import Catalog

SID = "HX" + "0" * 32
ORDER = {
    "customer_name": "Ada Lovelace",
    "order_number": "10482",
    "currency": "USD",
    "total": "29.35",
    "payment": "cod",
}


def rendered(data: dict[str, Any], **options: Any) -> WhatsAppPayload:
    """An order confirmation with these variables."""
    notification = Notification(Channel.WHATSAPP, Recipient("+447700900123"), "order_confirmation", data)
    return render_whatsapp(notification, job_id="j1", catalog=Catalog(), **options)


@pytest.mark.parametrize(
    ("typed", "region", "sent"),
    [
        ("+447700900123", None, "+447700900123"),
        ("+44 7700 900123", "US", "+447700900123"),
        ("+44 (0) 7700-900.123", None, "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("07700 900123", "gb", "+447700900123"),
        ("(212) 555-0142", "US", "+12125550142"),
        ("0033 6 39 98 00 12", "GB", "+33639980012"),
        ("+15005550006", None, "+15005550006"),
        ("tel:+15005550006", None, "+15005550006"),
        ("\uff0b15005550006", None, "+15005550006"),
        ("+\u0661\u0665\u0660\u0660\u0665\u0665\u0665\u0660\u0660\u0660\u0666", None, "+15005550006"),
        ("\u202a+44 7700 900123\u202c", None, "+447700900123"),
        ("\uff10\uff17\uff17\uff10\uff10\uff0d900123", "GB", "+447700900123"),
        ("030/1234567", "DE", "+49301234567"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
    ],
)
def test_number_comes_out_as_e164(typed: str, region: str | None, sent: str) -> None:
    """National and international ways to write a number lead to the same one."""
    assert parse_number(typed, region) == sent


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("", None),
        (" ", "GB"),
        ("07700 900123", None),
        ("07700 900123", "XX"),
        ("+", None),
        ("+44", None),
        ("+44770", None),
        ("+4477009001234567890", None),
        ("123123123", "CO"),
        ("555-5555", "US"),
        ("1-800-FLOWERS", "US"),
        ("+15005550006 ext 5", None),
        ("+15005550006x5", None),
        ("+15005550006;ext=5", None),
        ("whatsapp:+15005550006", None),
        ("+15005550006,+15005550007", None),
        ("+15005550006\n", None),
        ("030 1234567 / 0171 1234567", "DE"),
        ("0301234567 / 0171", "DE"),
        ("+999123456789", None),
    ],
)
def test_number_is_refused_without_being_repeated(typed: str, region: str | None) -> None:
    """Extensions, letters, lists and impossible lengths are refused; the number is not told."""
    with pytest.raises(InvalidRecipient) as caught:
        parse_number(typed, region)

    told = f"{caught.value} {caught.value.hint}".replace("+447700900123", "")
    assert not any(character.isdigit() for character in told)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+447700900123", "+44******23"),
        ("+15005550006", "+1******06"),
        ("07700900123", "***"),
        ("", "***"),
        ("+999123456789", "+******89"),
    ],
)
def test_mask_shows_country_and_last_digits(number: str, shown: str) -> None:
    """A masked number can be recognised and not be called."""
    assert mask_number(number) == shown


def test_message_fills_the_gaps_in_order() -> None:
    """Variables go by position, and the text is what the customer reads."""
    message = rendered(ORDER, content_sids={"order_confirmation": SID})

    assert message.variables == {
        "1": "Ada Lovelace",
        "2": "10482",
        "3": "$29.35",
        "4": "Please have the amount ready in cash when your parcel arrives.",
    }
    assert message.text.startswith("Hello Ada Lovelace, thank you for your order 10482. The total is $29.35.")
    assert (message.to, message.content_sid, message.category) == ("+447700900123", SID, "order_confirmation")


def test_message_without_content_sid_leaves_it_empty() -> None:
    """Where no template is approved yet, the payload says so."""
    assert rendered(ORDER).content_sid == ""


def test_message_is_put_together_in_one_pass() -> None:
    """A name that looks like a gap is not filled in again, and nothing is escaped."""
    message = rendered(ORDER | {"customer_name": "{{2}} <b>&"})

    assert message.variables["1"] == "{{2}} <b>&"
    assert message.text.startswith("Hello {{2}} <b>&, ")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("1\n2", "line break"),
        ("1\t2", "line break"),
        ("1\r2", "line break"),
        ("1\u20282", "line break"),
        ("1     2", "four blanks"),
        ("1 \u00a0 \u00a0 2", "four blanks"),
        ("9" * 1025, "characters"),
    ],
)
def test_message_variable_keeps_the_rules_of_whatsapp(value: str, fault: str) -> None:
    """What the provider would refuse is refused by us, and the error names the variable, not its value."""
    with pytest.raises(RenderError, match=fault) as caught:
        rendered(ORDER | {"order_number": value})

    if "characters" not in fault:
        assert "{{2}} (order_number)" in str(caught.value)
    assert "999" not in str(caught.value)


def test_message_takes_four_blanks_and_no_break_spaces() -> None:
    """The rules are not kept more strictly than they are written."""
    assert rendered(ORDER | {"order_number": "1    2\u00a03"}).variables["2"] == "1    2\u00a03"


@pytest.mark.parametrize("missing", ["order_number", "total", "currency"])
def test_message_names_the_variable_that_is_missing(missing: str) -> None:
    """A missing or null variable is named."""
    with pytest.raises(RenderError, match=f"'{missing}' is undefined"):
        rendered(ORDER | {missing: None})
