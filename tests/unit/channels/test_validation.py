"""The check before anything is queued."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notifyctl.channels import validation
from notifyctl.channels.validation import Prover, validate_notification
from notifyctl.errors import InvalidInput, InvalidRecipient, RenderError
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = Catalog()
DATA = {"customer_name": "Ada", "order_number": "1", "currency": "EUR", "total": "9.90", "items": []}
MAIL = Notification(Channel.EMAIL, Recipient("ada@example.com", "Ada"), "order_confirmation", DATA)
WHATSAPP = Notification(Channel.WHATSAPP, Recipient("+447700900123"), "order_confirmation", DATA)


@pytest.mark.parametrize(
    ("notification", "normal"),
    [
        (replace(MAIL, to=Recipient(" ada@EXAMPLE.com", " Ada ")), Recipient("ada@example.com", "Ada")),
        (replace(WHATSAPP, to=Recipient("+44 7700 900123")), Recipient("+447700900123")),
    ],
)
def test_validation_returns_the_address_in_normal_form(notification: Notification, normal: Recipient) -> None:
    """Two spellings of an address are one recipient from here on; nothing else changes."""
    checked = validate_notification(notification, CATALOG)

    assert checked.to == normal
    assert replace(checked, to=notification.to) == notification


@pytest.mark.parametrize(
    ("notification", "error"),
    [
        (replace(MAIL, to=Recipient("ada")), InvalidRecipient),
        (replace(MAIL, to=Recipient("ada@example.com", "Ada\r\nBcc: eve@example.com")), InvalidRecipient),
        (replace(MAIL, template="no_such"), RenderError),
        (replace(MAIL, data={}), RenderError),
        (replace(MAIL, data=DATA | {"order_number": "1\r\nX: y"}), InvalidInput),
        (replace(WHATSAPP, to=Recipient("ada@example.com")), InvalidRecipient),
        (replace(WHATSAPP, template="no_such"), RenderError),
        (replace(WHATSAPP, data={}), RenderError),
        (replace(WHATSAPP, data=DATA | {"order_number": "1\n2"}), RenderError),
    ],
)
def test_validation_refuses_what_could_not_be_sent(notification: Notification, error: type[InvalidInput]) -> None:
    """Each way to be unsendable is found before the notification is queued."""
    with pytest.raises(error):
        validate_notification(notification, CATALOG)


@pytest.mark.parametrize("notification", [MAIL, WHATSAPP])
def test_validation_lists_the_templates_that_exist(notification: Notification) -> None:
    """A misspelt template is answered with the names that are known."""
    with pytest.raises(RenderError, match="order_confirmatoin") as caught:
        validate_notification(replace(notification, template="order_confirmatoin"), CATALOG)

    assert "order_confirmation, order_delivered" in caught.value.hint


def test_national_number_is_read_with_the_region_of_the_shop() -> None:
    """A number without a country code belongs to the country that is configured."""
    notification = Notification(Channel.WHATSAPP, Recipient("07700 900123"), "test_message", {"note": "hello"})

    checked = validate_notification(notification, Catalog(), region="GB")

    assert checked.to.address == "+447700900123"


def test_prover_renders_one_of_a_shape_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another name or amount is not rendered again; what is of another shape is, and its fault is found each time."""
    rendered = []
    monkeypatch.setattr(validation, "prove", lambda given, *_, **__: rendered.append(given.data))
    prover = Prover(Catalog())

    for data in ({"total": "1"}, {"total": "2.50"}, {"total": "a b"}, {"total": "a\nb"}, {"total": "a\nb"}):
        prover.prove(Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", data))

    assert rendered == [{"total": "1"}, {"total": "a b"}, {"total": "a\nb"}, {"total": "a\nb"}]


def test_prover_refuses_each_that_cannot_be_filled_in() -> None:
    """A fault is not remembered as a proof."""
    prover = Prover(Catalog())
    broken = Notification(Channel.EMAIL, Recipient("ada@example.com"), "order_confirmation", {"total": "29.35"})

    for _ in range(2):
        with pytest.raises(RenderError):
            prover.prove(broken)


def test_prover_renders_each_where_the_shop_has_templates_of_its_own(tmp_path: Path) -> None:
    """They may do with a value what they like: here, one order number is refused."""
    folder = tmp_path / "email" / "picky"
    folder.mkdir(parents=True)
    (folder / "subject.txt.j2").write_text("{{ 1 // (order_number | int - 7) }}")
    (folder / "body.txt.j2").write_text("Hello")
    prover = Prover(Catalog(tmp_path))

    def told(number: str) -> Notification:
        return Notification(Channel.EMAIL, Recipient("ada@example.com"), "picky", {"order_number": number})

    prover.prove(told("8"))
    with pytest.raises(RenderError):
        prover.prove(told("7"))
