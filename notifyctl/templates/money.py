"""An amount and its currency as a customer reads them: the right decimals, symbol and separators.

A small table instead of CLDR: ISO 4217's exceptions to two decimals, the common symbols, and how each
language writes a number. What is not in it is written with the currency's code and English separators. Knows
no template and no order.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, NamedTuple

from notifyctl.errors import RenderError

__all__ = ["decimals", "money"]

_NBSP: Final = "\u00a0"
_NARROW_NBSP: Final = "\u202f"

#: ISO 4217 currencies whose minor unit is not a hundredth.
_NO_DECIMALS: Final = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
})  # fmt: skip
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

_SYMBOLS: Final = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NGN": "₦",
    "NZD": "NZ$",
    "PHP": "₱",
    "TRY": "₺",
    "UAH": "₴",
    "USD": "$",
    "VND": "₫",
}


class _Style(NamedTuple):
    """How a language writes an amount.

    Attributes:
        group: Between thousands.
        point: Before the decimals.
        symbol_last: Whether the currency follows the number; it is then set apart by a no-break space.
        spaced: Whether a symbol in front is set apart.
    """

    group: str
    point: str
    symbol_last: bool = False
    spaced: bool = False


_ENGLISH: Final = _Style(",", ".")
_POINTS: Final = _Style(".", ",", symbol_last=True)
_BLANKS: Final = _Style(_NBSP, ",", symbol_last=True)

_STYLES: Final = {
    **dict.fromkeys(("da", "de", "el", "es", "hr", "id", "it", "pt", "ro", "sl"), _POINTS),
    **dict.fromkeys(("bg", "cs", "et", "fi", "hu", "lt", "lv", "nb", "no", "pl", "ru", "sk", "sv", "uk"), _BLANKS),
    "fr": _Style(_NARROW_NBSP, ",", symbol_last=True),
    "nl": _Style(".", ",", spaced=True),
    "tr": _Style(".", ","),
    "de-at": _Style(_NBSP, ",", spaced=True),
    "de-ch": _Style("\u2019", ".", spaced=True),
    "es-mx": _ENGLISH,
    "fr-ch": _Style(_NARROW_NBSP, ".", symbol_last=True),
    "pt-br": _Style(".", ",", spaced=True),
}

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MAX_DIGITS: Final = 18


def decimals(currency: str) -> int:
    """Return how many decimals amounts in this ISO 4217 currency have."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def money(amount: Decimal | float | str, currency: str, locale: str = "en") -> str:
    """Return an amount as customers read it, such as ``$1,234.50``, ``1.234,50 €`` or ``¥1,200``.

    Args:
        amount: A number, or its text with a point: ``29.35``. Rounded half up to the currency's decimals.
        currency: ISO 4217 code in capitals.
        locale: BCP 47 tag; decides about separators and the symbol's place. An unknown one reads as English.

    Raises:
        RenderError: If this is no amount or no currency code.
    """
    if not _CURRENCY.fullmatch(str(currency)):
        raise RenderError("a currency must be an ISO 4217 code in capitals, such as EUR")
    places = decimals(currency)
    value = _decimal(amount).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)

    tag = locale.replace("_", "-").lower()
    style = _STYLES.get(tag) or _STYLES.get(tag.partition("-")[0]) or _ENGLISH
    number = f"{abs(value):,.{places}f}".translate({ord(","): style.group, ord("."): style.point})
    sign = "-" if value < 0 else ""

    symbol = _SYMBOLS.get(currency, currency)
    if style.symbol_last:
        return f"{sign}{number}{_NBSP}{symbol}"
    gap = _NBSP if style.spaced or symbol == currency else ""
    return f"{sign}{symbol}{gap}{number}"


def _decimal(amount: Decimal | float | str) -> Decimal:
    """Return a finite decimal of a sane size; a float is read as it prints, which is as it was typed."""
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.adjusted() >= _MAX_DIGITS:
        raise RenderError("an amount must be a decimal number such as 29.35")
    return value
