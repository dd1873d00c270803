"""Mail addresses and rendering."""

from __future__ import annotations

import re
from typing import Any

import pytest

from notifyctl.channels.email import parse_address, render_email
from notifyctl.channels.mask import mask_address
from notifyctl.errors import InvalidInput, InvalidRecipient, RenderError
from notifyctl.notification import Channel, EmailPayload, Notification, Recipient
from notifyctl.templates.catalog import Catalog

ORDER: dict[str, Any] = {
    "customer_name": "Ada Lovelace",
    "order_number": "10482",
    "currency": "USD",
    "items": [{"name": "Linen shirt", "quantity": 2, "total": "18.00"}],
    "subtotal": "18.00",
    "discount": "2.00",
    "shipping": "10.00",
    "tax": "3.35",
    "total": "29.35",
    "payment": "cod",
    "payment_method": "Cash on delivery",
    "shipping_address": ["Ada Lovelace", "12 Example Road", "London", "GB"],
}


def rendered(data: dict[str, Any], **changes: Any) -> EmailPayload:
    """An order confirmation with these variables."""
    notification = Notification(Channel.EMAIL, Recipient("ada@example.com", "Ada Lovelace"), "order_confirmation", data)
    arguments: dict[str, Any] = {
        "job_id": "01jkq3mzt8w4x9ab",
        "created_at_ms": 1_700_000_000_000,
        "sender": "orders@shop.example.com",
        "sender_name": "Corner Shop",
        "reply_to": "help@shop.example.com",
        "shop": {"name": "Corner Shop"},
        "catalog": Catalog(),
    }
    return render_email(notification, **(arguments | changes))


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  ada@example.com ", "ada@example.com"),
        ("Ada.Love+Shop@EXAMPLE.Com", "Ada.Love+Shop@example.com"),
        ("ada@bücher.example.com", "ada@xn--bcher-kva.example.com"),
    ],
)
def test_address_comes_in_the_form_that_every_server_takes(typed: str, sent: str) -> None:
    """The domain is lower-cased and made ASCII; the local part is nobody's business."""
    assert parse_address(typed) == sent


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "ada@shop.test",
        "ada@example..com",
        "ada@-example.com",
        "ada..love@example.com",
        "ada@[127.0.0.1]",
        '"ada love"@example.com',
        "älice@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        "ada@example.com,bob@example.com",
        "ada@example.com;bob@example.com",
        "ada@example.com bob@example.com",
        "ada@example.com\r\nBcc: bob@example.com",
        "ada@example.com\n",
        "ada\x00@example.com",
        "ada@example.com\u2028",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 250 + ".com",
    ],
)
def test_address_is_refused_without_being_repeated(typed: str) -> None:
    """What is not one plain address is refused, and neither message nor chain holds it."""
    with pytest.raises(InvalidRecipient) as caught:
        parse_address(typed)

    told = f"{caught.value} {caught.value.hint}".replace("such as ada@example.com", "")
    assert "@example" not in told
    assert "älice" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@example.com", "a***@e***.com"),
        ("a@x.co.uk", "a***@x***.uk"),
        ("", "***"),
        ("ada", "***"),
        ("ada@example", "***"),
        ("@example.com", "***"),
    ],
)
def test_mask_shows_first_letters_and_ending(address: str, shown: str) -> None:
    """A masked address can be recognised and not be written to."""
    assert mask_address(address) == shown


def test_email_is_the_same_for_every_attempt() -> None:
    """The same job gives the same mail, Message-ID and date included."""
    first, second = rendered(ORDER), rendered(ORDER)

    assert first.message_id == "<01jkq3mzt8w4x9ab@shop.example.com>"
    assert all(getattr(first, name) == getattr(second, name) for name in EmailPayload.__slots__)
    assert (first.created_at_ms, first.category, first.to_name) == (
        1_700_000_000_000,
        "order_confirmation",
        "Ada Lovelace",
    )


@pytest.mark.parametrize("part", ["text", "html"])
def test_email_says_all_about_the_order_in_both_bodies(part: str) -> None:
    """Plain text and HTML give the same facts, in the right currency."""
    body = getattr(rendered(ORDER), part)

    for fact in (
        "Ada Lovelace",
        "10482",
        "Corner Shop",
        "Linen shirt",
        "$18.00",
        "-$2.00",
        "$10.00",
        "$3.35",
        "$29.35",
        "Cash on delivery",
        "12 Example Road",
    ):
        assert fact in body, fact


def test_email_asks_for_cash_only_when_it_is_owed() -> None:
    """Cash on delivery names the amount to have ready; a paid order says that nothing is owed."""
    cash, paid = rendered(ORDER), rendered(ORDER | {"payment": "paid"})

    assert "Please have $29.35 ready" in cash.text.replace("please", "Please")
    assert "Nothing more to pay" not in cash.html
    assert "Your payment of $29.35 has arrived" in paid.text
    assert "ready when your parcel" not in paid.text + paid.html


def test_email_does_without_what_is_not_there() -> None:
    """A shop that knows only name, number, items and total still gets a whole mail, and no 'None' in it."""
    least = {name: ORDER[name] for name in ("order_number", "currency", "items", "total")}

    mail = rendered(least | {"customer_name": None, "discount": None})

    assert mail.text.startswith("Hello,\n")
    assert ">Hello,</p>" in mail.html
    for absent in ("None", "Discount", "Subtotal", "Shipping address", "Payment:"):
        assert absent not in mail.text + mail.html


@pytest.mark.parametrize("missing", ["order_number", "currency", "items", "total"])
def test_email_names_the_variable_that_is_missing(missing: str) -> None:
    """A variable that the template needs is named, whether absent or null."""
    for data in ({k: v for k, v in ORDER.items() if k != missing}, ORDER | {missing: None}):
        with pytest.raises(RenderError, match=f"'{missing}' is undefined"):
            rendered(data)


MARKUP = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "{{ 7*7 }}", "&copy;"]


@pytest.mark.parametrize("hostile", MARKUP)
@pytest.mark.parametrize("field", ["customer_name", "order_number", "payment_method", "address", "item"])
def test_email_escapes_markup_in_every_field(field: str, hostile: str) -> None:
    """What a customer types is text: in HTML it is escaped, in plain text it stays as typed."""
    data = ORDER | {field: hostile}
    if field == "address":
        data = ORDER | {"shipping_address": [hostile]}
    if field == "item":
        data = ORDER | {"items": [{"name": hostile, "quantity": 1, "total": "1.00"}]}

    mail = rendered(data)

    assert hostile in mail.text
    assert all("<" + tag not in mail.html for tag in ("script", "img"))
    assert "onmouseover" not in re.sub(">[^<>]*<", "><", mail.html)
    assert "&copy;" not in mail.html
    assert "49" not in mail.text.replace(hostile, "")


@pytest.mark.parametrize("broken", ["1\r\nBcc: eve@example.com", "1\n2", "1\r2", "1\x002", "1\u20282", "1\x852"])
def test_email_refuses_a_line_break_that_lands_in_the_subject(broken: str) -> None:
    """A header can not be smuggled in through a variable."""
    with pytest.raises(InvalidInput, match="must be one line"):
        rendered(ORDER | {"order_number": broken})


def test_email_stays_below_the_size_that_mail_programs_cut() -> None:
    """A hundred items with the longest names and addresses fit into 102 kB: what is not shown is counted."""
    items = [{"name": "Größe & Farbe " * 20, "quantity": 10_000, "total": "123456.78"}] * 100
    data = ORDER | {"items": items, "more_items": 5, "shipping_address": ["x" * 200] * 8}

    mail = rendered(data)

    assert len(mail.html.encode()) < 102 * 1024
    assert "and 45 more items" in mail.html
    assert "and 45 more items" in mail.text


def test_email_links_only_to_the_web() -> None:
    """An order's address with another scheme is refused."""
    assert (
        'href="https://shop.example.com/o?a=1&amp;b=2"'
        in rendered(ORDER | {"order_url": "https://shop.example.com/o?a=1&b=2"}).html
    )
    with pytest.raises(RenderError, match="https://"):
        rendered(ORDER | {"order_url": "javascript:alert(1)"})


def test_email_shop_cannot_be_replaced_by_data() -> None:
    """A variable named shop does not speak for the shop."""
    assert "Evil" not in rendered(ORDER | {"shop": {"name": "Evil"}}).text


def test_test_message_needs_no_variables() -> None:
    """The test message can be sent without knowing any variable."""
    notification = Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {})

    mail = render_email(
        notification,
        job_id="j1",
        created_at_ms=0,
        sender="orders@example.com",
        sender_name="",
        reply_to="",
        shop={"name": "Corner Shop"},
        catalog=Catalog(),
    )

    assert mail.subject == "Test message from Corner Shop"
    assert "mail works" in mail.text
    assert "mail works" in mail.html
