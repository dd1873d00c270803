"""An amount and its currency as a customer reads them: the right decimals, symbol and separators, by CLDR.

Knows no template and no order.
"""

from __future__ import annotations

import re
from copy import copy
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from notifyctl.errors import RenderError
from notifyctl.templates.language import current, known_locale

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["decimals", "money"]

_NBSP: Final = "\u00a0"

#: ISO 4217's currencies without a minor unit. CLDR names more: those whose small coins are out of use. Where an
#: amount in one of these has such a part, it is shown.
_NO_DECIMALS: Final = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
})  # fmt: skip

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MAX_DIGITS: Final = 18

#: CLDR sets letters and digits apart (`currencySpacing`), which Babel leaves out.
_TOUCHING: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def decimals(currency: str) -> int:
    """Return how many decimals amounts in this ISO 4217 currency usually have."""
    from babel.numbers import get_currency_precision  # noqa: PLC0415 - only what writes an amount needs it

    return get_currency_precision(currency)


def money(amount: Decimal | float | str, currency: str, locale: str = "") -> str:
    """Return an amount as customers read it, such as ``$1,234.50``, ``1.234,50 €`` or ``¥1,200``.

    Args:
        amount: A number, or its text with a point: ``29.35``. Rounded half up to the currency's decimals.
        currency: ISO 4217 code in capitals.
        locale: BCP 47 tag; what suits the text that is being written by default. An unknown one reads as English.

    Raises:
        RenderError: If this is no amount or no currency code.
    """
    from babel.numbers import get_currency_precision  # noqa: PLC0415

    if not _CURRENCY.fullmatch(str(currency)):
        raise RenderError("a currency must be an ISO 4217 code in capitals, such as EUR")
    places = get_currency_precision(currency)
    value = _decimal(amount)
    if not places and currency not in _NO_DECIMALS and value != value.to_integral_value():
        places = 2
    value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return _written(value or abs(value), currency, places, _locale(locale))  # no minus before a zero


@lru_cache(10_000)
def _written(value: Decimal, currency: str, places: int, style: Locale) -> str:
    """Write an amount; one mail has the same ones in several places, and its shop many of the same."""
    pattern = copy(style.currency_formats["standard"])
    pattern.frac_prec = (places, places)
    text = pattern.apply(value, style, currency=currency, currency_digits=False)
    return _TOUCHING.sub(_NBSP, text)


def _locale(tag: str) -> Locale:
    found = known_locale(tag) or known_locale("en") if tag else current().money_locale
    assert found is not None  # noqa: S101 - Babel knows English
    return found


def _decimal(amount: Decimal | float | str) -> Decimal:
    """Return a finite decimal of a sane size; a float is read as it prints, which is as it was typed."""
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.adjusted() >= _MAX_DIGITS:
        raise RenderError("an amount must be a decimal number such as 29.35")
    return value
