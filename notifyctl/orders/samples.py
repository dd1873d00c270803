# ruff: noqa: RUF001 - names and products are spelt as in their languages
"""Made-up orders for trying things out: plausible, and nobody's.

Mail addresses are in the domains reserved for examples (RFC 2606). Phone numbers are reserved for fiction or never
assigned: the regulators of the United Kingdom (Ofcom), North America (555-01xx), France (Arcep) and Sweden (PTS)
set such ranges aside.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from notifyctl.clock import from_ms, now_ms
from notifyctl.orders.order import Item, Order, OrderEvent, Payment, Totals
from notifyctl.templates.money import decimals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.clock import Clock

__all__ = ["made_up_orders"]


class _Market(NamedTuple):
    """Customers of one place: names with the ASCII form for their address, and the amounts that are usual there."""

    people: tuple[tuple[str, str], ...]
    locale: str
    currency: str
    price: int
    street: str
    town: str
    country: str


_MARKETS: Final = (
    _Market(
        (("Ada Lovelace", "ada"), ("Grace Okafor", "grace.okafor"), ("Siân O'Neill", "sian.oneill")),
        "en-GB", "GBP", 18, "{} Example Road", "London EX1 1AA", "United Kingdom",
    ),
    _Market(
        (("Maria Garcia", "maria.garcia"), ("James Lee-Walker", "james"), ("Aaliyah Brown", "aaliyah")),
        "en-US", "USD", 22, "{} Sample Avenue", "Springfield, IL 62700", "United States",
    ),
    _Market(
        (("Zoë Müller", "zoe.mueller"), ("Jürgen Weiß", "j.weiss"), ("Ayşe Yılmaz", "ayse")),
        "de-DE", "EUR", 20, "Musterstraße {}", "12345 Musterstadt", "Deutschland",
    ),
    _Market(
        (("François Lefèvre", "francois"), ("Noémie D'Angelo", "noemie")),
        "fr-FR", "EUR", 21, "{} rue de l’Exemple", "75000 Paris", "France",
    ),
    _Market(
        (("佐藤 花子", "hanako"), ("鈴木 一郎", "ichiro")),
        "ja-JP", "JPY", 2800, "見本町 {}-1", "〒100-0000 東京都", "日本",
    ),
    _Market(
        (("فاطمة الأحمد", "fatima"), ("Yousef Al-Sabah", "yousef")),
        "en-KW", "KWD", 6, "Block 3, Sample Street {}", "Kuwait City", "Kuwait",
    ),
    _Market(
        (("João Conceição", "joao"), ("Beatriz de Souza", "bia.souza")),
        "pt-BR", "BRL", 95, "Rua Exemplo, {}", "01000-000 São Paulo", "Brasil",
    ),
    _Market(
        (("Ångström Lindqvist", "a.lindqvist"), ("Elsa Öberg", "elsa")),
        "sv-SE", "SEK", 210, "Exempelgatan {}", "123 45 Stockholm", "Sverige",
    ),
)  # fmt: skip

_PRODUCTS: Final = (
    "Linen shirt, white, size M",
    "Ceramic mug – sea green",
    "Notebook, dotted, A5",
    "Beeswax candle, set of 3",
    "Wool socks “Fjord”, 39–42",
    "Olive oil, 0.75 l",
    "Desk lamp & bulb",
    "Kids' raincoat, yellow",
)

_DOMAINS: Final = ("example.com", "example.net", "example.org")

#: What a reserved number starts with, and how many digits of it are free.
_RESERVED_NUMBERS: Final = (("+447700900", 3), ("+120255501", 2), ("+336399800", 2), ("+4670174061", 1))

_METHODS: Final = ("Credit card", "Direct bank transfer", "PayPal")


def made_up_orders(
    count: int,
    *,
    seed: int | None = None,
    cod_share: float = 0.5,
    shop: str = "test",
    clock: Clock = now_ms,
) -> Iterator[Order]:
    """Yield made-up orders, one by one: several languages and currencies, cash on delivery and paid ones.

    Args:
        count: How many.
        seed: The same seed gives the same orders, ids included; without one, ids differ from call to call.
        cod_share: How many of them are paid on delivery, from 0 to 1.
        shop: Which shop they belong to.
        clock: Tells when they were placed, which is just now.
    """
    dice = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    first = dice.randrange(10**8, 9 * 10**8)
    for position in range(count):
        yield _order(dice, str(first + position), shop=shop, cash=dice.random() < cod_share, placed_ms=clock())


def _order(dice: random.Random, number: str, *, shop: str, cash: bool, placed_ms: int) -> Order:
    market = dice.choice(_MARKETS)
    name, mailbox = dice.choice(market.people)
    prefix, free = dice.choice(_RESERVED_NUMBERS)
    items, totals = _goods(dice, market)
    placed_at = from_ms(placed_ms) - timedelta(seconds=dice.randrange(60))
    return Order(
        shop=shop,
        id=number,
        number=number,
        event=OrderEvent.PLACED,
        currency=market.currency,
        items=items,
        totals=totals,
        payment=Payment(
            method="Cash on delivery" if cash else dice.choice(_METHODS),
            cash_on_delivery=cash,
            paid=not cash,
            paid_at=None if cash else placed_at,
        ),
        customer_name=name,
        email=f"{mailbox}@{dice.choice(_DOMAINS)}",
        phone=f"{prefix}{dice.randrange(10**free):0{free}}",
        shipping_address=(name, market.street.format(dice.randrange(1, 100)), market.town, market.country),
        locale=market.locale,
        created_at=placed_at,
    )


def _goods(dice: random.Random, market: _Market) -> tuple[tuple[Item, ...], Totals]:
    """Return one to four rows, and totals that add up."""
    unit = Decimal(1).scaleb(-decimals(market.currency))
    items = []
    for product in dice.sample(_PRODUCTS, dice.randint(1, 4)):
        quantity = Decimal(dice.choice((1, 1, 1, 2, 3)))
        price = (market.price * Decimal(dice.randint(50, 250)) / 100).quantize(unit)
        items.append(Item(product, quantity, quantity * price))
    subtotal = sum((item.total for item in items), Decimal(0))
    discount = (subtotal / 10).quantize(unit) if dice.random() < 0.25 else Decimal(0)
    shipping = Decimal(0) if dice.random() < 0.3 else (Decimal(market.price) / 4).quantize(unit)
    totals = Totals(subtotal - discount + shipping, subtotal, discount, shipping, tax_included=True)
    return tuple(items), totals
