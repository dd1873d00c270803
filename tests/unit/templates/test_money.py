"""Amounts as customers read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from notifyctl.errors import RenderError
from notifyctl.templates.money import money

NB, NNB = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("29.35", "USD", "$29.35"),
        ("2.000", "USD", "$2.00"),
        (Decimal("1234567.5"), "EUR", "€1,234,567.50"),
        (1200, "JPY", "¥1,200"),
        ("1200.00", "JPY", "¥1,200"),
        ("0.5", "KRW", "₩1"),
        ("1200.00", "RSD", f"RSD{NB}1,200"),
        ("1200.50", "RSD", f"RSD{NB}1,200.50"),
        ("1.5", "KWD", f"KWD{NB}1.500"),
        ("10", "CHF", f"CHF{NB}10.00"),
        ("10", "XYZ", f"XYZ{NB}10.00"),
        ("0", "GBP", "£0.00"),
        ("-5", "GBP", "-£5.00"),
        ("-0.001", "GBP", "£0.00"),
        ("2.005", "USD", "$2.01"),
        ("2.675", "USD", "$2.68"),
        (0.1, "USD", "$0.10"),
        (29.35, "USD", "$29.35"),
        ("1E+3", "USD", "$1,000.00"),
        ("999999999999999999", "USD", "$999,999,999,999,999,999.00"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: Any, currency: str, shown: str) -> None:
    """Rounded half up to as many decimals as the currency has; a code where no symbol is known."""
    assert money(amount, currency) == shown


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "€1,234.50"),
        ("en-GB", "€1,234.50"),
        ("de", f"1.234,50{NB}€"),
        ("de_DE", f"1.234,50{NB}€"),
        ("de-AT", f"€{NB}1.234,50"),
        ("de-CH", f"EUR{NB}1\u2019234.50"),
        ("fr", f"1{NNB}234,50{NB}€"),
        ("pl", f"1{NB}234,50{NB}€"),
        ("nl-BE", f"€{NB}1.234,50"),
        ("pt-BR", f"€{NB}1.234,50"),
        ("tr", "€1.234,50"),
        ("zh-Hant-TW", "€1,234.50"),
        ("es-XX", f"1.234,50{NB}€"),
        ("a-very-odd_tag-" + "x" * 99, "€1,234.50"),
        ("xx", "€1,234.50"),
        ("", "€1,234.50"),
    ],
)
def test_money_follows_the_locale(locale: str, shown: str) -> None:
    """Separators and the symbol's place are the language's; an unknown one reads as English."""
    assert money("1234.5", "EUR", locale) == shown


@pytest.mark.parametrize(
    "amount", ["", "29,35", "a lot", "NaN", "Infinity", float("nan"), True, None, [], "1e400000000", "1" * 19]
)
def test_money_refuses_what_is_no_amount(amount: Any) -> None:
    """What is not a number is an error that does not repeat it."""
    with pytest.raises(RenderError, match=r"such as 29\.35"):
        money(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "€", None])
def test_money_refuses_what_is_no_currency(currency: Any) -> None:
    """A currency is an ISO code, so that nobody reads the wrong dollars."""
    with pytest.raises(RenderError, match="ISO 4217"):
        money("1", currency)
