"""The table of what each event sends."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from notifyctl.errors import ConfigError
from notifyctl.notification import Channel
from notifyctl.settings import Settings

EVENTS = ("placed", "paid", "shipped", "delivered", "cancelled", "refunded")
ROOT = Path(__file__).parents[2]


def test_every_event_has_a_rule_on_every_channel() -> None:
    """Confirmations and cancellations are urgent; cash that has arrived is told of by mail alone."""
    messages = Settings.load().messages

    rules = {(event, channel): messages.rule(event, channel) for event in EVENTS for channel in Channel}

    assert {key for key, rule in rules.items() if not rule.template} == {("paid", "whatsapp")}
    assert {event for (event, _), rule in rules.items() if rule.priority == "high"} == {"placed", "cancelled"}
    assert all(rule.delay == timedelta(0) and rule.expires is None for rule in rules.values())


def test_rule_is_written_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does not say is as it was; it reads back as it is shown."""
    monkeypatch.setenv("NOTIFYCTL_MESSAGE_SHIPPED_EMAIL", "my_parcel priority=low delay=10m expires=3d")
    monkeypatch.setenv("NOTIFYCTL_MESSAGE_SHIPPED_WHATSAPP", "delay=1h")
    monkeypatch.setenv("NOTIFYCTL_MESSAGE_PLACED_WHATSAPP", "off")

    messages = Settings.load().messages

    assert str(messages.shipped.email) == "my_parcel priority=low delay=10m expires=3d"
    assert str(messages.shipped.whatsapp) == "order_shipped priority=normal delay=1h"
    assert str(messages.placed.whatsapp) == "off"
    assert str(messages.placed.email) == "order_confirmation priority=high"


def test_rule_may_be_a_table_of_the_file() -> None:
    """Or a line there."""
    Path("notifyctl.toml").write_text(
        '[messages]\nrefunded.email = {template = "money_back", expires = "2d"}\ndelivered.whatsapp = "off"\n'
        '[orders]\ncod_methods = ["Nachnahme", "a, b"]\nconfirm_authorized = true\n',
        encoding="utf-8",
    )

    settings = Settings.load()

    assert str(settings.messages.refunded.email) == "money_back priority=normal expires=2d"
    assert str(settings.messages.delivered.whatsapp) == "off"
    assert settings.orders.cod_methods == ("Nachnahme", "a, b")
    assert settings.orders.confirm_authorized


def test_language_of_orders_is_a_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """As browsers or as PHP write it."""
    monkeypatch.setenv("NOTIFYCTL_ORDER_LOCALE", "pt_BR")
    assert Settings.load().orders.locale == "pt-BR"

    monkeypatch.setenv("NOTIFYCTL_ORDER_LOCALE", "German, please")
    with pytest.raises(ConfigError, match="NOTIFYCTL_ORDER_LOCALE: expected a language tag"):
        Settings.load()


def test_cash_methods_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a variable."""
    monkeypatch.setenv("NOTIFYCTL_COD_METHODS", "Nachnahme, Pay on arrival,,")

    assert Settings.load().orders.cod_methods == ("Nachnahme", "Pay on arrival")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Order Shipped", "expected off, or a template with options"),
        ("../secret", "expected a template's name"),
        ("order_shipped priority=urgent", "expected a priority of high, normal, low"),
        ("order_shipped delay=soon", "delay: expected a duration"),
        ("order_shipped expires=0s", "expires: expected a duration of more than 0s"),
        ("order_shipped colour=red", "expected off, or a template with options"),
        ("order_shipped off", "expected off, or a template with options"),
    ],
)
def test_wrong_rule_is_told_by_its_setting(value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name that the user wrote, in the environment and in the file."""
    Path("notifyctl.toml").write_text("[messages]\nplaced.email = 5\n", encoding="utf-8")
    monkeypatch.setenv("NOTIFYCTL_MESSAGE_SHIPPED_EMAIL", value)

    with pytest.raises(ConfigError) as caught:
        Settings.load()

    faults = str(caught.value).split("; ")
    assert any(fault.startswith(f"NOTIFYCTL_MESSAGE_SHIPPED_EMAIL: {message}") for fault in faults)
    assert any(fault.startswith("messages.placed.email in notifyctl.toml: expected off") for fault in faults)


def test_documented_rules_are_the_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `.env.example` shows for each event is what holds without it."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = re.findall(r"^#(NOTIFYCTL_MESSAGE_\w+)=(.+)$", text, re.MULTILINE)
    default = Settings.load().messages
    assert len(shown) == 12

    for name, value in shown:
        monkeypatch.setenv(name, value)

    assert Settings.load().messages == default
