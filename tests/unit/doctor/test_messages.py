"""Messages: each event has a template that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifyctl.doctor.finding import Status
from notifyctl.doctor.messages import check_templates
from notifyctl.settings import Settings


def test_templates_that_come_along_are_complete() -> None:
    """For every event, on both channels."""
    assert check_templates(Settings.load()).status is Status.OK


@pytest.mark.parametrize("channel", ["email", "whatsapp"])
def test_event_without_its_template_is_found(channel: str) -> None:
    """With the variable that names another one."""
    found = check_templates(Settings.load(messages={"shipped": {channel: "parcel_left"}}))

    assert found.status is Status.FAIL
    assert f"the event 'shipped' needs the {channel} template 'parcel_left'" in found.detail
    assert f"NOTIFYCTL_MESSAGE_SHIPPED_{channel.upper()}" in found.remedy


@pytest.mark.parametrize("file", ["whatsapp/mine.toml", "email/order_shipped/meta.toml"])
def test_file_that_cannot_be_read_is_found(file: str) -> None:
    """The shop's own folder goes first."""
    path = Path("templates") / file
    path.parent.mkdir(parents=True)
    path.write_text("= no TOML")

    found = check_templates(Settings.load(templates_dir=Path("templates").resolve()))

    assert found.status is Status.FAIL
    assert file in found.detail
    assert found.remedy


def test_template_that_does_not_come_out_is_found() -> None:
    """It is tried with made-up data; the command that tells all of it is named."""
    path = Path("templates/email/order_shipped/body.txt.j2")
    path.parent.mkdir(parents=True)
    path.write_text("{{ nobody_knows_this }}")

    found = check_templates(Settings.load(templates_dir=Path("templates").resolve()))

    assert found.status is Status.FAIL
    assert "order_shipped (email)" in found.detail
    assert "nobody_knows_this" in found.detail
    assert "notifyctl template check" in found.remedy


def test_text_that_is_not_translated_is_worth_a_look() -> None:
    """It is sent all the same, in English."""
    path = Path("templates/email/order_shipped/body.txt.j2")
    path.parent.mkdir(parents=True)
    path.write_text("{{ _('A text that nobody has translated') }}")

    found = check_templates(Settings.load(templates_dir=Path("templates").resolve()))

    assert found.status is Status.WARN
    assert "nobody has translated" in found.detail
